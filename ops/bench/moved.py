#!/usr/bin/env python3
"""Time to the first token of the 1B shape (f16 KV, prompt = whole blocks + 1 token) in a cluster: computed, staying on its node, whose engine has it
still, and moved to the other node, which fetches it over loopback TCP. A gateway and two engine nodes, each a process with room for one sequence.

Once with the prompt as it was, which leaves one token to compute, and once with the words of a next turn behind it.

A prompt goes to the other node because its own is full: a second request of its session holds the place and is not read.
"""

import argparse
import contextlib
import http.client
import json
import random
import socket
import subprocess
import tempfile
import time
from pathlib import Path

from servers import HERE, HOST, Answer, Server, await_quiet, conditions, free_port, in_page_cache, median, prepare

ROOT = HERE.parent.parent
SAMPO = ROOT / "cluster/bin/sampo"
LEAST = {2048: 30, 8192: 50}
# Little is buffered on the way to a client that does not read, so that its decoding stops soon.
SMALL_BUFFERS = "cluster.gateway.stream-credit = 4\npekko.http.server.socket-options.so-send-buffer-size = 4096\n"


class Node(Server):
    """A node of the cluster; what it says of readiness is asked of /ready."""

    def __init__(self, name, folder, *words):
        super().__init__(name, [SAMPO, "node", *words, "--data-dir", folder], {"SAMPO_AOT": "off"})

    def await_ready(self, seconds=120):
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline and self.process.poll() is None:
            with contextlib.suppress(OSError, http.client.HTTPException):
                if self.get("/ready")[0] == 200:
                    return self
            time.sleep(0.05)
        raise SystemExit(f"{self.name} did not get ready:\n{self.log()[-2000:]}")

    def get(self, path):
        connection = http.client.HTTPConnection(HOST, self.port, timeout=10)
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()


class Holder:
    """A request that takes its session's place and leaves its answer unread."""

    def __init__(self, gateway, session):
        body = json.dumps({"prompt": [5], "max_tokens": 100000, "ignore_eos": True, "stream": True, "session_id": session}).encode()
        self.socket = socket.socket()
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
        self.socket.connect((HOST, gateway.port))
        self.socket.sendall(f"POST /v1/completions HTTP/1.1\r\nHost: {HOST}:{gateway.port}\r\nContent-Type: application/json\r\n"
                            f"Content-Length: {len(body)}\r\n\r\n".encode() + body)

    def __enter__(self):
        return self

    def __exit__(self, *failure):
        self.socket.close()


def prompt(tokens, seed):
    return random.Random(seed).choices(range(1000, 30000), k=tokens + 1)


def engines(folder, secret, model, cluster, names):
    return [Node(f"engine {name}", folder / name, "--role", "engine", "--model", model, "--join", f"{HOST}:{cluster}", "--secret-file", secret, "--parallel", "1",
                 "--ctx-size", "10K", "--threads", "2", "--kv-ram", "2G") for name in names]


def await_replicas(gateway, count):
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        replicas = json.loads(gateway.get("/stats")[1])["replicas"]
        if sum(replica["state"] == "ready" and "kv_block_tokens" in replica for replica in replicas) == count:
            return
        time.sleep(0.2)
    raise SystemExit("the engine nodes did not come")


def ask(gateway, ids, session, least_cached):
    answer = Answer(gateway, ids, 2, session_id=session)
    if answer.cached < least_cached:
        raise SystemExit(f"{answer.cached} of {len(ids)} tokens were cached, not {least_cached}")
    return answer.first


def await_published(gateway, blocks):
    """Until the nodes' stores have so many blocks in all."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if sum(replica["kv"]["host_blocks"] for replica in json.loads(gateway.get("/stats")[1])["replicas"]) >= blocks:
            return
        time.sleep(0.1)
    raise SystemExit(f"{blocks} blocks were not published")


def stored(gateway):
    return sum(replica["kv"]["host_blocks"] for replica in json.loads(gateway.get("/stats")[1])["replicas"])


def measure(gateway, tokens, more, rounds, times):
    for turn in range(rounds):
        await_quiet()
        session = f"{tokens} {more} {turn}"
        ids, next_turn = prompt(tokens, session), prompt(more, f"next of {session}")[:more]
        before = stored(gateway)
        times.setdefault("computed", []).append(ask(gateway, ids, session, 0))
        await_published(gateway, before + tokens // 32)
        # Where the words differ nothing of the one is there for the other.
        times.setdefault("stayed", []).append(ask(gateway, ids + next_turn, session, tokens))
        with Holder(gateway, session):
            time.sleep(4)
            times.setdefault("moved", []).append(ask(gateway, ids + next_turn[::-1], f"moved {session}", tokens))
        time.sleep(1)
        print(f"  {tokens} + {more} tokens: " + ", ".join(f"{how} {1000 * values[-1]:.0f} ms" for how, values in times.items()), flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--tokens", type=int, nargs="*", default=[2048, 8192], help="whole blocks of 32")
    parser.add_argument("--turn", type=int, nargs="*", default=[0, 64], help="tokens of the next turn, beside the one that is always computed")
    words = parser.parse_args()
    _, model = prepare()
    subprocess.run([SAMPO, "version"], check=True, stdout=subprocess.DEVNULL)
    in_page_cache(model)
    conditions()
    results, cluster = {}, free_port()
    with tempfile.TemporaryDirectory(prefix="bench-", dir=model.parent) as name, contextlib.ExitStack() as ends:
        folder, secret = Path(name), Path(name) / "secret"
        secret.touch(0o600)
        secret.write_bytes(random.randbytes(32))
        settings = folder / "gateway.conf"
        settings.write_text(SMALL_BUFFERS)
        gateway = ends.enter_context(Node("gateway", folder / "gateway", "--role", "gateway", "--model", model, "--cluster-port", cluster, "--secret-file", secret,
                                          "--config", settings))
        for node in engines(folder, secret, model, cluster, "ab"):
            ends.enter_context(node).await_ready()
        await_replicas(gateway, 2)
        for tokens in words.tokens:
            for more in words.turn:
                measure(gateway, tokens, more, words.rounds, results.setdefault((tokens, more), {}))
    for (tokens, more), times in results.items():
        computed, stayed, moved = (median(times[how]) for how in ("computed", "stayed", "moved"))
        print(f"{tokens} tokens, {more} more in the next turn: computed {computed:.2f} s, stayed {1000 * stayed:.0f} ms, moved {1000 * moved:.0f} ms "
              f"(medians of {words.rounds})")
        least = f"{computed / moved:.0f} × sooner than computed (at least {LEAST.get(tokens, '-')}), " if more == 0 else ""
        print(f"  moved: {least}{moved / stayed:.2f} × staying (at most 1.3)")


if __name__ == "__main__":
    main()
