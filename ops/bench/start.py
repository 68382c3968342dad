#!/usr/bin/env python3
"""From the start of the process to the first streamed token, model file in the page cache: Sampo beside llama-server, alternating."""

import argparse
import contextlib
import http.client
import re
import time

from servers import Answer, Refused, await_quiet, conditions, in_page_cache, llama_server, median, prepare, prepare_fast_starts, sampo

PAUSE = 0.005


def first_token(server):
    """Seconds from fork to the first text at a client that tries every few milliseconds."""
    while server.process.poll() is None and time.monotonic() < server.started + 60:
        with contextlib.suppress(OSError, http.client.HTTPException, Refused):
            return Answer(server, "Once upon a time", 4).times[0] - server.started
        time.sleep(PAUSE)
    raise SystemExit(f"{server.name} gave no token:\n{server.log()[-2000:]}")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds
    folder, model = prepare()
    prepare_fast_starts(folder)
    in_page_cache(model)
    conditions()
    same = ["--threads", "2", "--ctx-size", "4096", "--parallel", "1"]
    starts = {
        "Sampo, 1B": lambda: sampo(folder, model, *same, kernels="auto"),
        "Sampo with llama.cpp's kernels, 1B": lambda: sampo(folder, model, *same),
        "llama-server, 1B": lambda: llama_server(folder, model, *same),
        "Sampo, stories15m": lambda: sampo(folder, "stories15m"),
    }
    times, breakdowns = {name: [] for name in starts}, {}
    for turn in range(rounds + 1):
        quiet = await_quiet()
        for name, start in starts.items():
            with start() as server:
                seconds = first_token(server)
                time.sleep(0.3)
                told = re.search(r"started +(in .*)", server.log())
            if turn > 0:  # the first round warms the page cache
                times[name].append(seconds)
                breakdowns[seconds] = told.group(1) if told else ""
        print("  " + (", ".join(f"{name} {seconds[-1]:.2f} s" for name, seconds in times.items()) if turn else "(warm-up done)")
              + ("" if quiet else "; machine busy with other things"), flush=True)
    for name, seconds in times.items():
        middle = sorted(seconds)[len(seconds) // 2]
        print(f"{name}: {median(seconds):.2f} s to the first token ({min(seconds):.2f} to {max(seconds):.2f}, {rounds} rounds)")
        if breakdowns[middle]:
            print(f"  its own account of that run: {breakdowns[middle]}")
    print(f"ratio Sampo / llama-server, 1B: {median(times['Sampo, 1B']) / median(times['llama-server, 1B']):.2f}")


if __name__ == "__main__":
    main()
