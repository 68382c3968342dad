#!/usr/bin/env python3
"""Does to a Sampo cluster of four processes (two gateways, two engine nodes, simulated engine) what machines do, while clients read, and has the Judge
count. One row for each fault; names as in the rows' help. Ends with 0 when nothing is lost, repeated, left out or wrong, with 1 otherwise.

Needs what 'sampo serve' needs, and Python 3; Linux."""

import argparse
import collections
import contextlib
import json
import random
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

from judge import HOST, Clients, Request, clean, free_port, ledger, line, whole
from servers import HERE, percentile

ROOT = HERE.parent.parent
ENGINE = ["--engine", "simulated", "--engine-option", "seed=7,end-probability=0,context=4096,profile=gpu-l4", "--parallel", "64"]


class Node:
    """One process; started again on the same ports."""

    def __init__(self, cluster, role, join):
        self.cluster, self.role, self.join = cluster, role, join
        self.port, self.cluster_port = free_port(), free_port()
        self.start()

    def start(self):
        words = [self.cluster.sampo, "node", "--role", self.role, "--port", self.port, "--cluster-port", self.cluster_port]
        words += ENGINE if self.role == "engine" else ["--engine", "simulated", "--model", "sim"]
        joined = [f"{HOST}:{one.cluster_port}" for one in self.cluster.nodes if one is not self] if self.join is None else self.join
        if joined:
            words += ["--join", ",".join(joined)]
        folder = self.cluster.folder / f"{self.role}-{self.port}"
        self.process = subprocess.Popen([str(word) for word in words + ["--data-dir", folder]], stdout=self.cluster.log, stderr=self.cluster.log)

    def signal(self, number):
        self.process.send_signal(number)

    def kill(self):
        self.process.kill()
        self.process.wait()

    def stop(self):
        self.process.terminate()
        self.process.wait(90)

    def get(self, path):
        with urllib.request.urlopen(f"http://{HOST}:{self.port}{path}", timeout=5) as answer:
            return json.load(answer)

    def ready(self):
        with contextlib.suppress(OSError):
            self.get("/ready")
            return True
        return False


class Cluster:
    """A context, at whose end all of its processes are gone."""

    def __init__(self, sampo):
        self.sampo, self.nodes = sampo, []

    def __enter__(self):
        self.folder = Path(tempfile.mkdtemp(prefix="sampo-faults-"))
        self.log = open(self.folder / "nodes.log", "w")
        self.nodes.append(Node(self, "gateway", []))
        await_(lambda: self._listens(self.nodes[0]))
        for role in ("engine", "engine", "gateway"):
            self.nodes.append(Node(self, role, None))
        self.settled()
        return self

    @staticmethod
    def _listens(node):
        with contextlib.suppress(urllib.error.HTTPError, OSError):
            node.get("/live")
            return True
        return False

    def __exit__(self, *failure):
        for node in self.nodes:
            node.process.kill()
        for node in self.nodes:
            node.process.wait()
        self.log.close()
        if failure[0]:
            sys.stderr.write("".join((self.folder / "nodes.log").read_text().splitlines(True)[-40:]))
        subprocess.run(["rm", "-rf", self.folder], check=True)

    @property
    def gateways(self):
        return [node for node in self.nodes if node.role == "gateway"]

    @property
    def engines(self):
        return [node for node in self.nodes if node.role == "engine"]

    def settled(self):
        """Until each gateway knows two replicas that are ready."""
        await_(lambda: all(self._replicas(gateway) == 2 for gateway in self.gateways))

    @staticmethod
    def _replicas(gateway):
        with contextlib.suppress(OSError):
            return sum(replica["state"] == "ready" for replica in gateway.get("/stats")["replicas"])
        return 0

    def ports(self):
        return [gateway.port for gateway in self.gateways]


def await_(condition, seconds=120):
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise SystemExit("the cluster did not get there within two minutes")
        time.sleep(0.2)


def streams(count, tokens, **fields):
    return [Request(number, f"Tell me of {number % 20}", tokens, **fields) for number in range(count)]


def pauses(requests, since):
    longest = [one.longest_pause(since) for one in requests]
    return f"longest pause p50 {percentile(longest, 0.5):.2f} s, p99 {percentile(longest, 0.99):.2f} s; resumed {sum(one.resumed for one in requests)}"


def f0(cluster, count, tokens):
    """F0: nothing happens"""
    requests = streams(count, tokens)
    begin = time.monotonic()
    Clients(requests, cluster.ports()).start().join()
    return requests, pauses(requests, begin)


def f1(cluster, count, tokens):
    """F1: kill -9 of an engine node that decodes"""
    requests = streams(count, tokens)
    clients = Clients(requests, cluster.ports()).start().await_events(10)
    killed = time.monotonic()
    cluster.engines[0].kill()
    clients.join()
    cluster.engines[0].start()
    return requests, pauses(requests, killed)


def f2(cluster, count, tokens):
    """F2: kill -9 of an engine node while prompts are computed or wait"""
    requests = streams(count, tokens)
    clients = Clients(requests, cluster.ports()).start()
    time.sleep(0.15)
    killed = time.monotonic()
    cluster.engines[0].kill()
    clients.join()
    cluster.engines[0].start()
    return requests, pauses(requests, killed)


def f3(cluster, count, tokens):
    """F3: kill -9 of the gateway that holds the router and half of the streams"""
    requests = streams(count, tokens)
    clients = Clients(requests, cluster.ports()).start().await_events(10)
    killed = time.monotonic()
    cluster.gateways[0].kill()
    clients.join()
    cluster.gateways[0].join = None
    cluster.gateways[0].start()
    return requests, pauses(requests, killed)


def f5(cluster, count, tokens):
    """F5: an engine node stands still for four seconds and goes on"""
    requests = streams(count, tokens)
    clients = Clients(requests, cluster.ports()).start().await_events(10)
    stopped = time.monotonic()
    cluster.engines[0].signal(signal.SIGSTOP)
    time.sleep(4)
    cluster.engines[0].signal(signal.SIGCONT)
    clients.join()
    return requests, pauses(requests, stopped)


def f12(cluster, count, tokens):
    """F12: every node is stopped and started again, one after the other, under load"""
    requests, begin = [], time.monotonic()
    for node in list(cluster.nodes):
        some = streams(count, tokens)
        clients = Clients(some, cluster.ports()).start().await_events(10)
        node.stop()
        node.join = None
        node.start()
        clients.join()
        cluster.settled()
        requests += some
    return requests, pauses(requests, begin)


def f15(cluster, count, tokens):
    """F15: clients leave at random moments"""
    rng = random.Random(15)
    requests = [Request(n, f"Tell me of {n % 20}", tokens, leave_after=rng.randint(1, tokens // 2)) for n in range(4 * count)]
    begin = time.monotonic()
    Clients(requests, cluster.ports()).start().join()
    left = time.monotonic()
    await_(lambda: all(replica["places_taken"] == 0 for replica in cluster.gateways[0].get("/stats")["replicas"]), 30)
    return requests, f"{left - begin:.1f} s; every place free {time.monotonic() - left:.1f} s later (replicas report every second)"


ROWS = {row.__name__: row for row in (f0, f1, f2, f3, f5, f12, f15)}


def main():
    parser = argparse.ArgumentParser(description=__doc__, epilog="; ".join(row.__doc__ for row in ROWS.values()))
    parser.add_argument("rows", nargs="*", default=list(ROWS), help="rows to run; all of them by default")
    parser.add_argument("--streams", type=int, default=50, help="streams at once")
    parser.add_argument("--tokens", type=int, default=600, help="tokens of an answer")
    parser.add_argument("--sampo", default=ROOT / "cluster/bin/sampo", help="the start script")
    asked = parser.parse_args()
    if unknown := [row for row in asked.rows if row not in ROWS]:
        parser.error(f"no such row: {', '.join(unknown)}")
    failed = 0
    with Cluster(asked.sampo) as cluster:
        port = cluster.ports()[0]
        expected = {f"Tell me of {n}": whole(port, f"Tell me of {n}", asked.tokens) for n in range(20)}
        for name in asked.rows:
            requests, figures = ROWS[name](cluster, asked.streams, asked.tokens)
            counts = ledger(requests, expected)
            good = clean(counts) and not counts["error"] and not counts["refused"]
            failed += not good
            print(f"{'passed' if good else 'FAILED'}  {ROWS[name].__doc__}\n        {line(counts)}\n        {figures}", flush=True)
            if not good:
                codes = collections.Counter(one.code for one in requests if one.outcome not in ("ok", "cancelled"))
                print(f"        codes: {dict(codes)}")
            cluster.settled()
    print(f"{len(asked.rows) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
