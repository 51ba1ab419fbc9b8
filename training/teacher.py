"""An optional teacher: an OpenAI-compatible server writes questions about pages, and wordings.

    teacher = Teacher("http://127.0.0.1:8080/v1", "any-model")
    for question in teacher.ask_about(organisation, count=5, calls=40):
        question.q, question.steps[0].quotes

What it writes is data. A question is kept only when its quote stands in the page, word for word;
another wording only when it keeps every number and name of the question that it rewords.
"""

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from frontdesk.training.chat_server import ChatServer, ServerError
from frontdesk.training.corpus import Expectation, Organisation, Question
from frontdesk.training.pipeline.errors import TrainingError
from frontdesk.training.structure import sections
from frontdesk.training.traces import tokens

ASK = """You write test questions for the front desk of {organisation}.
Read the text between the lines. Write {count} short questions that members of the public would type
(some badly), each answered by exactly one sentence of the text. Copy that sentence letter for
letter. Answer with one JSON object a line and nothing else:
{{"q": "the question", "quote": "the sentence"}}
---
{title}: {heading}
{text}
---"""
REWORD = """Say this question in {count} other ways, as hurried people type. Keep every name and
number. Answer with one JSON object a line and nothing else: {{"q": "the question"}}
---
{question}
---"""
LONGEST, SHORTEST = 300, 3
_OBJECT = re.compile(r"\{[^{}]*\}")


@dataclass
class Teacher:
    """A model behind an OpenAI-compatible `url`; `counts` says what became of what it wrote."""

    url: str
    model: str
    seed: int = 7
    timeout: float = 60.0
    counts: Counter[str] = field(default_factory=Counter)

    def ask_about(
        self, organisation: Organisation, *, count: int, calls: int
    ) -> Iterator[Question]:
        """Yield checked questions about the site, in at most `calls` calls, one a section.

        Raises `TrainingError` when the server cannot be reached or refuses.
        """
        texts = organisation.pages.values()
        pages = [(page, section) for page in texts for section in sections(page)]
        step = max(1, len(pages) // max(1, calls))
        for page, section in pages[::step][:calls]:
            text = "\n".join(section.sentences)
            prompt = ASK.format(
                organisation=organisation.name,
                count=count,
                title=section.title,
                heading=section.heading,
                text=text,
            )
            for written in self._write(prompt):
                question = self._checked(written, page)
                if question is not None:
                    yield question

    def reword(self, questions: Sequence[Question], *, count: int) -> Iterator[Question]:
        """Yield other wordings of questions, with the same labels."""
        for question in questions:
            for written in self._write(REWORD.format(count=count, question=question.q)):
                text = _text(written.get("q"))
                if not text or _must_keep(question) - tokens(text):
                    self.counts["wording dropped: a name or number is missing"] += 1
                elif text.lower() != question.q.lower():
                    self.counts["wordings kept"] += 1
                    yield question.model_copy(update={"q": text})

    def _checked(self, written: Mapping[str, object], page: str) -> Question | None:
        """Return the question, or None (and a count of why) where its quote stands nowhere."""
        text, quote = _text(written.get("q")), _text(written.get("quote"))
        if not text or not quote:
            self.counts["dropped: no question or no quote"] += 1
            return None
        if quote not in " ".join(page.split()):
            self.counts["dropped: the quote does not stand in the page"] += 1
            return None
        self.counts["questions kept"] += 1
        step = Expectation(step="search", quotes=(quote,))
        return Question(q=text, steps=(step,), origin="written")

    @cached_property
    def _server(self) -> ChatServer:
        return ChatServer(self.url, self.model, self.timeout)

    def _write(self, prompt: str) -> list[Mapping[str, object]]:
        """Return the JSON objects of one answer; what is no JSON is counted and dropped."""
        asked: dict[str, Any] = {"temperature": 0.7, "seed": self.seed, "max_tokens": 600}
        try:
            written = self._server.ask([{"role": "user", "content": prompt}], **asked)
        except ServerError as error:
            raise TrainingError(
                f"the teacher at {self.url} does not answer ({error});"
                " start it, or leave synthesise.teacher_url empty"
            ) from error
        self.counts["calls"] += 1
        found = list(_objects(written))
        if not found:
            self.counts["answers without JSON"] += 1
        return found


def _objects(text: str) -> Iterator[Mapping[str, object]]:
    for match in _OBJECT.finditer(text):
        try:
            value = json.loads(match[0])
        except ValueError:
            continue
        if isinstance(value, dict):
            yield value


def _text(value: object) -> str:
    """Return a plain line of a fitting length, or ""."""
    text = " ".join(value.split()) if isinstance(value, str) else ""
    return text if SHORTEST <= len(text) <= LONGEST else ""


def _must_keep(question: Question) -> Counter[str]:
    """Return the words of the question that name its places and people, and its numbers."""
    step = question.steps[0]
    names = tokens(" ".join([*step.places, step.contact or ""]))
    said = tokens(question.q)
    return Counter({w: 1 for w in said if w in names or any(c.isdigit() for c in w)})
