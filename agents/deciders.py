"""Opens the model that the settings name, as a `Decider`: ours, any GGUF, or a server."""

from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

from frontdesk.agents.decision import Decider
from frontdesk.agents.errors import ModelFileError
from frontdesk.agents.settings import ModelSettings, OrganisationSettings

if TYPE_CHECKING:
    from frontdesk.agents.chat.prompting import Embed
    from frontdesk.agents.runtime.engine import EngineStats
    from frontdesk.agents.small.cross_encoder import CrossEncoder

MODELS = Path(str(files("frontdesk.agents").joinpath("models")))
BUNDLED = MODELS / "frontdesk-small-q8_0.gguf"
REFUSAL = MODELS / "refusal.gguf"
READER = MODELS / "cross-encoder.safetensors"
SLOTS_KEY = b"frontdesk.slots"
_HEADER_BYTES = 1 << 16  # the first keys of a GGUF file; the vocabulary follows


def open_decider(
    settings: ModelSettings,
    organisation: OrganisationSettings,
    data_dir: Path,
    embed: "Embed | None" = None,
) -> Decider:
    """Return the bundled model, the one at `settings.path`, or the one behind `settings.url`.

    The bundled model takes its refusal adapter along, unless `settings.adapter` names another;
    `adapter_scale = 0` switches it off. `embed` is the encoder of questions, by which few-shot
    prompting finds its examples. Raises `ModelError`.
    """
    if settings.url:
        return _instruct(settings, organisation, data_dir, embed)
    if settings.path:
        from frontdesk.agents.runtime.model_file import resolve

        path = resolve(settings.path, data_dir / "models")
        if not reads_slots(path):
            return _instruct(settings, organisation, data_dir, embed)
        return _small(settings, path, data_dir)
    if not BUNDLED.is_file():
        raise ModelFileError(f"{BUNDLED}: no such model; set [model] path, or train one")
    own = settings.adapter or (str(REFUSAL) if REFUSAL.is_file() else "")
    return _small(settings.model_copy(update={"adapter": own}), BUNDLED, data_dir)


def load_of(decider: Decider) -> "EngineStats | None":
    """Return how many people its engine serves and how many wait; None for a server elsewhere."""
    engine = getattr(decider, "engine", None)
    return engine.stats if engine is not None else None


def reads_slots(path: Path) -> bool:
    """Tell whether a GGUF file is a model trained by this project."""
    with path.open("rb") as file:
        return SLOTS_KEY in file.read(_HEADER_BYTES)


def _small(settings: ModelSettings, path: Path, data_dir: Path) -> Decider:
    from frontdesk.agents.engines import open_engine
    from frontdesk.agents.small.decider import SmallModel

    adapter = Path(settings.adapter).stem if settings.adapter else ""
    engine = open_engine(settings, path, data_dir)
    return SmallModel(engine, path, adapter, open_reader(settings.reader, data_dir))


def open_reader(reader: str, data_dir: Path) -> "CrossEncoder | None":
    """Return the cross-encoder that `[model] reader` names. Raises `ModelError`."""
    from frontdesk.agents.small.cross_encoder import CrossEncoder

    if reader == "none":
        return None
    return CrossEncoder(READER if reader == "bundled" else Path(reader), data_dir)


def _instruct(
    settings: ModelSettings,
    organisation: OrganisationSettings,
    data_dir: Path,
    embed: "Embed | None",
) -> Decider:
    from frontdesk.agents.chat.opening import open_instruct_decider

    return open_instruct_decider(settings, organisation, data_dir, embed)
