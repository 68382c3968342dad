#!/usr/bin/env python3
"""Resident memory of Sampo beside llama-server: same model, context and slots; after one request and after many."""

import argparse
import random
from concurrent.futures import ThreadPoolExecutor

from servers import Answer, conditions, in_page_cache, llama_server, memory, prepare, prepare_fast_starts, sampo

SLOTS, CONTEXT = 4, 2048


def prompts(count):
    seeded = random.Random(2)
    words = "time house river little green bird stone happy under story night walked found again door".split()
    return [" ".join(seeded.choices(words, k=20)) for _ in range(count)]


def measure(server, requests):
    with server:
        server.await_ready()
        Answer(server, "Once upon a time", 16)
        after = [memory(server.pid)]
        with ThreadPoolExecutor(SLOTS) as clients:
            list(clients.map(lambda prompt: Answer(server, prompt, 8), prompts(requests)))
        return after + [memory(server.pid)]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=200)
    requests = parser.parse_args().requests
    folder, model = prepare()
    prepare_fast_starts(folder)
    in_page_cache(model)
    conditions()
    # Sampo counts the context per sequence, llama-server for all; its cache of old prompts is off, as Sampo has none.
    ours = measure(sampo(folder, model, "--threads", "2", "--ctx-size", CONTEXT, "--parallel", SLOTS, kernels="auto"), requests)
    theirs = measure(
        llama_server(folder, model, "--threads", "2", "--ctx-size", CONTEXT * SLOTS, "--parallel", SLOTS, "--cache-ram", "0"), requests)
    print(f"1B, {SLOTS} slots of {CONTEXT} tokens; MB    Sampo   llama-server   difference")
    for when, our, their in zip(["after 1 request", f"after {requests} requests"], ours, theirs):
        for kind in our:
            print(f"  {when:20} {kind:9} {our[kind]:9.0f} {their[kind]:12.0f} {our[kind] - their[kind]:+12.0f}")


if __name__ == "__main__":
    main()
