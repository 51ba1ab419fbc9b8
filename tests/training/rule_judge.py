"""A judge by rule behind the OpenAI protocol, on loopback: it reads the forms it is asked for.

A statement is supported when every word of it stands in the context; a passage is useful when it
holds a word of the right answer that is longer than four letters; a fact is stated when the context
holds it letter for letter. The questions it makes are the answer itself, asked in three ways.
"""

import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Literal

Manner = Literal["schema", "object", "words", "rubbish", "short", "silent", "broken"]


@dataclass
class RuleJudge:
    """What it was asked (`requests`, `keys`), and in which `manner` it answers.

    "schema" takes every option, "object" no named JSON schema (as
    llama-cpp-python, which answers 500), "words" no option at all; "rubbish"
    answers prose, "short" forgets one finding, "silent" never answers, "broken" fails.
    """

    url: str = ""
    manner: Manner = "schema"
    requests: list[dict[str, Any]] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)

    def materials(self) -> list[dict[str, Any]]:
        """Return what was put before it, read as it reads it."""
        return [_material(asked["messages"]) for asked in self.requests]

    def answer(self, asked: dict[str, Any]) -> tuple[int, str]:
        """Return a status, and what it says."""
        kind = asked.get("response_format", {}).get("type", "")
        if self.manner == "silent":
            self.over.wait(30)
        if self.manner == "broken":
            return 500, "out of memory"
        if self.manner == "object" and kind == "json_schema":
            return 500, "1 validation error: Input should be 'text' or 'json_object'"
        if self.manner == "words" and (kind or "max_tokens" in asked):
            return 400, "Unsupported parameter"
        if self.manner == "rubbish":
            return 200, "I would say that it is rather good."
        said = json.dumps(self._judge(_material(asked["messages"])))
        if self.manner == "words":
            said = f"<think>{{perhaps}}</think>Here it is:\n```json\n{said}\n```"
        return 200, said

    def _judge(self, material: dict[str, Any]) -> dict[str, Any]:
        if "statements" in material:
            context = _words(" ".join(material["context"]))
            held = [_words(one["text"]) <= context for one in material["statements"]]
        elif "passages" in material:
            wanted = {word for word in _words(material["answer"]) if len(word) > 4}
            held = [bool(wanted & _words(one["text"])) for one in material["passages"]]
        elif "facts" in material:
            context_text = " ".join(material["context"])
            held = [one["text"] in context_text for one in material["facts"]]
        elif "question" in material:
            parts = re.split(r"(?<=[.!?])\s+", material["answer"])
            return {"statements": [part for part in parts if part]}
        else:
            said = material["answer"]
            vague = "do not know" in said
            return {"questions": [f"{said}?" for _ in range(3)], "noncommittal": vague}
        rows = [{"n": n, "reason": "by rule", "holds": ok} for n, ok in enumerate(held, 1)]
        return {"findings": rows[1:] if self.manner == "short" else rows}


def _material(messages: list[dict[str, str]]) -> dict[str, Any]:
    """Return the JSON object at the end of the last message."""
    text = messages[-1]["content"]
    found: dict[str, Any] = json.loads(text[text.rfind("\n{") + 1 :])
    return found


def _words(text: str) -> set[str]:
    return set(re.findall(r"[\w$.]*\w", text.lower()))


@contextmanager
def judging(manner: Manner = "schema") -> Iterator[RuleJudge]:
    """Yield a judge that listens on loopback."""
    judge = RuleJudge(manner=manner)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            judge.requests.append(asked)
            judge.keys.append(self.headers.get("Authorization", ""))
            status, said = judge.answer(asked)
            message = {"role": "assistant", "content": said}
            choice = {"index": 0, "message": message, "finish_reason": "stop"}
            whole = {"id": "1", "object": "chat.completion", "created": 0, "model": "rule"}
            refused = {"error": {"message": said, "code": status}}
            body = json.dumps({**whole, "choices": [choice]} if status == 200 else refused)
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body.encode())))
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, format: str, *args: object) -> None:
            """Keep the test output quiet."""

        def handle(self) -> None:
            try:
                super().handle()
            except (BrokenPipeError, ConnectionResetError):
                pass  # whoever asked no longer waits

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    judge.url = f"http://127.0.0.1:{server.server_address[1]}/v1"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield judge
    finally:
        judge.over.set()
        server.shutdown()
        server.server_close()
        thread.join()
