"""One person's place in the context: items evaluated so far, and more of them on demand."""

import hashlib
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from types import TracebackType
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from frontdesk.agents.errors import ContextFull, DeadlineExceeded, ModelError, SequenceCancelled
from frontdesk.agents.runtime.client import Client
from frontdesk.agents.runtime.kept import KeptSequences, Key
from frontdesk.agents.runtime.llama_context import LlamaContext, Rows, Tokens
from frontdesk.agents.runtime.scheduler import Job, Scheduler
from frontdesk.agents.runtime.steps import Steps, arun, run

Items = list[int] | tuple[int, ...] | npt.NDArray[Any]


class Sequence:
    """A sequence of the engine; made by `Engine.open`, to be closed (it is a context manager).

    Attributes:
        evaluated: how many items the model has read for this sequence.
        reused: how many it did not have to, because they were kept from before.
    """

    def __init__(
        self, slot: int, limit: int, deadline: float | None, place: "Future[None]", parts: "Parts"
    ) -> None:
        self.slot, self.limit, self.deadline = slot, limit, deadline
        self.place, self._parts = place, parts
        self.key: Key = ()
        self.evaluated = self.reused = 0
        self._job: Job | None = None
        self._cancelled = self._closed = False
        self._client = Client()
        self._forget_client: Callable[[], None] = lambda: None

    def belong_to(self, client: Client) -> None:
        """Count what is read here for `client`, and stop when they leave.

        Raises:
            SequenceCancelled: they have left already.
        """
        self._client = client
        self._forget_client = client.on_leave(self.cancel)

    @property
    def length(self) -> int:
        """How many items the sequence holds."""
        return len(self.key)

    def extend(self, items: Items, *, outputs: int = 1) -> npt.NDArray[np.float32]:
        """Evaluate `items` after those already there.

        `items` are token ids, or float32 rows (n, n_embd) that stand in for token embeddings.
        Returns the float32 logits (n_vocab,) at the last item; with `outputs` > 1 those of the last
        `outputs` items, (outputs, n_vocab). Blocks; callable from many threads, though from one at
        a time per sequence.

        Raises:
            ContextFull: there is no room; the sequence is as before.
            DeadlineExceeded, SequenceCancelled, EngineClosed: it ended first; only `close` is left.
        """
        return run(self.extending(items, outputs), self.deadline)

    async def aextend(self, items: Items, *, outputs: int = 1) -> npt.NDArray[np.float32]:
        """Do what `extend` does without blocking the event loop."""
        return await arun(self.extending(items, outputs), self.deadline)

    def truncate(self, length: int) -> None:
        """Forget the items from `length` on.

        Raises:
            ValueError: the sequence holds fewer.
        """
        run(self.truncating(length), self.deadline)

    async def atruncate(self, length: int) -> None:
        """Do what `truncate` does without blocking the event loop."""
        await arun(self.truncating(length), self.deadline)

    def resume(self, items: Items) -> int:
        """Take over what a sequence closed with `keep=True` already evaluated of `items`.

        Returns how many of `items` need not be given to `extend` any more: at most all but one,
        because logits come from evaluating the last. Past turns of a thread are found by their
        items alone.
        """
        return run(self.resuming(items), self.deadline)

    async def aresume(self, items: Items) -> int:
        """Do what `resume` does without blocking the event loop."""
        return await arun(self.resuming(items), self.deadline)

    def cancel(self) -> None:
        """Stop as soon as the batch in progress ends; from any thread. Only `close` is left."""
        self._cancelled = True
        job = self._job
        if job is not None:
            job.cancelled = True

    def close(self, *, keep: bool = False) -> None:
        """Give the place back; with `keep`, the context remembers the items while memory lasts."""
        if not self._closed:
            self._closed = True
            self._forget_client()
            self._client.count(self.evaluated, self.reused)
            keep = keep and not self._cancelled
            self._parts.scheduler.call(lambda: self._release(keep))
            self._parts.leave(self.place)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def extending(self, items: Items, outputs: int) -> Steps[npt.NDArray[np.float32]]:
        """Do what `extend` does, as steps."""
        array = self.as_array(items)
        if not 1 <= outputs <= len(array):
            raise ValueError(f"logits of {outputs} of {len(array)} items: give at least one item")
        if self.length + len(array) > self.limit:
            raise ContextFull(
                f"{self.length} + {len(array)} items do not fit in the context of {self.limit}: "
                "ask for less or raise model.context_tokens"
            )
        self._check_open()
        self._job = job = Job(self.slot, self.length, array, outputs)
        with self._cancelled_on_error():
            try:
                logits = yield self._parts.scheduler.submit(job)
            finally:
                self._job = None
                job.cancelled = True  # a no-op unless the caller stopped waiting
        self.key += keys(array)
        self.evaluated += len(array)
        result: Rows = logits[0] if outputs == 1 else logits
        return result

    def truncating(self, length: int) -> Steps[None]:
        """Do what `truncate` does, as steps."""
        if not 0 <= length <= self.length:
            raise ValueError(f"cannot keep {length} of {self.length} items")
        self._check_open()
        if length == self.length:
            return
        with self._cancelled_on_error():
            done = yield self._parts.scheduler.call(
                lambda: self._parts.context.keep(self.slot, length)
            )
            if not done:
                raise ModelError("this kind of model cannot take items back: open a new sequence")
        self.key = self.key[:length]

    def resuming(self, items: Items) -> Steps[int]:
        """Do what `resume` does, as steps."""
        self._check_open()
        before = self.length
        wanted = self.key + keys(self.as_array(items))[:-1]
        with self._cancelled_on_error():
            got: int = yield self._parts.scheduler.call(
                lambda: self._parts.kept.reuse(wanted, self.slot, at_least=before)
            )
        if not got:
            return 0
        self.key = wanted[:got]
        self.reused += got - before
        return got - before

    @contextmanager
    def _cancelled_on_error(self) -> Iterator[None]:
        """After an error, or a caller who stopped waiting, nobody knows what the slot holds."""
        known = False
        try:
            yield
            known = True
        except ContextFull:
            known = True
            raise
        finally:
            self._cancelled = self._cancelled or not known

    def _release(self, keep: bool) -> None:
        self._parts.scheduler.drop(self.slot)
        self._parts.kept.release_claim(self.slot)
        if keep and not self._cancelled:
            self._parts.kept.park(self.key, self.slot)
        else:
            self._parts.kept.give_slot(self.slot)

    def as_array(self, items: Items) -> Tokens | Rows:
        """Return `items` as int32 tokens (n,) or float32 rows (n, n_embd).

        Raises:
            ValueError: a token is not in the vocabulary, or rows are not as wide as the model.
        """
        array = np.asarray(items)
        if array.ndim == 2:
            if array.shape[1] != self._parts.context.model.n_embd:
                raise ValueError(
                    f"rows of width {array.shape[1]}, not {self._parts.context.model.n_embd}: "
                    "they must be as wide as the model"
                )
            return np.ascontiguousarray(array, np.float32)
        tokens = np.asarray(items, np.int32)
        n_vocab = self._parts.context.model.n_vocab
        if tokens.size and not (0 <= int(tokens.min()) and int(tokens.max()) < n_vocab):
            raise ValueError(f"a token outside the vocabulary of {n_vocab}")
        return tokens

    def _check_open(self) -> None:
        if self._cancelled or self._closed:
            raise SequenceCancelled("the sequence was cancelled or closed: open a new one")
        if self.deadline is not None and time.monotonic() > self.deadline:
            raise DeadlineExceeded("the time given for this turn ran out: allow more")


class Parts:
    """What a sequence needs of its engine."""

    def __init__(self, scheduler: Scheduler, context: LlamaContext, kept: KeptSequences) -> None:
        self.scheduler, self.context, self.kept = scheduler, context, kept
        self.leave: Callable[[Future[None]], None] = lambda _place: None


def keys(array: Tokens | Rows) -> Key:
    """Return what identifies each item: a token's id, a row's hash as a negative number."""
    if array.ndim == 1:
        return tuple(int(token) for token in array)
    digests = (hashlib.blake2b(row.tobytes(), digest_size=8).digest() for row in array)
    return tuple(-1 - int.from_bytes(digest, "big") for digest in digests)
