#!/usr/bin/env python3
"""Sessions that begin alike and must share nothing, each with a canary of its own, at a Sampo with room for a part of their KV only, so that
engine, main memory and files evict and restore all the time. No reply may have anything of another session.

The simulated engine (default, 100 000 replies) goes on from whatever KV it is given, so each reply is compared with the one that was computed with
nothing from any cache. With --real (stories15m, 2 000 replies) names are planted, and no reply may tell another session's name.

Ends with 0 when all is well, with 1 when not. Needs what 'sampo serve' needs, and Python 3; Linux."""

import argparse
import collections
import concurrent.futures
import http.client
import json
import random
import subprocess
import sys
import tempfile
import threading
import time

from servers import HERE, HOST, Server

ROOT = HERE.parent.parent
SESSIONS, TURNS, CLIENTS = 64, 6, 8
SOUNDS = ["ba", "ko", "mi", "ru", "te", "zo", "la", "pu"]

local = threading.local()


def complete(server, fields, bypass=False):
    """A completion over the thread's own connection."""
    headers = {"Content-Type": "application/json", **({"X-Sampo-Cache": "bypass"} if bypass else {})}
    if not hasattr(local, "connection"):
        local.connection = http.client.HTTPConnection(HOST, server.port, timeout=120)
    local.connection.request("POST", "/v1/completions", json.dumps(fields), headers)
    answer = local.connection.getresponse()
    body = answer.read()
    if answer.status != 200:
        raise SystemExit(f"{answer.status}: {body.decode()}")
    return json.loads(body)


def name(session):
    """Its canary: three sounds that no other session's name has in this order."""
    return "".join(SOUNDS[session >> shift & 7] for shift in (6, 3, 0)).capitalize()


def prompt(session, turn, real):
    if real:
        return ("Once upon a time, there was a little girl who lived in a small house near the forest. She had a friend. "
                f"Her friend was a dog called {name(session)}. " + f"She said: \"Come here, {name(session)}!\" " * (1 + turn)
                + "She called the name of her dog:")
    return ("All sessions begin with these words. " * 8 + f"The canary of this one is {name(session)}. "
            + "And then it goes on for a while. " * (6 * turn))


def fields(session, turn, real):
    return {"prompt": prompt(session, turn, real), "max_tokens": 16 if real else 12, "temperature": 0, "cache_salt": f"session-{session}"}


def judge(server, session, turn, alone, real):
    """What a reply was, in words; capitals are wrong."""
    answer = complete(server, fields(session, turn, real))
    text, cached = answer["choices"][0]["text"], answer["usage"].get("prompt_tokens_details", {}).get("cached_tokens", 0)
    where = "with KV that was there" if cached > 1 else "computed"
    foreign = [name(other) for other in range(SESSIONS) if other != session and name(other) in text]
    if foreign:
        return f"FOREIGN: {name(session)} is told of {foreign[0]}, {where}"
    if text == alone:
        return f"as alone, {where}"
    return f"other words than alone (rounding), own name or none, {where}" if real else f"WRONG: another text than alone, {where}"


def trial(server, replies, seed, real):
    print("asking for each text alone …", flush=True)
    all_turns = [(session, turn) for session in range(SESSIONS) for turn in range(TURNS)]
    alone = {one: complete(server, fields(*one, real), bypass=True)["choices"][0]["text"] for one in all_turns}
    own = sum(name(session) in text for (session, _), text in alone.items())
    print(f"{len(alone)} texts; {own} tell the session's own canary" if real else f"{len(alone)} texts, {len(set(alone.values()))} different")
    choose, outcomes, began = random.Random(seed), collections.Counter(), time.monotonic()
    with concurrent.futures.ThreadPoolExecutor(CLIENTS) as clients:
        for start in range(0, replies, 10_000):
            asked = [choose.choice(all_turns) for _ in range(min(10_000, replies - start))]
            outcomes.update(clients.map(lambda one: judge(server, *one, alone[one], real), asked))
            print(f"{sum(outcomes.values())} replies after {time.monotonic() - began:.0f} s", flush=True)
    return outcomes


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--replies", type=int, help="100000, or 2000 with --real")
    parser.add_argument("--seed", type=int, default=1, help="another seed asks in another order")
    parser.add_argument("--real", action="store_true", help="stories15m instead of the simulated engine")
    given = parser.parse_args()
    sampo = ROOT / "cluster/bin/sampo"
    subprocess.run([sampo, "version"], check=True, stdout=subprocess.DEVNULL)
    with tempfile.TemporaryDirectory() as folder:
        flags = (["stories15m", "--parallel", 4, "--threads", 1, "--kv-ram", "8M"] if given.real else
                 ["--engine", "simulated", "--parallel", CLIENTS, "--engine-option", "end-probability=0,profile=gpu-h100",
                  "--retain-tokens", "4096",
                  "--kv-ram", "1M", "--kv-disk", "1M", "--data-dir", folder])
        with Server("Sampo", [sampo, "serve", *flags]) as server:
            server.await_ready()
            outcomes = trial(server, given.replies or (2_000 if given.real else 100_000), given.seed, given.real)
            stats = http.client.HTTPConnection(HOST, server.port)
            stats.request("GET", "/stats")
            kv = json.load(stats.getresponse())["kv"]
    for outcome, count in outcomes.most_common():
        print(f"{count:7}  {outcome}")
    print(f"kv: {json.dumps(kv)}")
    wrong = [outcome for outcome in outcomes if outcome[:5].isupper()]
    if not kv["host"]["evicted"] or not kv["restores"]["blocks"]:
        wrong.append("nothing was evicted or nothing restored, so nothing was tried")
    print("\n".join(["", "NOT WELL:", *wrong] if wrong else ["", "All is well: nothing of another session in any reply."]))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
