"""Opens the model that the settings name as the agentic chunker's decider."""

from pathlib import Path
from typing import Protocol

from frontdesk.agents.chunking.decision import ChunkDecider, Embed
from frontdesk.agents.errors import ModelFileError
from frontdesk.agents.settings import ModelSettings


class OpenChunkDecider(ChunkDecider, Protocol):
    """A decider that holds a model, to be freed."""

    def close(self) -> None:
        """Free the model."""


def open_chunk_decider(
    settings: ModelSettings, data_dir: Path, embed: Embed, max_words: int
) -> OpenChunkDecider:
    """Return the decider on the bundled model, on `settings.path`, or on `settings.url`.

    The refusal adapter has no say in chunking and is left out. Raises `ModelError`: the model
    cannot be opened, or was not trained to chunk.
    """
    from frontdesk.agents.deciders import BUNDLED, reads_slots
    from frontdesk.agents.runtime.model_file import resolve

    plain = settings.model_copy(update={"adapter": ""})
    if settings.url:
        return _chat(plain, settings.name or settings.url, data_dir, embed)
    path = resolve(settings.path, data_dir / "models") if settings.path else BUNDLED
    if not path.is_file():
        raise ModelFileError(f"{path}: no such model; set [model] path, or train one")
    if not reads_slots(path):
        return _chat(plain, path.stem, data_dir, embed)
    from frontdesk.agents.engines import open_engine
    from frontdesk.agents.small.chunking import SmallChunkDecider
    from frontdesk.agents.small.decider import SmallModel

    engine = open_engine(plain, path, data_dir)
    try:
        return SmallChunkDecider(SmallModel(engine, path), embed, max_words)
    except BaseException:
        engine.close()
        raise


def _chat(settings: ModelSettings, name: str, data_dir: Path, embed: Embed) -> OpenChunkDecider:
    from frontdesk.agents.chat.chunking import ChatChunkDecider
    from frontdesk.agents.chat.opening import open_chat_model

    return ChatChunkDecider(open_chat_model(settings, data_dir), name, embed)
