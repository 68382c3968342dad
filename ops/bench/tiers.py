#!/usr/bin/env python3
"""KV blocks of the 1B shape into and out of a store's tiers, beside plain copies and plain file reads of as many bytes.

Below HTTP and without an engine: the store alone, with a node's collector and compiler. Files are read from the page cache.
"""

import argparse
import os
import subprocess
import tempfile
from pathlib import Path

from servers import HERE, conditions

ROOT = HERE.parent.parent


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tokens", type=int, default=8192, help="tokens of a text (8192); 32 KiB each")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--folder", type=Path, help="where files are written (below ${SAMPO_HOME:-~/.sampo}/cache/bench); needs 15 times the text's bytes")
    words = parser.parse_args()
    # Builds what is missing.
    subprocess.run([ROOT / "cluster/bin/sampo", "version"], check=True, stdout=subprocess.DEVNULL)
    java = subprocess.run([ROOT / "cluster/bin/java25"], check=True, stdout=subprocess.PIPE, text=True).stdout.strip()
    above = words.folder or Path(os.environ.get("SAMPO_HOME") or Path.home() / ".sampo") / "cache/bench"
    above.mkdir(parents=True, exist_ok=True)
    conditions()
    with tempfile.TemporaryDirectory(dir=above) as folder:
        subprocess.run([java, "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "--class-path", f"{ROOT}/cluster/target/sampo/lib/*",
                        HERE / "Tiers.java", folder, str(words.tokens), str(words.rounds)], check=True)


if __name__ == "__main__":
    main()
