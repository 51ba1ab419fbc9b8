"""What the context remembers beyond the open sequences: shared prefixes and past threads.

Each kept sequence sits in a slot of its own; cells it shares with others cost nothing. When cells
or slots run out the one unused for longest goes first, fixed prefixes last. Only the scheduler's
thread may use this.
"""

from concurrent.futures import Future
from dataclasses import dataclass, field

from frontdesk.agents.errors import ModelError
from frontdesk.agents.runtime.llama_context import LlamaContext

Key = tuple[int, ...]


def common_length(one: Key, other: Key) -> int:
    """Return how many items `one` and `other` share at their beginning."""
    n = min(len(one), len(other))
    if one[:n] == other[:n]:
        return n
    return next(i for i in range(n) if one[i] != other[i])


@dataclass
class Kept:
    """A sequence that nobody has open: its slot, its items, and whether it is a fixed prefix."""

    slot: int
    key: Key
    fixed: bool


@dataclass(frozen=True)
class Claim:
    """Who is reading a fixed prefix right now, and when that is over."""

    slot: int
    done: "Future[None]"


@dataclass
class KeptSequences:
    """The kept sequences, least recently used first, and the slots that are free."""

    context: LlamaContext
    free: list[int]
    room: int
    entries: list[Kept] = field(default_factory=list)
    claims: dict[Key, Claim] = field(default_factory=dict)

    def take_slot(self) -> int:
        """Return a free slot, evicting for it when there is none.

        Raises:
            ModelError: more sequences are open than there are slots.
        """
        while not self.free:
            if not self.evict():
                raise ModelError("every slot of the context is in use: close sequences")
        return self.free.pop()

    def give_slot(self, slot: int) -> None:
        """Empty a slot and make it free."""
        self.context.clear(slot)
        self.free.append(slot)

    def claim(self, key: Key, slot: int) -> None:
        """Note that the owner of `slot` is reading the fixed prefix `key` for everybody."""
        done: Future[None] = Future()
        done.set_running_or_notify_cancel()
        self.claims[key] = Claim(slot, done)

    def release_claim(self, slot: int) -> None:
        """End the claim of `slot`, if it has one, and wake those who wait for it."""
        for key in [key for key, claim in self.claims.items() if claim.slot == slot]:
            self.claims.pop(key).done.set_result(None)

    def reuse(self, key: Key, slot: int, *, at_least: int) -> int:
        """Give `slot` the longest kept beginning of `key`; return its length.

        Nothing is done, and 0 returned, when no more than `at_least` items are kept.
        """
        best, length = None, at_least
        for entry in self.entries:
            shared = common_length(entry.key, key)
            if shared > length:
                best, length = entry, shared
        if best is None:
            return 0
        self._touch(best)
        self.context.clear(slot)
        self.context.share(best.slot, slot, length)
        return length

    def holds(self, key: Key) -> bool:
        """Return whether exactly `key` is kept as a fixed prefix."""
        return any(entry.fixed and entry.key == key for entry in self.entries)

    def publish(self, key: Key, source: int) -> None:
        """Keep the first items of the open slot `source` as a fixed prefix, shared, not copied."""
        if self.holds(key) or not self.make_room():
            return
        slot = self.take_slot()
        self.context.share(source, slot, len(key))
        self.entries.append(Kept(slot, key, fixed=True))

    def park(self, key: Key, slot: int) -> None:
        """Keep a sequence that its owner closed; what it continues is forgotten in its favour."""
        for entry in [e for e in self.entries if not e.fixed and key[: len(e.key)] == e.key]:
            self._drop(entry)
        if key and self.make_room():
            self.entries.append(Kept(slot, key, fixed=False))
        else:
            self.give_slot(slot)

    def evict(self) -> bool:
        """Forget the kept sequence unused for longest, fixed prefixes last; False when none is."""
        for wanted in (False, True):
            for entry in self.entries:
                if entry.fixed is wanted:
                    self._drop(entry)
                    return True
        return False

    def make_room(self) -> bool:
        """Evict until one more sequence may be kept; False when none may."""
        while len(self.entries) >= self.room:
            if not self.evict():
                return False
        return self.room > 0

    def _touch(self, entry: Kept) -> None:
        self.entries.remove(entry)
        self.entries.append(entry)

    def _drop(self, entry: Kept) -> None:
        self.entries.remove(entry)
        self.give_slot(entry.slot)
