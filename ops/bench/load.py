#!/usr/bin/env python3
"""Many clients, different prompts (16 clients, 32 prompts of 100 words, 48 tokens each): Sampo beside llama-server with as many slots, alternating rounds."""

import argparse
import random
import time
from concurrent.futures import ThreadPoolExecutor

from servers import Answer, conditions, in_page_cache, llama_server, median, percentile, prepare, prepare_fast_starts, sampo

CONTEXT = 512


def prompts(asked, seed):
    seeded = random.Random(seed)
    words = "time house river little green bird stone happy under story night walked found again door window".split()
    return [" ".join(seeded.choices(words, k=asked.words)) for _ in range(asked.prompts)]


def one_round(server, asked, seed):
    """Tokens per second of all, median seconds to the first token, 99th percentile of the gaps in ms."""
    began = time.monotonic()
    with ThreadPoolExecutor(asked.clients) as clients:
        answers = list(clients.map(lambda prompt: Answer(server, prompt, asked.tokens), prompts(asked, seed)))
    seconds = time.monotonic() - began
    gaps = [gap for answer in answers for gap in answer.gaps]
    return sum(answer.tokens for answer in answers) / seconds, median([answer.first for answer in answers]), 1000 * percentile(gaps, 0.99)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    for name, usual in {"rounds": 3, "clients": 16, "prompts": 32, "words": 100, "tokens": 48}.items():
        parser.add_argument(f"--{name}", type=int, default=usual, help=f"default {usual}")
    asked = parser.parse_args()
    folder, model = prepare()
    prepare_fast_starts(folder)
    in_page_cache(model)
    conditions()
    with sampo(folder, model, "--threads", "2", "--ctx-size", CONTEXT, "--parallel", asked.clients) as ours, \
            llama_server(folder, model, "--threads", "2", "--ctx-size", CONTEXT * asked.clients, "--parallel", asked.clients) as theirs:
        results = {server.await_ready(): [] for server in (ours, theirs)}
        for seed in range(asked.rounds):
            for server, figures in results.items():
                figures.append(one_round(server, asked, seed))
                print(f"  {server.name}: %.1f tok/s, first token %.2f s, gap p99 %.0f ms" % figures[-1], flush=True)
    middle = [[median(column) for column in zip(*figures)] for figures in results.values()]
    for name, our, their in zip(["tok/s", "s to the first token, median", "ms between tokens, p99"], *middle):
        print(f"{name}: Sampo {our:.2f}, llama-server {their:.2f}, ratio {our / their:.2f}")


if __name__ == "__main__":
    main()
