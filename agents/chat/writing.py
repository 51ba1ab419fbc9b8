"""Writing an answer in the model's own words, under a constraint made of this turn's evidence.

Step: answer 2 5
Answer: Parking is $12 a day [2]. Ask the desk for a refund [5].

The prompt that was read to decide goes on: nothing is read twice, and a literal or a citation that
is not in the named sentences, the question or the settings cannot be written.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from frontdesk.agents.chat.turn import TextStream
from frontdesk.agents.policy.literals import literals
from frontdesk.agents.runtime.constraints import Constraints, literal_grammar
from frontdesk.agents.runtime.drafting import PromptLookup
from frontdesk.agents.runtime.engine import Engine
from frontdesk.agents.runtime.generation import Generation, Sampler
from frontdesk.agents.runtime.sequence import Sequence as EngineSequence
from frontdesk.agents.runtime.steps import Steps, run

STOPS = ("\n\n", "\nStep:", "\nQuestion:")


@dataclass
class AnswerWriter:
    """Writes at most `limit` tokens; with `drafting`, copies from the prompt are guessed ahead.

    `literal` is whether the constraint holds (grounding "grounded") or not ("free").
    """

    engine: Engine
    limit: int = 256
    temperature: float = 0.0
    drafting: bool = False
    literal: bool = True

    @cached_property
    def constraints(self) -> Constraints:
        """The grammar compiler of the model's vocabulary: made when first asked for (up to 1 s)."""
        return Constraints(self.engine)

    def write(
        self,
        prompt: list[int],
        prefix: int,
        texts: Sequence[str],
        cited: Sequence[int],
        deadline: float | None,
    ) -> Iterator[str]:
        """Yield the answer in pieces; the first `prefix` tokens of `prompt` are the fixed part.

        Raises:
            ModelError: the engine is busy, too slow or closed.
        """
        sequence = run(self.engine.opening(prompt[:prefix], deadline), deadline)
        try:
            writing = run(self._beginning(sequence, prompt, prefix, texts, cited), deadline)
            stream = TextStream(STOPS)
            while not stream.stopped and (new := run(writing.advance(), deadline)):
                data = b"".join(self.engine.piece(token) for token in new)
                if text := stream.feed(data):
                    yield text
            if rest := stream.feed(b"", final=True):
                yield rest
        finally:
            sequence.close(keep=True)

    def _beginning(
        self,
        sequence: EngineSequence,
        prompt: list[int],
        prefix: int,
        texts: Sequence[str],
        cited: Sequence[int],
    ) -> Steps[Generation]:
        done = prefix + (yield from sequence.resuming(prompt[prefix:]))
        logits = yield from sequence.extending(prompt[done:], 1)
        allowed = [literal.text for text in texts for literal in literals(text)]
        grammar = literal_grammar(allowed, cited=cited)
        return Generation(
            sequence,
            logits,
            min(self.limit, sequence.limit - sequence.length),
            frozenset(self.engine.end_tokens),
            Sampler(self.temperature),
            self.constraints.start(grammar) if self.literal else None,
            PromptLookup(prompt) if self.drafting else None,
        )
