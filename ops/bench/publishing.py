#!/usr/bin/env python3
"""Gaps between the tokens of a running stream of the 1B model while other prompts' KV is taken out of the engine, beside the same without: two
Sampos, one that keeps KV beside its engine (--kv-ram) and one that does not, get the same requests, one after the other, in turns.

Beside the stream a client asks for prompts of 512 words, each other than all before it, one token each; every one of them is published where that is on."""

import argparse
import contextlib
import random
import threading
import time

from servers import Answer, Refused, conditions, in_page_cache, median, percentile, prepare, sampo


class Neighbour(threading.Thread):
    """Asks for new prompts until it is told to stop."""

    def __init__(self, server, tokens, pause, choose):
        super().__init__()
        self.server, self.tokens, self.pause, self.choose = server, tokens, pause, choose
        self.stopped, self.prompts = threading.Event(), 0

    def run(self):
        while not self.stopped.wait(self.pause):
            with contextlib.suppress(Refused):
                Answer(self.server, [self.choose.randrange(1000, 100_000) for _ in range(self.tokens)], 1)
                self.prompts += 1


def gaps(server, tokens, neighbour):
    neighbour.start()
    answer = Answer(server, [neighbour.choose.randrange(1000, 100_000) for _ in range(32)], tokens)
    neighbour.stopped.set()
    neighbour.join()
    return answer.gaps, neighbour.prompts


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--tokens", type=int, default=400, help="of the stream")
    parser.add_argument("--prompt", type=int, default=512, help="tokens of each prompt beside it")
    parser.add_argument("--pause", type=float, default=1, help="seconds between two of them")
    given = parser.parse_args()
    folder, model = prepare()
    in_page_cache(model)
    conditions()
    flags = [model, "--parallel", 2, "--ctx-size", 2048, "--threads", 2]
    kinds, prompts = {"published": [], "not published": []}, {"published": 0, "not published": 0}
    with sampo(folder, *flags, "--kv-ram", "1G") as publishes, sampo(folder, *flags, "--kv-ram", "0") as keeps_none:
        servers = {"published": publishes.await_ready(), "not published": keeps_none.await_ready()}
        time.sleep(5)
        for turn in range(given.rounds):
            for kind, server in servers.items():
                choose = random.Random(f"{turn}")
                some, asked = gaps(server, given.tokens, Neighbour(server, given.prompt, given.pause, choose))
                kinds[kind].append(some)
                prompts[kind] += asked
                print(f"  {kind:14} p50 {1000 * percentile(some, 0.5):6.1f} ms, p99 {1000 * percentile(some, 0.99):6.1f} ms, longest {1000 * max(some):6.1f} ms, "
                      f"{asked} prompts beside it", flush=True)
    p99 = {kind: percentile([gap for some in rounds for gap in some], 0.99) for kind, rounds in kinds.items()}
    ratios = [percentile(one, 0.99) / percentile(other, 0.99) for one, other in zip(kinds["published"], kinds["not published"])]
    print(f"all gaps: p99 {1000 * p99['published']:.1f} ms published, {1000 * p99['not published']:.1f} ms not: {p99['published'] / p99['not published']:.3f} (at most 1.05); "
          f"of the pairs: {', '.join(f'{ratio:.3f}' for ratio in ratios)}, median {median(ratios):.3f}")
    print(f"prompts beside the streams: {prompts}")


if __name__ == "__main__":
    main()
