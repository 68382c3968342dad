#!/usr/bin/env python3
"""Time to the first token of a prompt of the 1B model: computed, restored from main memory after another prompt drove it out of the engine, and
restored from files by a node that was started again. A prompt is whole blocks and one token, which is always computed.

Needs what the other benchmarks need; Linux."""

import argparse
import json
import random
import tempfile
import time
import urllib.request

from servers import HOST, Answer, conditions, in_page_cache, median, prepare, sampo

BLOCK = 32


def stats(server):
    with urllib.request.urlopen(f"http://{HOST}:{server.port}/stats", timeout=30) as answer:
        return json.load(answer)


def await_blocks(server, tier, count, seconds=120):
    """Until a tier has so many blocks and the engine can take them."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        now = stats(server)
        if now["kv"][tier]["blocks"] >= count and "kv_block_tokens" in now["replicas"][0]:
            return
        time.sleep(0.05)
    raise SystemExit(f"{tier} does not have {count} blocks: {now}")


def prompt(tokens, seed):
    choose = random.Random(seed)
    return [choose.randrange(1000, 100_000) for _ in range(tokens + 1)]


def first_token(server, ids, what, cached):
    answer = Answer(server, ids, 4)
    if not cached[0] <= answer.cached <= cached[1]:
        raise SystemExit(f"{what}: {answer.cached} cached tokens, which should be {cached[0]} to {cached[1]}")
    print(f"  {what:34} {1000 * answer.first:9.1f} ms, {answer.cached} of {answer.prompt_tokens} tokens cached", flush=True)
    return answer.first


def trial(folder, model, tokens, repeats, words):
    blocks = tokens // BLOCK
    computed, host, disk = [], [], []
    with tempfile.TemporaryDirectory(prefix="sampo-restore-") as data:
        flags = [model, "--parallel", 1, "--ctx-size", tokens + 64, "--threads", 2, "--kv-ram", "4G", "--kv-disk", "8G", "--data-dir", data, *words]
        with sampo(folder, *flags) as server:
            server.await_ready()
            await_blocks(server, "host", 0)
            for seed in range(2):
                computed.append(first_token(server, prompt(tokens, seed), "computed", (0, BLOCK)))
                await_blocks(server, "disk", blocks * (seed + 1))
            for turn in range(repeats):
                host.append(first_token(server, prompt(tokens, turn % 2), "restored from main memory", (tokens, tokens)))
            kv = stats(server)["kv"]
        for _ in range(repeats):
            with sampo(folder, *flags) as server:
                server.await_ready()
                await_blocks(server, "disk", 2 * blocks)
                disk.append(first_token(server, prompt(tokens, 0), "restored from files, after a start", (tokens, tokens)))
    print(f"  {tokens} tokens: computed {median(computed):.2f} s; main memory {median(host) * 1000:.0f} ms, {median(computed) / median(host):.0f} times faster; "
          f"files {median(disk) * 1000:.0f} ms, {median(computed) / median(disk):.0f} times faster")
    print(f"  restores: {json.dumps(kv['restores'])}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tokens", type=int, nargs="*", default=[2048, 8192], help="whole blocks of 32")
    parser.add_argument("--repeats", type=int, default=4, help="restores of each kind")
    parser.add_argument("words", nargs="*", metavar="-- FLAG …", help="further flags of 'sampo serve'")
    given = parser.parse_args()
    folder, model = prepare()
    in_page_cache(model)
    conditions()
    for tokens in given.tokens:
        trial(folder, model, tokens, given.repeats, given.words)


if __name__ == "__main__":
    main()
