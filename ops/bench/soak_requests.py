"""The requests of a soak: what is sent, how its client behaves, and how each one ended. Every one follows from its number and the seed."""

import asyncio
import json
import random

HOST = "127.0.0.1"
CHAT, COMPLETIONS = "/v1/chat/completions", "/v1/completions"

# The longest wait for anything; whoever needs longer has lost the request.
PATIENCE = 120

WORDS = "time house river little green bird stone happy under story night walked found again door window".split()

# Bodies that must be refused, each with its status.
BAD = [
    (COMPLETIONS, b'{"prompt": "x"', 400),
    (COMPLETIONS, b'{"prompt": 7}', 400),
    (COMPLETIONS, b'{"prompt": "x", "max_tokens": 0}', 400),
    (COMPLETIONS, b'{"prompt": "x", "priority": 1000}', 400),
    (COMPLETIONS, b'{"prompt": [1, 99999999]}', 400),
    (COMPLETIONS, b'{"prompt": "x", "model": "no-such-model"}', 404),
    (COMPLETIONS, b'{"prompt": "x", "grammar": "root ::= ("}', 400),
    (COMPLETIONS, json.dumps({"prompt": "word " * 3000}).encode(), 400),
    (CHAT, b'{"messages": []}', 400),
    (CHAT, b'{"messages": [{"role": "nobody", "content": "x"}]}', 400),
    ("/v1/nothing", b"{}", 404),
]


class Request:
    """One request: path, body, and when its client leaves."""

    def __init__(self, seed, number):
        random_ = self.random = random.Random(f"{seed}/{number}")
        self.expected, self.leaves, self.headers = 200, None, ""
        if random_.random() < 0.08:
            self.path, self.body, self.expected = random_.choice(BAD)
            self.stream = False
            return
        self.stream = random_.random() < 0.5
        self.path, fields = self._ask()
        self.choices = fields.get("n", 1)
        self.body = json.dumps(fields).encode()
        if random_.random() < 0.03:
            self.headers = f"X-Request-Timeout-Ms: {random_.choice([1, 50, 300])}\r\n"
        if random_.random() < 0.3:
            self.leaves = random_.choice(["in the head", "in the body", "at once", "soon", "in the answer", "in the answer", "at the end"])

    def _ask(self):
        draw = self.random
        text = " ".join(draw.choices(WORDS, k=draw.choice([1, 3, 10, 40, 100])))
        if draw.random() < 0.4:
            text = "Once upon a time there was a little green bird in a house by the river. " * 3 + text
        fields = {"max_tokens": draw.choice([1, 2, 5, 10, 20, 40, 80]), "stream": self.stream, "seed": draw.randrange(1 << 40),
                  "temperature": draw.choice([0, 0.8, 1.5])}
        if draw.random() < 0.15:
            fields["n"] = draw.randint(2, 4)
        if draw.random() < 0.2:
            fields["stop"] = draw.sample([".", "\n", "the", "Lily was", "never said"], k=2)
        if draw.random() < 0.3:
            fields["priority"] = draw.randint(-3, 3)
        kind = draw.random()
        if kind < 0.08:
            fields["grammar"] = 'root ::= ([a-z]+ " "){1,20} "."'
        elif kind < 0.15:
            fields["response_format"] = {"type": "json_schema", "json_schema": {"name": "s", "schema": {
                "type": "object", "properties": {"age": {"type": "integer"}, "ok": {"type": "boolean"}}, "required": ["age", "ok"]}}}
        elif kind < 0.2:
            fields["repeat_penalty"] = 1.2
        if draw.random() < 0.3:
            if draw.random() < 0.3:
                fields.update(logprobs=True, top_logprobs=3)
            return CHAT, {"messages": [{"role": "user", "content": text}], **fields}
        return COMPLETIONS, {"prompt": text, **fields}

    def bytes(self):
        head = (f"POST {self.path} HTTP/1.1\r\nHost: {HOST}\r\nContent-Type: application/json\r\n{self.headers}"
                f"Content-Length: {len(self.body)}\r\nConnection: close\r\n\r\n").encode()
        if self.leaves == "in the head":
            return head[:self.random.randrange(len(head))]
        if self.leaves == "in the body":
            return head + self.body[:self.random.randrange(len(self.body))]
        return head + self.body

    async def send(self, port):
        """Sends it and reads what comes; says in a word how it ended."""
        reader, writer = await asyncio.wait_for(asyncio.open_connection(HOST, port, limit=1 << 22), PATIENCE)
        try:
            await self._write(writer)
            return await asyncio.wait_for(self._read(reader, writer), PATIENCE)
        except (asyncio.TimeoutError, OSError) as failure:
            return f"LOST: {type(failure).__name__}"
        finally:
            self._leave(writer)

    async def _write(self, writer):
        """Some send head and body apart, as many clients do."""
        whole = self.bytes()
        cut = whole.find(b"\r\n\r\n") + 4
        if cut >= 4 and self.random.random() < 0.2:
            writer.write(whole[:cut])
            await writer.drain()
            await asyncio.sleep(self.random.random() * 0.01)
            whole = whole[cut:]
        writer.write(whole)
        await writer.drain()

    async def _read(self, reader, writer):
        if self.leaves in ("in the head", "in the body", "at once"):
            return "left"
        if self.leaves == "soon":
            await asyncio.sleep(self.random.random() * 0.2)
            return "left"
        if self.leaves == "in the answer":
            await reader.read(1 + self.random.randrange(2000))
            return "left"
        return self.outcome(await reader.read())

    def _leave(self, writer):
        if self.leaves and self.random.random() < 0.5:
            writer.transport.abort()
        else:
            writer.close()

    def outcome(self, answer):
        """How a whole answer ended. Whatever is not one of the honest ends is written in capitals."""
        head, _, body = answer.partition(b"\r\n\r\n")
        words = head.split(b" ", 2)
        if len(words) < 2:
            return "LOST: no answer"
        status = int(words[1])
        if status == 200 and self.expected == 200:
            return self.streamed(body) if self.stream else self.whole(body)
        if b'"error"' not in body:
            return f"WRONG: {status} without an error"
        if status == self.expected:
            return "refused as it must be"
        if status in (429, 503):
            return "refused, full"
        return "too late" if status == 504 and self.headers else f"WRONG: {status} for {self.expected}"

    def whole(self, body):
        try:
            answer = json.loads(body[body.index(b"{"):body.rindex(b"}") + 1])
        except ValueError:
            return "LOST: half an answer"
        ended = [choice for choice in answer["choices"] if choice["finish_reason"]]
        return "answered" if len(ended) == self.choices else "WRONG: choices without an end"

    def streamed(self, body):
        events = [line[6:].strip() for line in body.split(b"\n") if line.startswith(b"data: ")]
        if any(b'"error"' in event[:12] for event in events):
            return "too late" if self.headers else f"WRONG: {events[-1][:200]!r}"
        if not events or events[-1] != b"[DONE]":
            return "LOST: a stream without its end"
        ended = sum(1 for event in events[:-1] for choice in json.loads(event)["choices"] if choice.get("finish_reason"))
        return "answered" if ended == self.choices else "WRONG: choices without an end"
