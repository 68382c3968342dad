"""The Judge: clients that count. Each request is sent once and read to its end, over whatever happens to gateways and connections; then every one is
accounted for: sent = ok + refused + error + cancelled + LOST, and what came is compared with what the same request says undisturbed: DUP, GAP, WRONG.

A client does what README tells clients: after a broken connection, or an error that says so, it asks another gateway for the rest with Last-Event-ID."""

import collections
import http.client
import json
import socket
import threading
import time

HOST = "127.0.0.1"
PATH = "/v1/completions"

# Codes after which the same stream can be asked for again, elsewhere or later.
AGAIN = {"draining", "overloaded", "no_capacity", "reader_stalled"}


class Request:
    """One request, its text so far and its end."""

    def __init__(self, number, prompt, tokens, patience=60.0, leave_after=None, **fields):
        self.number, self.prompt, self.tokens = number, prompt, tokens
        self.body = json.dumps({"prompt": prompt, "max_tokens": tokens, "temperature": 0, "stream": True, **fields})
        self.patience, self.leave_after = patience, leave_after
        self.text, self.events, self.last_id, self.outcome, self.code = [], [], None, None, None
        self.attempts = self.resumed = 0

    def run(self, gateways):
        """Tries gateways in turn, its own first, until there is an end."""
        deadline = time.monotonic() + self.patience
        while self.outcome is None and time.monotonic() < deadline:
            port = gateways[(self.number + self.attempts) % len(gateways)]
            self.attempts += 1
            try:
                self._ask(port)
            except (OSError, http.client.HTTPException):
                time.sleep(0.1)
        if self.outcome is None:
            # Without a 2xx it was never accepted, so there is nothing to lose.
            self.outcome = "LOST" if self.last_id else "refused"

    def _ask(self, port):
        connection = http.client.HTTPConnection(HOST, port, timeout=10)
        headers = {"Content-Type": "application/json"}
        if self.last_id:
            headers["Last-Event-ID"] = self.last_id
            self.resumed += 1
        try:
            connection.request("POST", PATH, self.body, headers)
            answer = connection.getresponse()
            if answer.status != 200:
                self._refused(answer)
                return
            self.last_id = self.last_id or answer.getheader("x-sampo-stream")
            self._read(answer)
        finally:
            connection.close()

    def _refused(self, answer):
        self.code = json.loads(answer.read())["error"]["code"]
        if self.code in AGAIN:
            time.sleep(float(answer.getheader("retry-after-ms", "200")) / 1000)
        elif self.last_id:
            self.outcome = "LOST"
        else:
            self.outcome = "refused"

    def _read(self, answer):
        """An event counts once its empty line has come."""
        event_id = data = None
        for raw in answer:
            line = raw.decode().rstrip("\n")
            if line.startswith("id: "):
                event_id = line[4:]
            elif line.startswith("data: "):
                data = line[6:]
            elif not line and data is not None:
                self._take(data)
                self.last_id = event_id or self.last_id
                event_id = data = None
                if self.outcome or (self.code in AGAIN):
                    return
                if self.leave_after and len(self.events) >= self.leave_after:
                    self.outcome = "cancelled"
                    return

    def _take(self, data):
        self.code = None
        if data == "[DONE]":
            self.outcome = "ok"
            return
        event = json.loads(data)
        if "error" in event:
            self.code = event["error"]["code"]
            if self.code not in AGAIN:
                self.outcome = "error"
            return
        self.events.append(time.monotonic())
        self.text.append("".join(choice["text"] for choice in event["choices"]))

    @property
    def said(self):
        return "".join(self.text)

    def longest_pause(self, since):
        """Seconds, of the pauses that ended after this moment."""
        pairs = zip(self.events, self.events[1:])
        return max((later - earlier for earlier, later in pairs if later > since), default=0.0)


def whole(port, prompt, tokens, **fields):
    """The text of the same request without a stream, when nothing happens."""
    connection = http.client.HTTPConnection(HOST, port, timeout=120)
    body = json.dumps({"prompt": prompt, "max_tokens": tokens, "temperature": 0, **fields})
    try:
        connection.request("POST", PATH, body, {"Content-Type": "application/json"})
        answer = json.loads(connection.getresponse().read())
        return answer["choices"][0]["text"]
    finally:
        connection.close()


class Clients:
    """Requests that run, each in a thread of its own."""

    def __init__(self, requests, gateways):
        self.requests = requests
        self.threads = [threading.Thread(target=one.run, args=(gateways,), daemon=True) for one in requests]

    def start(self):
        for thread in self.threads:
            thread.start()
        return self

    def await_events(self, count, seconds=60):
        """Until each that has not ended has told so many events."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if all(one.outcome or len(one.events) >= count for one in self.requests):
                return self
            time.sleep(0.01)
        raise SystemExit("the streams did not begin")

    def join(self):
        for thread in self.threads:
            thread.join()
        return self


def ledger(requests, expected):
    """Counts by outcome and by what is wrong with the text of those that are ok."""
    counts = collections.Counter(one.outcome for one in requests)
    for one in requests:
        want = expected[one.prompt]
        if one.outcome == "ok" and one.said != want:
            counts["GAP" if len(one.said) < len(want) else "DUP" if len(one.said) > len(want) else "WRONG"] += 1
        elif one.outcome == "cancelled" and not want.startswith(one.said):
            counts["WRONG"] += 1
    counts["sent"] = len(requests)
    return counts


def line(counts):
    names = ("sent", "ok", "refused", "error", "cancelled", "LOST", "DUP", "GAP", "WRONG")
    return "  ".join(f"{name} {counts.get(name, 0)}" for name in names)


def clean(counts):
    accounted = sum(counts.get(name, 0) for name in ("ok", "refused", "error", "cancelled", "LOST"))
    return accounted == counts["sent"] and not any(counts.get(name) for name in ("LOST", "DUP", "GAP", "WRONG"))


def free_port():
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return probe.getsockname()[1]
