"""How much goes into the next batch, and who gets which share of it."""

from typing import Protocol, TypeVar

_SHORT = 16  # items: a decoded token, a draft or a few forced ones, not a prompt
_TARGET_SECONDS = 0.75  # how long one batch may keep a newcomer waiting, if it can
# Items: llama.cpp's flash attention works in tiles from 64 on. Behind 300 others, 64 tokens of a
# 3 B model took 1.75 s on two cores, 32 took 1.25 s, and 45 more than 64.
_SMALLEST = 64


class HasLeft(Protocol):
    """Work of which `left` items remain, the last `outputs` of them with logits."""

    outputs: int

    @property
    def left(self) -> int:
        """How many items are still to be evaluated."""


J = TypeVar("J", bound=HasLeft)


class Pace:
    """Shares batches of at most `capacity` items and `outputs` rows of logits out.

    A batch is kept short enough, on the speed measured so far, that nobody waits long for the next:
    64 tokens of a 3 B model on two cores take two seconds, of the bundled model 10 ms. Where nobody
    is decoding, a prompt's end that would make a small batch joins the one before.
    """

    def __init__(self, capacity: int, outputs: int) -> None:
        self.capacity, self.outputs = capacity, outputs
        self._rate = 0.0  # items a second, of batches large enough to tell

    def learn(self, items: int, seconds: float) -> None:
        """Take the speed of a batch into account."""
        if items >= _SHORT and seconds > 0:
            rate = items / seconds
            self._rate = rate if not self._rate else 0.7 * self._rate + 0.3 * rate

    def budget(self) -> int:
        """Return how many items the next batch may hold."""
        if not self._rate:
            return min(self.capacity, _SMALLEST)
        return min(self.capacity, max(_SMALLEST, int(self._rate * _TARGET_SECONDS)))

    def share(self, jobs: list[J]) -> list[tuple[J, int]]:
        """Return (job, items) for the next batch: short jobs first, prompts share what is left.

        Prompts keep a quarter of the batch even when many people decode, so that none starves; a
        job whose logits do not fit any more waits for the next batch.
        """
        budget, outputs = self.budget(), self.outputs
        plan: list[tuple[J, int]] = []
        short = [job for job in jobs if job.left <= _SHORT]
        long = [job for job in jobs if job.left > _SHORT]
        reserve = budget // 4 if long else 0
        for job in short:
            if job.left <= budget - reserve and min(job.outputs, job.left) <= outputs:
                plan.append((job, job.left))
                budget -= job.left
                outputs -= min(job.outputs, job.left)
        for index, job in enumerate(long):
            n = min(job.left, budget // (len(long) - index))
            if len(long) == 1 and not short and job.left - n < _SMALLEST:
                n = min(job.left, self.capacity)
            wanted = max(0, job.outputs - (job.left - n))
            if wanted > outputs:
                n -= wanted - outputs
                wanted = outputs
            if n > 0:
                plan.append((job, n))
                budget -= n
                outputs -= wanted
        return plan or [(jobs[0], min(jobs[0].left, self.outputs, self.capacity))]
