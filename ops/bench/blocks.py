#!/usr/bin/env python3
"""KV blocks of 2048 tokens on the 1B shape: how fast they leave an engine and enter it, beside computing the same tokens.

Below HTTP: one engine, its own thread, 2 threads of llama.cpp. Also what a running answer notices of blocks that move.
"""

import argparse
import subprocess

from servers import HERE, conditions, in_page_cache, prepare


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kv", choices=["f16", "q8_0", "q4_0"], default="f16", help="the number format of keys and values")
    parser.add_argument("--rounds", type=int, default=15)
    words = parser.parse_args()
    folder, model = prepare()
    in_page_cache(model)
    conditions()
    java = subprocess.run([HERE / "../../cluster/bin/java25"], check=True, stdout=subprocess.PIPE, text=True).stdout.strip()
    subprocess.run([java, "--enable-native-access=ALL-UNNAMED", "-XX:+UseSerialGC", f"-Dsampo.native.dir={folder}/sampo/lib/native", "--class-path",
                    f"{folder}/sampo/lib/*", HERE / "Blocks.java", model, words.kv, str(words.rounds)], check=True)


if __name__ == "__main__":
    main()
