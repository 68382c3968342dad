#!/usr/bin/env python3
"""What sharing prompts' beginnings and bounding prefill bring, beside llama-server on the same library with as many slots.

  shared        16 clients, 32 prompts that share 500 words and have 20 of their own, 32 tokens each
  distinct      16 clients, 32 different prompts of 100 words, 48 tokens each
  intruder      4 streams decode while a prompt of 4k tokens enters: their gaps, and its time to the first token
  choices       8 answers of 64 tokens to one prompt of 1k tokens, asked for at once (n=8) and by 8 requests
  conversation  20 turns that grow to 4k tokens, two other conversations between them: prompt tokens computed, of those that had to be
"""

import argparse
import contextlib
import http.client
import json
import os
import random
import threading
import time
from concurrent.futures import ThreadPoolExecutor

from servers import (HOST, Answer, conditions, in_page_cache, llama_server, median, memory, percentile, prepare, prepare_fast_starts, sampo,
                     thread_seconds)

WORDS = "time house river little green bird stone happy under story night walked found again door window".split()


def text(words, seed):
    return " ".join(random.Random(seed).choices(WORDS, k=words))


def burst(server, prompts, clients, tokens):
    """All prompts by so many clients: what came of it."""
    cpu, began = sum(seconds for _, seconds in thread_seconds(server.pid).values()), time.monotonic()
    with ThreadPoolExecutor(clients) as pool:
        answers = list(pool.map(lambda prompt: Answer(server, prompt, tokens), prompts))
    seconds = time.monotonic() - began
    cpu = sum(seconds for _, seconds in thread_seconds(server.pid).values()) - cpu
    gaps = [gap for answer in answers for gap in answer.gaps]
    return {"tok/s": sum(answer.tokens for answer in answers) / seconds, "gap p99 s": percentile(gaps, 0.99), "gap max s": max(gaps),
            "first token p50 s": median([answer.first for answer in answers]), "CPU s/request": cpu / len(prompts),
            "prompt tokens computed": sum(answer.prompt_tokens - answer.cached for answer in answers)}


def shared(server, seed):
    beginning = text(500, f"beginning {seed}")
    return burst(server, [f"{beginning} {text(20, f'{seed} {i}')}" for i in range(32)], 16, 32)


def distinct(server, seed):
    return burst(server, [text(100, f"distinct {seed} {i}") for i in range(32)], 16, 48)


def intruder(server, seed):
    streams = [None] * 4

    def stream(i):
        streams[i] = Answer(server, text(20, f"stream {seed} {i}"), 400)

    threads = [threading.Thread(target=stream, args=(i,)) for i in range(4)]
    for thread in threads:
        thread.start()
    time.sleep(4)
    enters = time.monotonic()
    guest = Answer(server, text(4000, f"guest {seed}"), 4)
    begins = guest.times[0]
    for thread in threads:
        thread.join()
    gaps = [later - earlier for answer in streams for earlier, later in zip(answer.times, answer.times[1:]) if later > enters and earlier < begins]
    if not any(answer.times[-1] > begins for answer in streams):
        print(f"  {server.name}: the streams ended before the long prompt was through; gaps are of the time until then")
    return {"gap p99 s": percentile(gaps, 0.99), "gap max s": max(gaps), "its first token s": guest.first, "its tokens": guest.prompt_tokens}


def choices(server, seed):
    began = time.monotonic()
    together = Answer(server, text(1000, f"choices {seed}"), 64, n=8)
    together_seconds, began = time.monotonic() - began, time.monotonic()
    with ThreadPoolExecutor(8) as pool:
        apart = list(pool.map(lambda _: Answer(server, text(1000, f"apart {seed}"), 64), range(8)))
    return {"n=8 s": together_seconds, "8 requests s": time.monotonic() - began, "tokens of n=8": together.tokens,
            "tokens of 8 requests": sum(answer.tokens for answer in apart)}


def tokens_of(tokenizer, prompt):
    connection = http.client.HTTPConnection(HOST, tokenizer.port, timeout=60)
    connection.request("POST", "/tokenize", json.dumps({"content": prompt, "add_special": True}), {"content-type": "application/json"})
    answer = json.loads(connection.getresponse().read())["tokens"]
    connection.close()
    return answer


def conversation(server, seed, tokenizer):
    """Answers are forced to one word, so that their text has the tokens that were generated."""
    word = str(tokens_of(tokenizer, "a time")[-1])
    talks = {"main": (150, 20), "one": (60, 20), "other": (30, 20)}
    said = {name: text(40, f"{name} {seed}") for name in talks}
    held, computed, least = [], 0, 0
    for turn in range(20):
        for name, (words, answer_tokens) in talks.items():
            said[name] += " " + text(words, f"{name} {seed} {turn}")
            answer = Answer(server, said[name], answer_tokens, logit_bias={word: 100})
            ids = tokens_of(tokenizer, said[name])
            known = max((common(ids[:-1], other) for other in held), default=0)
            computed, least = computed + answer.prompt_tokens - answer.cached, least + len(ids) - known
            said[name] += "".join(answer.text)
            # The last token of an answer is never computed by anybody.
            held.append(tokens_of(tokenizer, said[name])[:-1])
    return {"prompt tokens computed": computed, "least possible": least, "computed / least": computed / least, "last prompt": len(held[-3])}


def common(one, other):
    return next((i for i, (a, b) in enumerate(zip(one, other)) if a != b), min(len(one), len(other)))


# Slots and the context of each.
SHAPES = {"shared": (16, 1024), "distinct": (16, 512), "intruder": (5, 8192), "choices": (8, 2048), "conversation": (4, 8192)}
CASES = {"shared": shared, "distinct": distinct, "intruder": intruder, "choices": choices, "conversation": conversation}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("case", choices=CASES)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--peer-flags", default="", help="further flags of llama-server, for example '-kvu -b 512'")
    parser.add_argument("--kernels", choices=["auto", "off"], default="off", help="Sampo's own CPU kernels; off, so that both multiply alike")
    parser.add_argument("--alone", action="store_true", help="without llama-server")
    words = parser.parse_args()
    folder, model = prepare()
    prepare_fast_starts(folder)
    in_page_cache(model)
    conditions()
    slots, context = SHAPES[words.case]
    ours = sampo(folder, model, "--threads", "2", "--ctx-size", context, "--parallel", slots, kernels=words.kernels)
    # The tokenizer of the conversation is llama-server's, whoever is measured.
    needed = not words.alone or words.case == "conversation"
    theirs = llama_server(folder, model, "--threads", "2", "--ctx-size", context * slots, "--parallel", slots,
                          *words.peer_flags.split()) if needed else contextlib.nullcontext()
    with ours, theirs:
        results = {server.await_ready(): [] for server in ((ours,) if words.alone else (ours, theirs))}
        further = (theirs.await_ready(),) if words.case == "conversation" else ()
        for round_ in range(words.rounds):
            for server in list(results)[:: 1 if round_ % 2 == 0 else -1]:
                figures = CASES[words.case](server, f"{round_} {os.getpid()}", *further)
                results[server].append(figures)
                print(f"  {server.name}: " + ", ".join(f"{name} {value:.3f}" for name, value in figures.items()), flush=True)
        for server in results:
            print(f"  {server.name}: resident {memory(server.pid)['Rss']:.0f} MB")
        middle = [{name: median([figures[name] for figures in each]) for name in each[0]} for each in results.values()]
    for name in middle[0] if len(middle) == 2 else ():
        our, their = (figures[name] for figures in middle)
        print(f"{words.case}, {name}: Sampo {our:.3f}, llama-server {their:.3f}" + (f", ratio {our / their:.3f}" if their else ""))


if __name__ == "__main__":
    main()
