#!/usr/bin/env python3
"""Steps with our own CPU kernels beside llama.cpp's, on the same libraries in one process, in alternating pairs.

Prefill of 512 and of 64 tokens, and decode of one, 4 and 16 sequences that share 512 tokens, of a model with the shape of a 1B Llama.
Memory's read bandwidth and the processor's peak of int8 products are measured before each pair; a row says what share of the peak
the products reach (prefill) or of the bandwidth the weights (one stream).
"""

import argparse
import subprocess
from pathlib import Path

from servers import await_quiet, conditions, in_page_cache, median

HERE = Path(__file__).resolve().parent
# Of Llama-3.2-1B: weights that every token passes, and those of the output matrix, which only tokens that are continued pass.
LAYERS, HEAD = 973e6, 263e6
CASES = {  # words of a case: tokens that count, products a run takes
    "prefill 512": (512, 512 * LAYERS + HEAD),
    "prefill 64": (64, 64 * LAYERS + HEAD),
    "decode 1 512 32": (32, 32 * (LAYERS + HEAD)),
    "decode 4 512 16": (64, 64 * (LAYERS + HEAD)),
    "decode 16 512 8": (128, 128 * (LAYERS + HEAD)),
}


class Speed:
    """The program that runs steps, with a model loaded once for each kind of kernels."""

    def __init__(self, folder, model, threads):
        java = subprocess.run([HERE / "../../cluster/bin/java25"], check=True, stdout=subprocess.PIPE, text=True).stdout.strip()
        self.process = subprocess.Popen(
            [java, "--enable-native-access=ALL-UNNAMED", f"-Dsampo.native.dir={folder}/sampo/lib/native", "--class-path",
             f"{folder}/sampo/lib/*", HERE / "KernelSpeed.java", model, str(threads)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)

    def ask(self, line):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline().split()
        if not answer:
            raise SystemExit("the program that runs steps has ended; run it by hand to see why: KernelSpeed.java")
        return answer

    def close(self):
        self.process.stdin.close()
        self.process.wait(30)


def limits(folder, threads):
    """Read bandwidth in bytes a second and int8 operations a second."""
    program = folder / "machine"
    source = HERE / "machine.cpp"
    if not program.exists() or program.stat().st_mtime < source.stat().st_mtime:
        subprocess.run(["g++", "-std=c++17", "-O3", "-march=native", source, "-o", program, "-lpthread"], check=True)
    read, peak = subprocess.run([program, str(threads)], check=True, stdout=subprocess.PIPE, text=True).stdout.split()
    return 1e9 * float(read), 1e12 * float(peak)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=7)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--type", default="Q4_K_M", help="number format of the model: Q4_K_M, Q8_0, Q4_0 …")
    parser.add_argument("--kernels", default="auto", help="auto, or a variant by name")
    arguments = parser.parse_args()
    model = Path(subprocess.run([HERE / "model.sh", arguments.type], check=True, stdout=subprocess.PIPE, text=True).stdout.strip())
    folder = model.parent
    conditions()
    in_page_cache(model)
    speed = Speed(folder, model, arguments.threads)
    stock_load, *_ = speed.ask("off load")
    our_load, variant, file_bytes, packed_bytes = speed.ask(f"{arguments.kernels} load")
    print(f"{model.name}: {variant} kernels, {int(file_bytes) / 1e6:.0f} MB of the file in {int(packed_bytes) / 1e6:.0f} MB; loaded and all"
          f" of it on huge pages in {float(our_load):.2f} s, stock {float(stock_load):.2f} s", flush=True)
    rates = {case: ([], []) for case in CASES}
    shares = {case: [] for case in CASES}
    reads, peaks = [], []
    for pair in range(arguments.pairs):
        quiet = await_quiet()
        read, peak = limits(folder, arguments.threads)
        reads.append(read)
        peaks.append(peak)
        for case, (tokens, products) in CASES.items():
            for which, kernels in list(enumerate(("off", arguments.kernels)))[:: 1 if pair % 2 == 0 else -1]:
                seconds = float(speed.ask(f"{kernels} {case}")[0])
                rates[case][which].append(tokens / seconds)
                if which == 1:
                    by_bandwidth = case.startswith("decode 1 ")
                    shares[case].append(tokens * int(packed_bytes) / seconds / read if by_bandwidth else 2 * products / seconds / peak)
        print(f"  pair {pair + 1}: {read / 1e9:.0f} GB/s, " + ", ".join(
            f"{case} {off[-1]:.1f} → {on[-1]:.1f}" for case, (off, on) in rates.items())
            + ("" if quiet else "; machine busy with other things"), flush=True)
    speed.close()
    print(f"read bandwidth {median(reads) / 1e9:.0f} GB/s ({min(reads) / 1e9:.0f} to {max(reads) / 1e9:.0f}),"
          f" int8 peak {median(peaks) / 1e12:.2f} TOP/s")
    for case, (off, on) in rates.items():
        ratios = [our / stock for stock, our in zip(off, on)]
        of = "bandwidth" if case.startswith("decode 1 ") else "peak"
        print(f"{case}: stock {median(off):.1f}, ours {median(on):.1f} tok/s; ratio {median(ratios):.2f} (median of {len(ratios)};"
              f" {min(ratios):.2f} to {max(ratios):.2f}); {100 * median(shares[case]):.0f} % of {of}", flush=True)


if __name__ == "__main__":
    main()
