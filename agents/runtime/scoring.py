"""How likely a model finds each of a few continuations: read from its scores, without sampling."""

from dataclasses import dataclass
from itertools import takewhile

import numpy as np
import numpy.typing as npt

from frontdesk.agents.runtime.sequence import Sequence
from frontdesk.agents.runtime.steps import Steps

Logits = npt.NDArray[np.float32]
Tokens = tuple[int, ...]


@dataclass(frozen=True)
class Scores:
    """`probabilities` of the continuations among themselves (they add up to 1), in their order.

    `mass` is how likely the model was to begin any of them at all.
    """

    probabilities: list[float]
    mass: float


def softmax(logits: Logits) -> npt.NDArray[np.float64]:
    """Return the probabilities of `logits` (n,)."""
    shifted = np.exp(logits.astype(np.float64) - float(logits.max()))
    return np.asarray(shifted / shifted.sum())


def scoring(sequence: Sequence, logits: Logits, continuations: list[Tokens]) -> Steps[Scores]:
    """Score token sequences that may follow `sequence`, whose next-token logits are `logits`.

    Only the places where they part cost a pass of the model: what has no alternative is certain.
    The sequence is as long afterwards as before.

    Raises:
        ValueError: one continuation is the beginning of another, so that they cannot be told apart.
    """
    if any(a != b and b[: len(a)] == a for a in continuations for b in continuations):
        raise ValueError("a continuation is the beginning of another: end them differently")
    first = sorted({tokens[0] for tokens in continuations})
    mass = float(softmax(logits)[first].sum())
    scored = yield from _scoring(sequence, logits, continuations)
    return Scores([scored[tokens] for tokens in continuations], mass)


def _scoring(
    sequence: Sequence, logits: Logits, continuations: list[Tokens]
) -> Steps[dict[Tokens, float]]:
    groups: dict[int, list[Tokens]] = {}
    for tokens in dict.fromkeys(continuations):
        groups.setdefault(tokens[0], []).append(tokens)
    shares = softmax(logits[list(groups)])
    result: dict[Tokens, float] = {}
    for share, members in zip(shares, groups.values(), strict=True):
        if len(members) == 1:
            result[members[0]] = float(share)
            continue
        n = common_beginning(members)
        length = sequence.length
        after = yield from sequence.extending(members[0][:n], 1)
        inner = yield from _scoring(sequence, after, [tokens[n:] for tokens in members])
        yield from sequence.truncating(length)
        result |= {tokens: float(share) * inner[tokens[n:]] for tokens in members}
    return result


def common_beginning(sequences: list[Tokens]) -> int:
    """Return how many tokens all of `sequences` begin with alike."""
    columns = zip(*sequences, strict=False)
    return sum(1 for _ in takewhile(lambda column: len(set(column)) == 1, columns))
