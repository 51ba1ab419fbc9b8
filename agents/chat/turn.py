"""One answer of a chat model: read the prompt, choose a step from scores, write it."""

import codecs
import json
from collections.abc import Sequence as Many
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from frontdesk.agents.chat.tool_calls import Dialect
from frontdesk.agents.runtime.constraints import Constraints
from frontdesk.agents.runtime.drafting import PromptLookup
from frontdesk.agents.runtime.engine import Engine
from frontdesk.agents.runtime.generation import Generation, Sampler
from frontdesk.agents.runtime.scoring import scoring
from frontdesk.agents.runtime.sequence import Sequence
from frontdesk.agents.runtime.steps import Steps

ANSWER = "answer"


@dataclass(frozen=True)
class Request:
    """What is asked of the model.

    `prefix` is how many tokens of `prompt` are the fixed part; `tools` are (name, grammar of its
    arguments); `choice` is "auto", "any", "none" or a tool's name; `grammar` constrains words.
    """

    prompt: list[int]
    prefix: int
    limit: int
    tools: dict[str, str] = field(default_factory=dict)
    choice: str = "auto"
    grammar: str = ""
    stop: Many[str] = ()
    temperature: float = 0.0
    seed: int | None = None
    drafting: bool = False


@dataclass(frozen=True)
class Delta:
    """What was written last: words, or a whole tool call."""

    text: str = ""
    tool: str = ""
    arguments: str = ""


class TextStream:
    """Turns bytes into text; holds back unfinished characters and beginnings of a stop text."""

    def __init__(self, stop: Many[str]) -> None:
        self._decode = codecs.getincrementaldecoder("utf-8")("replace").decode
        self._stop, self._held = [text for text in stop if text], ""
        self.stopped = False

    def feed(self, data: bytes, *, final: bool = False) -> str:
        """Return the text that may be shown after `data`."""
        if self.stopped:
            return ""
        self._held += self._decode(data, final)
        found = [at for text in self._stop if (at := self._held.find(text)) >= 0]
        if found:
            self.stopped = True
            shown, self._held = self._held[: min(found)], ""
            return shown
        hold = 0 if final else max((_overlap(self._held, text) for text in self._stop), default=0)
        cut = len(self._held) - hold
        shown, self._held = self._held[:cut], self._held[cut:]
        return shown


class ChatTurn:
    """Runs one `Request` on an engine; `start`, then `advance` until it returns None, then `close`.

    Attributes:
        step: the step chosen: a tool's name or "answer".
        probabilities: how likely the model found each step that was allowed.
        finish: "stop", "length" or "tool_calls", once it has ended.
    """

    def __init__(
        self, engine: Engine, constraints: Constraints, dialect: Dialect, request: Request
    ) -> None:
        self.request, self._engine = request, engine
        self._constraints, self._dialect = constraints, dialect
        self._starts = {name: tuple(engine.tokenize(dialect.start(name))) for name in request.tools}
        self._openings = frozenset(tokens[0] for tokens in self._starts.values())
        self._sampler = Sampler(request.temperature, request.seed)
        self._stream = TextStream(request.stop)
        self.sequence: Sequence | None = None
        self._writing: Generation | None = None
        self.step, self.finish = ANSWER, ""
        self.probabilities: dict[str, float] = {}
        self.output_tokens = 0

    def start(self, deadline: float | None) -> Steps[None]:
        """Open a sequence, read the prompt and choose the step."""
        prompt, prefix = self.request.prompt, self.request.prefix
        self.sequence = yield from self._engine.opening(prompt[:prefix], deadline)
        done = prefix + (yield from self.sequence.resuming(prompt[prefix:]))
        logits = yield from self.sequence.extending(prompt[done:], 1)
        if self._starts and self.request.choice != "none":
            yield from self._choose(logits)
        if self.step == ANSWER:
            self._write_text(logits)

    def advance(self) -> Steps[Delta | None]:
        """Write on; return what is new, or None at the end."""
        if self.finish:
            return None
        if self.step != ANSWER:
            return (yield from self._call(self.step))
        writing = self._writing
        assert writing is not None, "start() comes first"
        tokens = yield from writing.advance()
        self.output_tokens += len(tokens)
        data = b"".join(self._engine.piece(token) for token in tokens)
        text = self._stream.feed(data, final=bool(writing.finish))
        if self._stream.stopped:
            self.finish = "stop"
        elif writing.finish and writing.stopped_by in self._openings and writing.stops:
            # Words, and then a call after all: choose which.
            yield from self._choose(writing.logits, only_tools=True)
        elif writing.finish:
            self.finish = writing.finish
        return Delta(text)

    def close(self) -> None:
        """Give the sequence back; what was read is kept for the thread's next turn."""
        if self.sequence is not None:
            self.sequence.close(keep=True)

    def _choose(self, logits: npt.NDArray[np.float32], *, only_tools: bool = False) -> Steps[None]:
        """Score the allowed steps; take the likeliest (by chance at a temperature above 0)."""
        assert self.sequence is not None
        if self.request.choice in self._starts:
            self.step, self.probabilities = self.request.choice, {self.request.choice: 1.0}
            return
        names = list(self._starts)
        scores = yield from scoring(self.sequence, logits, list(self._starts.values()))
        must = only_tools or self.request.choice == "any"
        mass = 1.0 if must else scores.mass
        steps = {n: mass * p for n, p in zip(names, scores.probabilities, strict=True)}
        if not must:
            steps[ANSWER] = 1.0 - scores.mass
        self.probabilities = steps
        weights = np.log(np.maximum(list(steps.values()), 1e-30)).astype(np.float32)
        if self._sampler.greedy and steps.get(ANSWER, 0.0) > 0.5:
            self.step = ANSWER
        elif self._sampler.greedy:
            # Words share their mass among many beginnings: against all of them a tool must win.
            self.step = max(names, key=lambda name: steps[name])
        else:
            self.step = list(steps)[self._sampler.pick(weights, None)]

    def _write_text(self, logits: npt.NDArray[np.float32]) -> None:
        assert self.sequence is not None
        offered = self.request.choice != "none" and not self.request.grammar
        marks = frozenset(t for t in self._openings if offered and self._engine.is_special(t))
        logits = logits.copy()
        logits[list(self._openings)] = -np.inf  # the choice was made: words it is
        grammar = self.request.grammar
        self._writing = Generation(
            self.sequence,
            logits,
            min(self.request.limit, self.sequence.limit - self.sequence.length),
            frozenset(self._engine.end_tokens),
            self._sampler,
            self._constraints.start(grammar) if grammar else None,
            PromptLookup(self.request.prompt) if self.request.drafting else None,
            marks,
        )

    def _call(self, tool: str) -> Steps[Delta]:
        """Write the arguments of `tool`, under the grammar of its schema."""
        assert self.sequence is not None
        start = list(self._starts[tool])
        logits = yield from self.sequence.extending(start, 1)
        writing = Generation(
            self.sequence,
            logits,
            min(self.request.limit, self.sequence.limit - self.sequence.length),
            frozenset(self._engine.end_tokens),
            self._sampler,
            self._constraints.start(self.request.tools[tool]),
        )
        tokens: list[int] = []
        while new := (yield from writing.advance()):
            tokens += new
        self.output_tokens += len(start) + len(tokens)
        text = self._engine.detokenize(tokens)
        self.finish = "tool_calls" if _is_json(text) else "length"
        return Delta(tool=tool, arguments=text) if self.finish == "tool_calls" else Delta()


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True


def _overlap(text: str, stop: str) -> int:
    """Return how many characters at the end of `text` may be the beginning of `stop`."""
    sizes = range(min(len(text), len(stop) - 1), 0, -1)
    return next((n for n in sizes if text.endswith(stop[:n])), 0)
