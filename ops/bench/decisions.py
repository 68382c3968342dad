#!/usr/bin/env python3
"""How long it takes to say where a prompt goes: from its token ids to the assignment, through router and scheduler, 1000 simulated replicas.

Needs no model and no engine. The first half of the questions warms the JVM up and is not counted.
"""

import argparse
import subprocess

from servers import HERE, conditions

ROOT = HERE.parent.parent


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--replicas", type=int, default=1000)
    parser.add_argument("--tokens", type=int, default=12_000, help="of each prompt; 8000 of them are those of a group")
    parser.add_argument("--questions", type=int, default=4000)
    parser.add_argument("--policy", default="affinity")
    words = parser.parse_args()
    subprocess.run(["mvn", "-q", "package", "-DskipTests", "-pl", "cluster", "-am"], cwd=ROOT, check=True)
    java = subprocess.run([ROOT / "cluster/bin/java25"], check=True, stdout=subprocess.PIPE, text=True).stdout.strip()
    conditions()
    subprocess.run([java, "-XX:+UseSerialGC", "--class-path", f"{ROOT}/cluster/target/sampo/lib/*", HERE / "Decisions.java",
                    str(words.replicas), str(words.tokens), str(words.questions), words.policy], check=True)


if __name__ == "__main__":
    main()
