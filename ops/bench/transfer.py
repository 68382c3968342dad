#!/usr/bin/env python3
"""KV blocks of the 1B shape from one process to another over loopback: by the block server and fetcher, plain and under TLS, beside a raw socket.

No engine and no model: the blocks lie in memory at one side and are checked and lie in memory at the other.
"""

import argparse
import os
import subprocess
import tempfile
from pathlib import Path

from servers import HERE, conditions

ROOT = HERE / "../.."


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=40, help="that are counted; as many before them are not")
    parser.add_argument("--compilers", choices=["node", "both", "quick"], default="node",
                        help="of the JVM: as 'sampo node' has them, all of both, or the quick one only, as 'sampo serve' has it")
    words = parser.parse_args()
    subprocess.run([ROOT / "cluster/bin/sampo", "version"], check=True, stdout=subprocess.DEVNULL)
    java = subprocess.run([ROOT / "cluster/bin/java25"], check=True, stdout=subprocess.PIPE, text=True).stdout.strip()
    classes = os.pathsep.join(str(jar) for jar in (ROOT / "cluster/target/sampo/lib").glob("*.jar"))
    command = [java, "-XX:+UseSerialGC", "--enable-native-access=ALL-UNNAMED", "--class-path", classes]
    if words.compilers == "quick":
        command.append("-XX:TieredStopAtLevel=1")
    if words.compilers == "node":
        command += ["-XX:+UnlockDiagnosticVMOptions", "-XX:+DisplayVMOutputToStderr", f"-XX:CompilerDirectivesFile={ROOT / 'cluster/conf/compiler.json'}"]
    command.append(HERE / "Transfer.java")
    conditions()
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        subprocess.run([Path(java).with_name("keytool"), "-genkeypair", "-alias", "node", "-keyalg", "EC", "-groupname", "secp256r1", "-dname", "CN=node",
                        "-storetype", "PKCS12", "-storepass", "benchmark", "-keystore", f"{folder}/node.p12"], check=True, stderr=subprocess.DEVNULL)
        with subprocess.Popen([*command, "serve", folder], stdout=subprocess.PIPE, text=True) as server:
            try:
                subprocess.run([*command, "fetch", folder, str(words.rounds), *server.stdout.readline().split()], check=True)
            finally:
                server.terminate()


if __name__ == "__main__":
    main()
