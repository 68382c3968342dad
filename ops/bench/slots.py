#!/usr/bin/env python3
"""Time to the first token of a prompt of the 1B model at llama-server: computed; with its slot saved and restored, by the process that saved it and
by one that was started again. What ops/bench/restore.py measures of Sampo, with the same prompt and the same libraries.

A slot is saved and restored on demand of whoever asks; the restoring and the first token are counted, the saving is not."""

import argparse
import json
import random
import tempfile
import time
import urllib.request

from servers import HOST, Answer, conditions, in_page_cache, llama_server, median, prepare


def prompt(tokens, seed):
    choose = random.Random(seed)
    return [choose.randrange(1000, 100_000) for _ in range(tokens + 1)]


def slot(server, action, file):
    """Seconds that an action on the only slot takes."""
    began = time.monotonic()
    request = urllib.request.Request(f"http://{HOST}:{server.port}/slots/0?action={action}", json.dumps({"filename": file}).encode(),
                                     {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=120) as answer:
        json.load(answer)
    return time.monotonic() - began


def first_token(server, ids, what, least_cached):
    answer = Answer(server, ids, 4, cache_prompt=True, id_slot=0)
    print(f"  {what:46} {1000 * answer.first:9.1f} ms, {answer.cached} of {answer.prompt_tokens} tokens cached", flush=True)
    return answer.first if answer.cached >= least_cached else None


def restored(server, ids, tokens, what):
    taken = slot(server, "restore", "conversation.bin")
    first = first_token(server, ids, f"{what}: {1000 * taken:.0f} ms and", tokens)
    return None if first is None else taken + first


def trial(folder, model, tokens, repeats):
    with tempfile.TemporaryDirectory(prefix="bench-slots-") as slots:
        flags = ["-np", 1, "-c", tokens + 64, "-t", 2, "-fa", "on", "--slot-save-path", slots, "--cache-ram", 0]
        ids, other = prompt(tokens, 0), prompt(tokens, 1)
        same, again = [], []
        with llama_server(folder, model, *flags) as server:
            server.await_ready()
            computed = [first_token(server, ids, "computed", 0)]
            print(f"  saved in {1000 * slot(server, 'save', 'conversation.bin'):.0f} ms")
            computed.append(first_token(server, other, "computed, another", 0))
            for _ in range(repeats):
                same.append(restored(server, ids, tokens, "restored after another prompt"))
        for _ in range(repeats):
            with llama_server(folder, model, *flags) as server:
                server.await_ready()
                again.append(restored(server, ids, tokens, "restored after a start"))
    print(f"{tokens} tokens: computed {median(computed):.2f} s")
    for what, times in (("the same process", same), ("started again", again)):
        if None in times:
            print(f"  {what}: the prompt was computed again, though its slot was restored")
        else:
            print(f"  {what}: {1000 * median(times):.0f} ms, {median(computed) / median(times):.0f} times faster")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tokens", type=int, nargs="*", default=[2048, 8192])
    parser.add_argument("--repeats", type=int, default=3)
    given = parser.parse_args()
    folder, model = prepare()
    in_page_cache(model)
    conditions()
    for tokens in given.tokens:
        trial(folder, model, tokens, given.repeats)


if __name__ == "__main__":
    main()
