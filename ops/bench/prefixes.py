#!/usr/bin/env python3
"""Who has the beginning of a prompt: decisions a second of the prefix index, beside a map of sets, while blocks come and go.

Plays copies of a trace (JSON lines with hash_ids, such as Mooncake's), each copy with hashes of its own, until the index has so
many entries; asks for prompts of the copies; one thread asks, one changes. Needs no model and no engine.
"""

import argparse
import subprocess

from servers import HERE, conditions

ROOT = HERE.parent.parent

# name, blocks for each hash of the trace, blocks that all holders have before each prompt, whether holders are closed
CASES = {
    "trace": (1, 0, True),
    "trace, a beginning of 8 blocks that all holders have": (1, 8, True),
    "trace, 16 blocks for each of its own": (16, 0, True),
    "the same, holders not closed": (16, 0, False),
}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("trace", help="a file with a JSON object a line, each with hash_ids")
    parser.add_argument("--entries", type=int, default=10_000_000, help="pairs of a block and a holder")
    parser.add_argument("--holders", type=int, default=1000)
    parser.add_argument("--changes", type=int, default=200_000, help="blocks that come or go, a second")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--case", type=int, choices=range(1, len(CASES) + 1), help="only one of the cases")
    parser.add_argument("--no-map", action="store_true", help="the index alone")
    words = parser.parse_args()
    subprocess.run(["mvn", "-q", "compile", "-pl", "kvcache", "-am"], cwd=ROOT, check=True)
    java = subprocess.run([ROOT / "cluster/bin/java25"], check=True, stdout=subprocess.PIPE, text=True).stdout.strip()
    conditions()
    for number, (name, (split, common, closed)) in enumerate(CASES.items(), 1):
        if words.case in (None, number):
            print(f"\n{number}. {name}", flush=True)
            subprocess.run([java, "-XX:+UseSerialGC", "-Xms4g", "-Xmx8g", "--class-path", ROOT / "kvcache/target/classes", HERE / "Prefixes.java",
                            words.trace, str(split), str(words.entries), str(words.holders), str(common), str(closed).lower(),
                            str(words.changes), str(words.rounds), str(closed and not words.no_map).lower()], check=True)


if __name__ == "__main__":
    main()
