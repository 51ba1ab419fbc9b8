"""Prompting strategies for models that profit from them; none changes the fixed part of a prompt.

What each costs on a turn, next to zero-shot, where a pass of a 3 B model on two cores reads 25
tokens
a second and writes 8:

    few_shot          three lines to read: some 60 tokens, 2.5 s
    step_by_step      up to 48 tokens to write before the step: 6 s
    self_consistency  five such thoughts, written together in one batch: 10 s
"""

from collections.abc import Sequence as Many
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from frontdesk.agents.runtime.engine import Engine
from frontdesk.agents.runtime.generation import Generation, Sampler
from frontdesk.agents.runtime.sequence import Sequence
from frontdesk.agents.runtime.steps import Steps
from frontdesk.agents.settings import Prompting as Name

Vector = npt.NDArray[np.float32]

_SHOTS = 3
_THOUGHT_TOKENS = 48


@dataclass(frozen=True)
class Example:
    """A question with the step that is right for it; `vector` (384,) is its embedding."""

    question: str
    step: str
    vector: Vector


@dataclass(frozen=True)
class Prompting:
    """How a model is asked: with examples, after thoughts of its own, once or several times.

    Wei et al., "Chain-of-Thought Prompting" (2022); Wang et al., "Self-Consistency" (2022).
    """

    examples: Many[Example] = ()
    thought_tokens: int = 0
    votes: int = 1
    temperature: float = 0.0

    @classmethod
    def named(cls, name: Name, examples: Many[Example] = ()) -> "Prompting":
        """Return the strategy that the settings name; only few_shot uses `examples`."""
        if name == "few_shot":
            return cls(examples=examples)
        if name == "step_by_step":
            return cls(thought_tokens=_THOUGHT_TOKENS)
        if name == "self_consistency":
            return cls(thought_tokens=_THOUGHT_TOKENS, votes=5, temperature=0.7)
        return cls()

    def shots(self, question: Vector | None) -> list[Example]:
        """Return the examples nearest to the question's embedding, the nearest last."""
        if question is None or not self.examples:
            return []
        scores = np.stack([example.vector for example in self.examples]) @ question
        return [self.examples[i] for i in np.argsort(scores)[-_SHOTS:]]

    def thinking(
        self, engine: Engine, sequence: Sequence, seed: int
    ) -> Steps[npt.NDArray[np.float32]]:
        """Let the model write a thought, which nobody is shown; return the logits after it.

        The thought ends at its line's end or after `thought_tokens`.
        """
        logits = yield from sequence.extending(engine.tokenize("Thought:"), 1)
        line_end = frozenset(engine.tokenize("\n"))
        writing = Generation(
            sequence,
            logits,
            self.thought_tokens,
            frozenset(engine.end_tokens) | line_end,
            Sampler(self.temperature, seed),
        )
        while (yield from writing.advance()):
            pass
        return (yield from sequence.extending(engine.tokenize("\nStep:"), 1))
