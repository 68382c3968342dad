#!/usr/bin/env python3
"""Decode of one stream with tokens guessed ahead, beside the same server without: what right guesses gain and wrong ones cost.

Two texts of the 1B model: one that repeats itself (greedy, whose text a model of random weights repeats soon), and one that
cannot be guessed (temperature 2). llama-server's own n-gram speculation stands beside the first. Then stories15m with itself as
its draft model, which is always right and saves nothing: what a draft that does not pay costs. A pair of real models, large and
small, can be named.
"""

import argparse

from servers import Answer, await_quiet, conditions, in_page_cache, llama_server, median, prepare, prepare_fast_starts, sampo

LOOP = "The cat sat on the mat. The dog sat on the mat. " * 8
ONE = ("--threads", "2", "--ctx-size", "2048", "--parallel", "1")
PEER = ("-t", "2", "-c", "2048", "-np", "1")


def compare(what, plain, guessing, count, tokens, **fields):
    """Alternates two servers of the same model and prints the median of the ratios."""
    with plain as without, guessing as with_guesses:
        rates = {without: [], with_guesses: []}
        for server in rates:
            server.await_ready()
            Answer(server, LOOP, tokens, **fields)
        for pair in range(count):
            quiet = await_quiet()
            for server in list(rates)[:: 1 if pair % 2 == 0 else -1]:
                rates[server].append(Answer(server, LOOP, tokens, **fields).rate)
            print(f"  pair {pair + 1}: without {rates[without][-1]:.2f}, with {rates[with_guesses][-1]:.2f} tok/s"
                  + ("" if quiet else "; machine busy with other things"), flush=True)
        ratios = [guessed / plainly for plainly, guessed in zip(rates[without], rates[with_guesses])]
        print(f"{what}: without {median(rates[without]):.2f}, with {median(rates[with_guesses]):.2f} tok/s (medians);"
              f" ratio {median(ratios):.3f} (median of {count}; {min(ratios):.3f} to {max(ratios):.3f})", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=5)
    parser.add_argument("--tokens", type=int, default=256)
    parser.add_argument("--draft", nargs=2, metavar=("MODEL", "SMALL"), help="also compare these, a model and its draft model")
    given = parser.parse_args()
    folder, model = prepare()
    prepare_fast_starts(folder)
    in_page_cache(model)
    conditions()

    def served(*words):
        return sampo(folder, *words, *ONE)

    def run(what, plain, guessing, tokens=given.tokens, **fields):
        compare(what, plain, guessing, given.pairs, tokens, **fields)

    run("text that repeats itself", served(model), served(model, "--speculation", "ngram"))
    run("text that cannot be guessed", served(model), served(model, "--speculation", "ngram"), temperature=2, seed=1)
    run("llama-server, text that repeats itself", llama_server(folder, model, *PEER),
        llama_server(folder, model, *PEER, "--spec-type", "ngram-simple"))
    run("a draft model as large as its model", sampo(folder, "stories15m", "--threads", "2"),
        sampo(folder, "stories15m", "--threads", "2", "--draft", "stories15m"), tokens=min(given.tokens, 100))
    if given.draft:
        large, small = given.draft
        run("draft model", served(large), served(large, "--draft", small))


if __name__ == "__main__":
    main()
