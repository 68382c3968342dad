"""Starts Sampo and llama-server on the same libraries, talks to them, and reads from /proc what they use."""

import contextlib
import http.client
import json
import os
import re
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
HOST = "127.0.0.1"

# Whoever ends a benchmark ends its servers too.
signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))


def prepare():
    """Builds what is missing; returns the folder of both programs and the 1B model."""
    model = subprocess.run([HERE / "model.sh"], check=True, stdout=subprocess.PIPE, text=True).stdout.strip()
    return Path(model).parent, Path(model)


def free_port():
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return probe.getsockname()[1]


class Server:
    """A running endpoint; a context, at whose end the process is gone."""

    def __init__(self, name, command, environment=None):
        self.name, self.port = name, free_port()
        self.output = tempfile.NamedTemporaryFile(prefix="bench-", suffix=".log")
        command = [str(word) for word in command + ["--host", HOST, "--port", self.port]]
        self.started = time.monotonic()
        self.process = subprocess.Popen(command, stdout=self.output, stderr=subprocess.STDOUT, env={**os.environ, **(environment or {})})
        self.pid = self.process.pid

    def __enter__(self):
        return self

    def __exit__(self, *failure):
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        if failure[0]:
            sys.stderr.write(self.log()[-2000:])

    def log(self):
        return Path(self.output.name).read_text(errors="replace")

    def await_ready(self, seconds=120):
        """Until a token can be had; returns self."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                break
            with contextlib.suppress(OSError, http.client.HTTPException, Refused):
                Answer(self, "Once upon a time", 1)
                return self
            time.sleep(0.05)
        raise SystemExit(f"{self.name} did not get ready:\n{self.log()[-2000:]}")


class Refused(Exception):
    """The endpoint answered with an error."""


class Answer:
    """One streamed completion, read to its end. Times are seconds of time.monotonic().

    While the answer runs only bytes are taken from the socket; they are looked at when all are there, because server and
    client share two cores and a reader that parses slows what it measures.
    """

    def __init__(self, server, prompt, tokens, **fields):
        self.asked, self.times, self.text, self.tokens = time.monotonic(), [], [], 0
        body = {"prompt": prompt, "max_tokens": tokens, "temperature": 0, "ignore_eos": True, "stream": True,
                "stream_options": {"include_usage": True}, **fields}
        body = json.dumps(body).encode()
        head = (f"POST /v1/completions HTTP/1.1\r\nHost: {HOST}:{server.port}\r\nContent-Type: application/json\r\n"
                f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n")
        with socket.create_connection((HOST, server.port), timeout=300) as connection:
            connection.sendall(head.encode() + body)
            pieces = []
            while piece := connection.recv(1 << 16):
                pieces.append((time.monotonic(), piece))
        self._read(server, pieces)
        if not self.tokens:
            raise Refused(f"{server.name}: an answer without tokens")

    def _read(self, server, pieces):
        whole = b"".join(piece for _, piece in pieces)
        if not whole.startswith(b"HTTP/1.1 200"):
            raise Refused(f"{server.name}: {whole[:500]!r}")
        ends, end = [], 0
        for now, piece in pieces:
            end += len(piece)
            ends.append((end, now))
        arrived = iter(ends)
        seen, now = next(arrived)
        # An event is one line; where a chunk of HTTP begins does not matter to it.
        for line in re.finditer(rb"data: (\{.*\})\r?\n", whole):
            while seen < line.end():
                seen, now = next(arrived)
            self._take(json.loads(line.group(1)), now)

    def _take(self, event, now):
        if "error" in event:
            raise Refused(str(event["error"]))
        if event.get("usage"):
            self.tokens = event["usage"]["completion_tokens"]
            self.prompt_tokens = event["usage"]["prompt_tokens"]
            self.cached = (event["usage"].get("prompt_tokens_details") or {}).get("cached_tokens", 0)
        if any(choice.get("text") for choice in event["choices"]):
            self.times.append(now)
            self.text.append(event["choices"][0]["text"])

    @property
    def first(self):
        """Seconds from the request to the first piece of text."""
        return self.times[0] - self.asked

    @property
    def rate(self):
        """Tokens per second after the first. Some tokens are no whole characters and come with the next."""
        return (self.tokens - 1) / (self.times[-1] - self.times[0])

    @property
    def gaps(self):
        return [later - earlier for earlier, later in zip(self.times, self.times[1:])]


def sampo(folder, *words, kernels="off"):
    """Multiplies by llama.cpp's kernels, as the peer does, unless told otherwise."""
    choice = [] if "--engine" in words else ["--kernels", kernels]
    return Server("Sampo", [folder / "sampo/bin/sampo", "serve", *words, *choice])


def llama_server(folder, model, *words):
    return Server("llama-server", [folder / "peer/bin/llama-server", "-m", model, *words])


def prepare_fast_starts(folder):
    """Sampo's start-up cache is made at its first start; this is that start."""
    with sampo(folder, "--engine", "simulated") as server:
        server.await_ready()


def in_page_cache(file):
    with open(file, "rb") as bytes_:
        while bytes_.read(1 << 22):
            pass


def memory(pid):
    """Resident and proportional size in MB, and of the former what is no file's."""
    rollup = dict(re.findall(r"^(\w+):\s+(\d+) kB", Path(f"/proc/{pid}/smaps_rollup").read_text(), re.M))
    return {name: int(rollup[name]) / 1000 for name in ("Rss", "Pss", "Anonymous")}


def thread_seconds(pid):
    """CPU time of each thread: {id: (name, seconds)}."""
    threads = {}
    for task in Path(f"/proc/{pid}/task").iterdir():
        with contextlib.suppress(OSError):
            threads[task.name] = (task.joinpath("comm").read_text().strip(), int(task.joinpath("schedstat").read_text().split()[0]) / 1e9)
    return threads


def median(values):
    return statistics.median(values)


def percentile(values, share):
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]


def busy_share(seconds):
    """The share of all cores that was busy over a time."""
    def read():
        ticks = [int(word) for word in Path("/proc/stat").read_text().split("\n")[0].split()[1:9]]
        return sum(ticks), ticks[3] + ticks[4]

    total, idle = read()
    time.sleep(seconds)
    later, later_idle = read()
    return 1 - (later_idle - idle) / max(1, later - total)


def await_quiet(limit=30):
    """Waits until others leave the machine alone, so long at most; false when they did not."""
    deadline = time.monotonic() + limit
    while busy_share(1) > 0.15:
        if time.monotonic() > deadline:
            return False
    return True


def conditions():
    """What a reader of the figures must know of the moment."""
    print(f"{time.strftime('%Y-%m-%d %H:%M')}, {os.cpu_count()} cores; before: load average {os.getloadavg()[0]:.2f}, "
          + ("quiet" if await_quiet() else "NOT QUIET"))
