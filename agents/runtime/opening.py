"""How a sequence is opened: a place, the prefix (kept, from disk, or read now), the sequence."""

from concurrent.futures import Future
from contextlib import ExitStack
from dataclasses import dataclass

from frontdesk.agents.runtime.admission import Admission
from frontdesk.agents.runtime.client import current_client
from frontdesk.agents.runtime.kept import Key
from frontdesk.agents.runtime.prefix_files import PrefixFiles
from frontdesk.agents.runtime.sequence import Items, Parts, Sequence, keys
from frontdesk.agents.runtime.steps import Steps


@dataclass
class Opening:
    """Opens sequences of one engine."""

    admission: Admission
    parts: Parts
    files: PrefixFiles | None
    limit: int

    def steps(self, prefix: Items, deadline: float | None) -> Steps[Sequence]:
        """Wait for a place, return a sequence holding `prefix`; on errors leave nothing behind."""
        client = current_client()
        place = self.admission.request()
        with ExitStack() as undo:
            undo.callback(self.admission.leave, place)
            forget = client.on_leave(lambda: self.admission.give_up(place))
            try:
                yield place
            finally:
                forget()
            taking = self.parts.scheduler.call(self.parts.kept.take_slot)
            with ExitStack() as undo_slot:
                # Whoever stops waiting here does not know the slot yet.
                undo_slot.callback(taking.add_done_callback, self._give_back)
                slot = yield taking
                undo_slot.pop_all()
            undo.pop_all()
            sequence = Sequence(slot, self.limit, deadline, place, self.parts)
            undo.callback(sequence.close)
            sequence.belong_to(client)
            if len(prefix):
                yield from self._read_prefix(sequence, prefix)
            undo.pop_all()
        return sequence

    def _give_back(self, taken: "Future[int]") -> None:
        if taken.exception() is None:
            self.parts.scheduler.call(lambda: self.parts.kept.give_slot(taken.result()))

    def _read_prefix(self, sequence: Sequence, prefix: Items) -> Steps[None]:
        """Fill `sequence` with `prefix`, waiting for whoever is reading the same one already."""
        array = sequence.as_array(prefix)
        key = keys(array)
        other: Future[None] | None
        while other := (
            yield self.parts.scheduler.call(lambda: self._reuse_or_claim(sequence, key))
        ):
            yield other
        if sequence.length < len(key):
            yield from sequence.extending(array[sequence.length :], 1)
            yield self.parts.scheduler.call(lambda: self._publish(sequence, key))

    def _reuse_or_claim(self, sequence: Sequence, key: Key) -> "Future[None] | None":
        """On the scheduler's thread: take what is kept of `key`, or say who is reading it now."""
        kept = self.parts.kept
        if not kept.holds(key):
            if key in kept.claims:
                return kept.claims[key].done
            if self.files is not None:
                self.files.restore(self.parts.context, kept, key)
        got = kept.reuse(key, sequence.slot, at_least=0)
        sequence.key = key[:got]
        sequence.reused += got
        if got < len(key):
            kept.claim(key, sequence.slot)
        else:
            kept.publish(key, sequence.slot)
        return None

    def _publish(self, sequence: Sequence, key: Key) -> None:
        """On the scheduler's thread: keep what was read, wake those who wait for it, save it."""
        self.parts.kept.publish(key, sequence.slot)
        self.parts.kept.release_claim(sequence.slot)
        if self.files is not None:
            self.files.save(self.parts.context, sequence.slot, key)
