"""The decoding loop of one text: pick a token, add what is forced or drafted, evaluate, repeat."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from frontdesk.agents.runtime.constraints import Constraint
from frontdesk.agents.runtime.drafting import PromptLookup
from frontdesk.agents.runtime.scoring import softmax
from frontdesk.agents.runtime.sequence import Sequence
from frontdesk.agents.runtime.steps import Steps

Logits = npt.NDArray[np.float32]


class Sampler:
    """Picks tokens: the most likely one at temperature 0, by chance above."""

    def __init__(self, temperature: float = 0.0, seed: int | None = None) -> None:
        self.greedy = temperature <= 0
        self._temperature = temperature
        self._rng = np.random.default_rng(seed)

    def pick(self, logits: Logits, constraint: Constraint | None) -> int:
        """Return the next token; only one that `constraint` allows."""
        if constraint is not None:
            logits = np.where(constraint.mask(), logits, -np.inf)
        if self.greedy:
            return int(np.argmax(logits))
        return int(self._rng.choice(len(logits), p=softmax(logits / self._temperature)))


@dataclass
class Generation:
    """A text being written at the end of `sequence`, whose next-token logits are `logits`.

    It ends at a token of `ends` or `stops` (which is not part of it; `stopped_by` says which),
    where `constraint` leaves nothing to say, or after `limit` tokens. `finish` is empty until then.
    """

    sequence: Sequence
    logits: Logits
    limit: int
    ends: frozenset[int]
    sampler: Sampler
    constraint: Constraint | None = None
    lookup: PromptLookup | None = None
    stops: frozenset[int] = frozenset()
    finish: Literal["", "stop", "length"] = ""
    stopped_by: int | None = None
    written: int = 0

    def advance(self) -> Steps[list[int]]:
        """Write one token or more and return them; an empty list when the text has ended."""
        if self.finish:
            return []
        if self.limit <= 0:
            self.finish = "length"
            return []
        token = self.sampler.pick(self.logits, self.constraint)
        if token in self.ends or token in self.stops:
            self.finish, self.stopped_by = "stop", token
            return []
        new = [token, *self._accept(token)][: self.limit - self.written]
        self.written += len(new)
        if self._over():
            return new
        draft = self._draft(new)
        rows = yield from self.sequence.extending(new + draft, 1 + len(draft))
        rows = np.atleast_2d(rows)
        kept = self._verify(draft, rows)
        if len(kept) < len(draft):
            yield from self.sequence.truncating(self.sequence.length - len(draft) + len(kept))
        self.logits = rows[len(kept)]
        if self.lookup is not None:
            self.lookup.extend(new + kept)
        self._over()
        return new + kept

    def _accept(self, token: int) -> list[int]:
        """Tell the constraint about `token`; return what it forces after it."""
        if self.constraint is None:
            return []
        self.constraint.accept([token])
        forced = [token for token in self.constraint.forced() if token not in self.ends]
        self.constraint.accept(forced)
        return forced

    def _over(self) -> bool:
        if self.constraint is not None and self.constraint.finished:
            self.finish = "stop"
        elif self.written >= self.limit:
            self.finish = "length"
        return bool(self.finish)

    def _draft(self, new: list[int]) -> list[int]:
        if self.lookup is None or not self.sampler.greedy:
            return []
        return self.lookup.draft(new)[: self.limit - self.written]

    def _verify(self, draft: list[int], rows: Logits) -> list[int]:
        """Return the beginning of `draft` that the model would have written itself."""
        kept: list[int] = []
        for token, logits in zip(draft, rows, strict=False):
            if self.constraint is not None and self.constraint.finished:
                break
            if token in self.ends or self.sampler.pick(logits, self.constraint) != token:
                break
            if self.constraint is not None:
                self.constraint.accept([token])
            kept.append(token)
        if draft and self.lookup is not None:
            self.lookup.learn(len(draft), len(kept))
        self.written += len(kept)
        return kept
