"""The one thread that computes: it packs the pending work of all sequences into shared batches.

Every call that touches the context runs here, between two batches, in the order it was asked for;
so no other part of the runtime needs a lock around llama.cpp.
"""

import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any, TypeVar

import numpy as np

from frontdesk.agents.errors import ContextFull, EngineClosed, ModelError, SequenceCancelled
from frontdesk.agents.runtime.llama_context import LlamaContext, Piece, Rows, Tokens
from frontdesk.agents.runtime.pace import Pace

T = TypeVar("T")


@dataclass(eq=False)
class Job:
    """Items to evaluate at the end of one sequence; logits for the last `outputs` of them."""

    slot: int
    position: int
    items: Tokens | Rows
    outputs: int
    done: int = 0
    cancelled: bool = False
    logits: list[Rows] = field(default_factory=list)
    future: "Future[Rows]" = field(default_factory=Future)

    @property
    def left(self) -> int:
        """How many items are still to be evaluated."""
        return len(self.items) - self.done

    def piece(self, n: int) -> Piece:
        """Return the next `n` items as a part of a batch."""
        first_output = len(self.items) - self.outputs
        outputs = max(0, self.done + n - max(self.done, first_output))
        items = self.items[self.done : self.done + n]
        return Piece(self.slot, self.position + self.done, items, outputs)


@dataclass
class Counters:
    """What the scheduler has done since it started."""

    batches: int = 0
    evaluated: int = 0
    seconds: float = 0.0


class Scheduler:
    """Runs jobs in shared batches (continuous batching) and calls in between."""

    def __init__(self, context: LlamaContext, evict: Callable[[], bool]) -> None:
        self.counters = Counters()
        self._context, self._evict = context, evict
        self._pace = Pace(context.shape.batch, context.shape.outputs)
        self._changed = threading.Condition()
        self._calls: deque[tuple[Callable[[], Any], Future[Any]]] = deque()
        self._arrived: deque[Job] = deque()
        self._jobs: list[Job] = []
        self._stopping = False
        self._thread = threading.Thread(target=self._loop, name="frontdesk-engine", daemon=True)
        self._thread.start()

    def submit(self, job: Job) -> "Future[Rows]":
        """Queue `job`; its future brings the logits (outputs, n_vocab)."""
        job.future.set_running_or_notify_cancel()
        with self._changed:
            if self._stopping:
                job.future.set_exception(_closed())
            else:
                self._arrived.append(job)
                self._changed.notify()
        return job.future

    def call(self, function: Callable[[], T]) -> "Future[T]":
        """Run `function` on the scheduler's thread between two batches."""
        future: Future[T] = Future()
        future.set_running_or_notify_cancel()
        with self._changed:
            if self._stopping:
                future.set_exception(_closed())
            else:
                self._calls.append((function, future))
                self._changed.notify()
        return future

    def drop(self, slot: int) -> None:
        """Forget the pending jobs of `slot`; to be called on the scheduler's thread."""
        with self._changed:
            self._jobs += self._arrived
            self._arrived.clear()
        for job in [job for job in self._jobs if job.slot == slot]:
            self._fail(job, SequenceCancelled("the sequence was closed while it was evaluated"))

    def close(self) -> None:
        """Stop the thread; what is pending fails with EngineClosed."""
        with self._changed:
            self._stopping = True
            self._changed.notify()
        self._thread.join()

    def _loop(self) -> None:
        try:
            while self._wait_for_work():
                self._drop_cancelled()
                self._run_batch(rows=True)
                self._run_batch(rows=False)
        finally:
            # Also when a bug ends this thread: nobody may wait for ever on work that is not coming.
            self._fail_all()

    def _wait_for_work(self) -> bool:
        """Sleep until there is work, run the calls; False when the engine is being closed."""
        with self._changed:
            while not (self._calls or self._arrived or self._jobs or self._stopping):
                self._changed.wait()
            if self._stopping:
                return False
            calls = list(self._calls)
            self._calls.clear()
            self._take_arrived()
        for function, future in calls:
            _answer(function, future)
        return True

    def _take_arrived(self) -> None:
        self._jobs += self._arrived
        self._arrived.clear()

    def _run_batch(self, *, rows: bool) -> None:
        """Evaluate one batch of the pending rows, or of the pending tokens."""
        jobs = [job for job in self._jobs if (job.items.ndim == 2) is rows]
        if not jobs:
            return
        plan = self._pace.share(jobs)
        started = time.perf_counter()
        try:
            results = self._decode(plan)
        except ModelError as error:
            for job, _ in plan:
                self._fail(job, error)
            return
        seconds = time.perf_counter() - started
        evaluated = sum(n for _, n in plan[: len(results)])
        self._pace.learn(evaluated, seconds)
        self.counters.batches += 1
        self.counters.evaluated += evaluated
        self.counters.seconds += seconds
        finished = self._hand_out(plan, results)
        self._linger(finished, seconds)

    def _decode(self, plan: list[tuple[Job, int]]) -> list[Rows]:
        """Decode `plan`, making room first; when only a part fits, the first job alone.

        Raises:
            ContextFull: not even one job fits.
        """
        while True:
            results = self._context.decode([job.piece(n) for job, n in plan])
            if results is not None:
                return results
            if self._evict():
                continue
            if len(plan) == 1:
                raise ContextFull(
                    f"the context of {self._context.shape.cells} tokens is full: close "
                    "sequences or raise model.context_tokens"
                )
            del plan[1:]

    def _hand_out(self, plan: list[tuple[Job, int]], results: list[Rows]) -> int:
        finished = 0
        for (job, n), logits in zip(plan, results, strict=True):
            job.done += n
            if len(logits):
                job.logits.append(logits)
            # To the back of the line: the next batch's leftover goes to somebody else first.
            self._jobs.remove(job)
            if job.left:
                self._jobs.append(job)
            else:
                finished += 1
                job.future.set_result(np.concatenate(job.logits) if job.logits else _NO_LOGITS)
        return finished

    def _linger(self, finished: int, seconds: float) -> None:
        """Give those just answered a moment to ask again, so that they share a batch.

        Without it, people who decode at the same time fall into groups that wait for each other.
        """
        if finished + len(self._jobs) < 2:
            return
        until = time.perf_counter() + min(0.04 * seconds, 0.005)
        with self._changed:
            while len(self._arrived) < finished and not self._stopping:
                left = until - time.perf_counter()
                if left <= 0 or not self._changed.wait(left):
                    break
            self._take_arrived()

    def _drop_cancelled(self) -> None:
        for job in [job for job in self._jobs if job.cancelled]:
            self._fail(job, SequenceCancelled("the sequence was cancelled"))

    def _fail(self, job: Job, error: ModelError) -> None:
        self._jobs.remove(job)
        self._context.keep(job.slot, job.position)
        job.future.set_exception(error)

    def _fail_all(self) -> None:
        with self._changed:
            self._stopping = True
            self._take_arrived()
            calls = list(self._calls)
        for job in list(self._jobs):
            self._fail(job, _closed())
        for _, future in calls:
            future.set_exception(_closed())


_NO_LOGITS = np.empty((0, 0), np.float32)


def _answer(function: Callable[[], Any], future: "Future[Any]") -> None:
    try:
        future.set_result(function())
    except Exception as error:  # belongs to the caller, who waits on the future
        future.set_exception(error)


def _closed() -> EngineClosed:
    return EngineClosed("the engine was closed: open a new one")
