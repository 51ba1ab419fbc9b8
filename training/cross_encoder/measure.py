"""How well a cross-encoder reads what is held out: first steps, and sentences that answer."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch

from frontdesk.agents.small.cross_encoder import READ
from frontdesk.training.cross_encoder.network import CrossEncoder, Words, collate
from frontdesk.training.cross_encoder.pairs import Reading

_ROWS = 64


@dataclass(frozen=True)
class Scores:
    """(right, of): `intents` read right, and `quotes` whose first sentence is one that answers.

    Counted among quotes are only those where the search brought the answer.
    """

    intents: tuple[int, int]
    quotes: tuple[int, int]

    @property
    def mean(self) -> float:
        """The mean of the two shares, or the one there is."""
        shares = [right / of for right, of in (self.intents, self.quotes) if of]
        return sum(shares) / max(1, len(shares))

    def told(self) -> str:
        """Return the counts in words."""
        return "first steps {} of {}, right sentence first {} of {}".format(
            *self.intents, *self.quotes
        )


def measure(network: CrossEncoder, words: Words, rows: Sequence[Reading]) -> Scores:
    """Return the scores on `rows`, each reading at most the READ candidates that are served."""
    network.eval()
    intents = [row for row in rows if row.task == "intent"]
    quotes = [row for row in rows if row.task == "quotes" and row.right]
    pooled = _pooled(network, [words.pair(row.question, row.texts[0]) for row in intents])
    with torch.inference_mode():
        steps = network.intents(pooled).argmax(-1).tolist()
        pairs = [words.pair(row.question, text) for row in quotes for text in row.texts[:READ]]
        scores = iter(network.relevance(_pooled(network, pairs))[:, 0].tolist())
    best = [_best(scores, len(row.texts[:READ])) for row in quotes]
    right = sum(step == row.right[0] for step, row in zip(steps, intents, strict=True))
    first = sum(n in row.right for n, row in zip(best, quotes, strict=True))
    return Scores((right, len(intents)), (first, len(quotes)))


def _best(scores: Iterator[float], count: int) -> int:
    """Return which of the next `count` scores is the highest."""
    found = [next(scores) for _ in range(count)]
    return found.index(max(found))


def _pooled(network: CrossEncoder, rows: Sequence[Sequence[int]]) -> torch.Tensor:
    """Return the pooled vectors (n, 384) of token rows, read in order of their length."""
    order = sorted(range(len(rows)), key=lambda n: len(rows[n]))
    pooled = torch.zeros(len(rows), network.relevance.in_features)
    with torch.inference_mode():
        for start in range(0, len(rows), _ROWS):
            part = order[start : start + _ROWS]
            pooled[part] = network(*collate([rows[n] for n in part]))
    return pooled
