#!/usr/bin/env python3
"""Sends 20 000 requests of all kinds at a Sampo it starts (stories15m), whose clients also leave at every moment, and checks that nothing is
lost and nothing stays behind: places, KV cells, file descriptors, threads, heap and native memory are what they were after the first round.

Ends with 0 when all is well, with 1 when not. Needs what 'sampo serve' needs, and Python 3; Linux."""

import argparse
import asyncio
import collections
import json
import re
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

from servers import HERE, HOST, Server, memory
from soak_requests import COMPLETIONS, Request

ROOT = HERE.parent.parent
STORIES = ROOT / "cluster/src/test/resources/stories15m-greedy.json"
PLACES, CLIENTS, ROUNDS = 8, 24, 10

# What may be more at the end than after the first round: pools grow by a thread, allocators by an arena, and neither for ever.
SLACK = {"file descriptors": 4, "threads": 6, "heap MB": 6, "native MB": 32}


def get(server, path):
    with urllib.request.urlopen(f"http://{HOST}:{server.port}{path}", timeout=30) as answer:
        return json.load(answer)


def post(server, fields):
    body = json.dumps(fields).encode()
    request = urllib.request.Request(f"http://{HOST}:{server.port}{COMPLETIONS}", body, {"Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.load(answer)["choices"][0]["text"]
    except urllib.error.HTTPError as refused:
        return f"{refused.code}"


def busy(server):
    """What still works or holds something, in words; none once the server is quiet."""
    stats = get(server, "/stats")
    counts = {"answers": stats["answers"]}
    for replica in stats["replicas"]:
        counts.update({name: replica[name] for name in ("places_taken", "running_sequences", "waiting_sequences")})
        counts["cells of nobody"] = replica["kv_tokens_used"] - replica["kv_tokens_retained"]
    return [f"{name}: {count}" for name, count in counts.items() if count]


def await_quiet(server, seconds=30):
    """Until twice in a row nothing is busy, because the figures are up to two seconds old; what is busy when the time is up."""
    deadline, quiet = time.monotonic() + seconds, 0
    while quiet < 2 and time.monotonic() < deadline:
        time.sleep(2.5)
        left = busy(server)
        quiet = 0 if left else quiet + 1
    return left


def jcmd(server, *words):
    tool = Path(f"/proc/{server.pid}/exe").resolve().with_name("jcmd")
    return subprocess.run([tool, str(server.pid), *words], check=True, stdout=subprocess.PIPE, text=True).stdout


def insides(server):
    """What the process holds when nothing runs, after a collection."""
    jcmd(server, "GC.run")
    jcmd(server, "GC.run")
    heap = re.findall(r"total (\d+)K, used (\d+)K", jcmd(server, "GC.heap_info"))
    committed, used = (sum(int(pair[i]) for pair in heap) / 1024 for i in (0, 1))
    process = Path(f"/proc/{server.pid}")
    return {"file descriptors": len(list(process.joinpath("fd").iterdir())), "threads": len(list(process.joinpath("task").iterdir())),
            "heap MB": used, "native MB": memory(server.pid)["Anonymous"] - committed}


class Bar:
    """How far it is, on a terminal in one line, elsewhere a line for each round."""

    def __init__(self, total):
        self.total, self.done, self.began = total, 0, time.monotonic()

    def step(self):
        self.done += 1
        if sys.stderr.isatty() and (self.done % 20 == 0 or self.done == self.total):
            filled = 40 * self.done // self.total
            rate = self.done / (time.monotonic() - self.began)
            sys.stderr.write(f"\r[{'#' * filled}{' ' * (40 - filled)}] {self.done}/{self.total}, {rate:.0f} a second ")


async def send_all(server, seed, numbers, outcomes, bar):
    async def client():
        for number in numbers:
            outcomes[await Request(seed, number).send(server.port)] += 1
            bar.step()

    await asyncio.gather(*(client() for _ in range(CLIENTS)))


def wrong_texts(server):
    """The recorded texts of llama-server, asked for one after the other; those that differ."""
    stories = [(story["prompt"], story["text"]) for story in json.loads(STORIES.read_text())]
    told = [(prompt, post(server, {"prompt": prompt, "max_tokens": 64, "temperature": 0})) for prompt, _ in stories]
    return [answer for answer, story in zip(told, stories) if answer != story]


def table(rounds):
    lines = ["round  " + "  ".join(rounds[0])]
    for number, held in enumerate(rounds, 1):
        lines.append(f"{number:5}  " + "  ".join(f"{value:{len(name)}.0f}" for name, value in held.items()))
    return "\n".join(lines)


def soak(server, total, seed):
    """What was found to be wrong, a line for each; none is good."""
    outcomes, bar, rounds, wrong = collections.Counter(), Bar(total), [], []
    for number in range(ROUNDS):
        numbers = iter(range(total * number // ROUNDS, total * (number + 1) // ROUNDS))
        asyncio.run(send_all(server, seed, numbers, outcomes, bar))
        if left := await_quiet(server):
            wrong.append(f"after round {number + 1} and 30 s of quiet there are still {', '.join(left)}")
        rounds.append(insides(server))
        if not sys.stderr.isatty():
            print(f"{bar.done} of {total} after {time.monotonic() - bar.began:.0f} s", flush=True)
    print(f"\n{table(rounds)}\n")
    for outcome, count in outcomes.most_common():
        print(f"{count:6}  {outcome}")
    print(f"stats: {json.dumps(get(server, '/stats')['replicas'])}")
    wrong += [f"{count} × {outcome}" for outcome, count in outcomes.items() if outcome[:4].isupper()]
    wrong += [f"{name} grew from {rounds[0][name]:.0f} to {rounds[-1][name]:.0f}" for name in SLACK
              if rounds[-1][name] > rounds[0][name] + SLACK[name]]
    if sum(outcomes.values()) != total:
        wrong.append(f"{total} requests were sent and {sum(outcomes.values())} ended")
    wrong += [f"the text after {prompt!r} is not llama-server's but {text!r}" for prompt, text in wrong_texts(server)]
    return wrong


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--requests", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=1, help="another seed sends other requests")
    parser.add_argument("words", nargs="*", metavar="-- FLAG …", help="further flags of 'sampo serve'")
    given = parser.parse_args()
    sampo = ROOT / "cluster/bin/sampo"
    subprocess.run([sampo, "version"], check=True, stdout=subprocess.DEVNULL)
    with Server("Sampo", [sampo, "serve", "stories15m", "--threads", 1, "--parallel", PLACES, *given.words]) as server:
        server.await_ready()
        wrong = soak(server, given.requests, given.seed)
        if server.process.poll() is not None:
            wrong.append(f"the server ended by itself with {server.process.returncode}")
    print("\n".join(["", "NOT WELL:", *wrong] if wrong else ["", "All is well: nothing lost, nothing left behind, exact texts."]))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
