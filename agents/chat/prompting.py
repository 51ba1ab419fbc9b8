"""Prompting strategies for models that profit from them; none changes the fixed part of a prompt.

    few_shot          the three questions most like this one are shown with their right steps
    step_by_step      a hidden thought of at most 48 tokens is written before the step
    self_consistency  five such thoughts, written together in one batch; the steps vote
    tree_of_thought   for a question of several parts plans compete (tree.py); else zero-shot

What each costs and gains was measured with tests/bench/bench_prompting.py: docs/performance.md.
"""

from collections.abc import Callable
from collections.abc import Sequence as Many
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from frontdesk.agents.chat.example_questions import EXAMPLES
from frontdesk.agents.chat.tree import Tree
from frontdesk.agents.runtime.engine import Engine
from frontdesk.agents.runtime.generation import Generation, Sampler
from frontdesk.agents.runtime.sequence import Sequence
from frontdesk.agents.runtime.steps import Steps
from frontdesk.agents.settings import Prompting as Name

Vector = npt.NDArray[np.float32]
Embed = Callable[[list[str]], npt.NDArray[np.float32]]

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
    tree: Tree | None = None

    @classmethod
    def named(cls, name: Name, examples: Many[Example] = ()) -> "Prompting":
        """Return the strategy that the settings name; only few_shot uses `examples`."""
        if name == "few_shot":
            return cls(examples=examples)
        if name == "tree_of_thought":
            return cls(tree=Tree())
        if name == "step_by_step":
            return cls(thought_tokens=_THOUGHT_TOKENS)
        if name == "self_consistency":
            return cls(thought_tokens=_THOUGHT_TOKENS, votes=5, temperature=0.7)
        return cls()

    @classmethod
    def opened(cls, name: Name, embed: Embed | None) -> "Prompting":
        """Return the strategy `name`, its examples embedded by `embed`; none without an encoder."""
        if name != "few_shot" or embed is None:
            return cls.named(name)
        vectors = embed([question for question, _ in EXAMPLES])
        pairs = zip(EXAMPLES, vectors, strict=True)
        return cls.named(name, [Example(*example, vector) for example, vector in pairs])

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
