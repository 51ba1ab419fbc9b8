"""Evaluated prefixes on disk, so that a cold start does not read the system prompt again.

A file is named after everything its content depends on and carries a checksum: a file of another
model, another adapter or another llama.cpp is never found, and a damaged one is not believed.
"""

import hashlib
import logging
import os
from pathlib import Path

import llama_cpp

from frontdesk.agents.runtime.kept import Kept, KeptSequences, Key
from frontdesk.agents.runtime.llama_context import LlamaContext
from frontdesk.agents.runtime.llama_model import LlamaModel

logger = logging.getLogger(__name__)

_DIGEST_BYTES = 32
_MOST_FILES = 8
_MOST_BYTES = 512 * 2**20  # a longer prefix of a larger model is cheaper to read again than to keep


class PrefixFiles:
    """The prefixes of one model (and adapter, and scale) in one folder."""

    def __init__(self, folder: Path, model: LlamaModel, identity: tuple[str, ...]) -> None:
        """Use `folder`, made when it is missing; `identity` is the adapter's file and scale."""
        self.folder = folder
        described = [repr(sorted(model.metadata.items())), llama_cpp.__version__, *identity]
        for file in {str(model.path), *identity}:
            if Path(file).is_file():
                status = Path(file).stat()
                described += [str(status.st_size), str(status.st_mtime_ns)]
        self._identity = "\n".join(described).encode()

    def path(self, key: Key) -> Path:
        """Return the file of the prefix `key`."""
        digest = hashlib.sha256(self._identity + repr(key).encode()).hexdigest()
        return self.folder / f"prefix-{digest[:32]}.kv"

    def restore(self, context: LlamaContext, kept: KeptSequences, key: Key) -> bool:
        """Load the prefix `key` into a kept sequence; False when it is missing or damaged."""
        try:
            content = self.path(key).read_bytes()
        except OSError:
            return False
        digest, state = content[:_DIGEST_BYTES], content[_DIGEST_BYTES:]
        if hashlib.sha256(state).digest() != digest or not kept.make_room():
            return False
        slot = kept.take_slot()
        if not context.load(slot, state):
            kept.give_slot(slot)
            return False
        kept.entries.append(Kept(slot, key, fixed=True))
        return True

    def save(self, context: LlamaContext, slot: int, key: Key) -> None:
        """Write the prefix `key`, which `slot` holds alone; a full disk costs only the file."""
        state = context.save(slot)
        if len(state) > _MOST_BYTES:
            return
        path = self.path(key)
        partial = path.with_suffix(f".{os.getpid()}.partial")
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            partial.write_bytes(hashlib.sha256(state).digest() + state)
            partial.replace(path)
            self._prune()
        except OSError as error:
            logger.warning("the prefix could not be saved in %s: %s", self.folder, error)
            partial.unlink(missing_ok=True)

    def _prune(self) -> None:
        files = sorted(self.folder.glob("prefix-*.kv"), key=lambda file: file.stat().st_mtime)
        for file in files[:-_MOST_FILES]:
            file.unlink(missing_ok=True)
