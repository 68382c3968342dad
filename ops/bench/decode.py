#!/usr/bin/env python3
"""Decode of one stream, greedy, 2 threads: Sampo through HTTP beside llama-bench on the same library, in alternating pairs.

Also the prefill of 512 tokens, and the CPU time that Sampo spends per token outside its engine's threads.
"""

import argparse
import json
import random
import re
import subprocess
import time

from servers import Answer, await_quiet, conditions, in_page_cache, median, prepare, prepare_fast_starts, sampo, thread_seconds

PROMPT = "Once upon a time there was a little"


def llama_bench(folder, model, prompt, tokens):
    command = [folder / "peer/bin/llama-bench", "-m", model, "-t", "2", "-p", str(prompt), "-n", str(tokens), "-r", "1", "-o", "json"]
    output = subprocess.run(command, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout
    return json.loads(output)[0]["avg_ts"]


def pairs(what, count, sampo_rate, bench_rate):
    """Runs both alternately, each first every other time, and prints the median of the ratios."""
    ours, theirs = [], []
    for pair in range(count):
        quiet = await_quiet()
        for rate, rates in [(sampo_rate, ours), (bench_rate, theirs)][:: 1 if pair % 2 == 0 else -1]:
            rates.append(rate())
        print(f"  pair {pair + 1}: Sampo {ours[-1]:.2f}, llama-bench {theirs[-1]:.2f} tok/s, ratio {ours[-1] / theirs[-1]:.3f}"
              + ("" if quiet else "; machine busy with other things"), flush=True)
    ratios = [our / their for our, their in zip(ours, theirs)]
    print(f"{what}: Sampo {median(ours):.2f}, llama-bench {median(theirs):.2f} tok/s (medians); ratio {median(ratios):.3f}"
          f" (median of {count}; {min(ratios):.3f} to {max(ratios):.3f})", flush=True)


def spent(before, after):
    """CPU seconds of each group of threads between two readings; a group is a name without its number."""
    groups = {}
    for thread, (name, seconds) in after.items():
        group = re.sub(r"[-#\d. ]+$", "", name)
        groups[group] = groups.get(group, 0) + seconds - before.get(thread, (name, 0))[1]
    return groups


def cost(what, server, answers, tokens):
    """CPU microseconds per token of every group of threads, the engine's apart; and what runs when nobody asks."""
    for _ in range(2):
        Answer(server, PROMPT, tokens)
    resting = thread_seconds(server.pid)
    time.sleep(5)
    before, client, clock = thread_seconds(server.pid), time.process_time(), time.monotonic()
    produced = sum(Answer(server, PROMPT, tokens).tokens for _ in range(answers))
    client, clock = time.process_time() - client, time.monotonic() - clock
    micros = {group: 1e6 * seconds / produced for group, seconds in spent(before, thread_seconds(server.pid)).items()}
    engine = sum(value for group, value in micros.items() if group.startswith("engine-"))
    rest = {group: value for group, value in micros.items() if not group.startswith("engine-")}
    idle = sum(spent(resting, before).values()) / 5
    print(f"CPU per token, {what}, {answers} answers of {tokens} tokens: {sum(rest.values()):.0f} us outside the engine's threads"
          f" (engine's threads {engine:.0f} us, this client {1e6 * client / produced:.0f} us, {produced / clock:.1f} tok/s)")
    print(f"  of it {1e6 * idle * clock / produced:.0f} us would be spent without any request: an idle node takes {1000 * idle:.1f} ms CPU each second")
    for group, value in sorted(rest.items(), key=lambda item: -item[1])[:8]:
        print(f"  {value:7.1f} us  {group}")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=5)
    count = parser.parse_args().pairs
    folder, model = prepare()
    prepare_fast_starts(folder)
    in_page_cache(model)
    conditions()
    seeded = random.Random(1)
    with sampo(folder, model, "--threads", "2", "--ctx-size", "2048", "--parallel", "1") as server:
        server.await_ready()
        Answer(server, PROMPT, 32)
        pairs("decode of 128 tokens", count, lambda: Answer(server, PROMPT, 128).rate, lambda: llama_bench(folder, model, 0, 128))
        prompt = lambda: [seeded.randrange(1000, 100_000) for _ in range(512)]
        pairs("prefill of 512 tokens", count, lambda: 512 / Answer(server, prompt(), 1).first, lambda: llama_bench(folder, model, 512, 0))
        cost("1B", server, 2, 400)
    with sampo(folder, "stories15m", "--threads", "2") as server:
        server.await_ready()
        cost("stories15m", server, 30, 200)


if __name__ == "__main__":
    main()
