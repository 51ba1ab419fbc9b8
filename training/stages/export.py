"""Write the trained network as GGUF, quantise it, and check that llama.cpp computes the same.

    python -m frontdesk.training.stages.export --config frontdesk.toml --folder runs/mine

Writes `NAME-f32.gguf`, `NAME-q8_0.gguf` (or another quantisation) and `refusal.gguf`.
"""

import shutil
from functools import partial
from pathlib import Path

from pydantic import Field

from frontdesk.training.base import base_fingerprint, base_of
from frontdesk.training.checkpoint import read_adapter, read_network, read_tensors
from frontdesk.training.conversion.precision import QUANTISATIONS, quantise
from frontdesk.training.conversion.small_model import write_adapter, write_model
from frontdesk.training.own import slug_of
from frontdesk.training.parity import compare
from frontdesk.training.pipeline.errors import TrainingError
from frontdesk.training.pipeline.recipe import StageSettings
from frontdesk.training.pipeline.script import run_script
from frontdesk.training.pipeline.stage import Job, Result, Stage
from frontdesk.training.tokenizer import read_tokenizer

ADAPTER = "refusal.gguf"
COMPARED = "compared"


class ExportSettings(StageSettings):
    """`name` of the model ("": the organisation's), `quantisation`, strength of the adapter.

    `checked`: on how many examples the GGUF file is compared with the network. `compared`: other
    quantisations, whose cost `evaluate` puts into a table beside float32.
    """

    name: str = ""
    quantisation: str = "Q8_0"
    adapter_strength: float = Field(default=1.0, ge=0, le=4)
    checked: int = Field(default=50, ge=0)
    compared: tuple[str, ...] = ()


def work(job: Job) -> Result:
    """Write the files."""
    settings: ExportSettings = job.settings
    for kind in (settings.quantisation, *settings.compared):
        if kind not in QUANTISATIONS:
            known = ", ".join(QUANTISATIONS)
            raise TrainingError(f"export: no quantisation {kind!r}; use one of {known}")
    name = settings.name or slug_of(job.desk.organisation.name)
    small = job.folder / f"{name}-{settings.quantisation.lower()}.gguf"
    metrics: dict[str, object] = {}
    outputs = [small]
    if job.has("sft"):
        full = job.folder / f"{name}-f32.gguf"
        tensors, config = read_tensors(job.of("sft") / "model.pt")
        tokenizer = read_tokenizer(job.of("trace") / "tokenizer.json")
        write_model(full, tensors, config, tokenizer, name)
        quantise(full, small, settings.quantisation)
        outputs.append(full)
        for kind in settings.compared:
            outputs.append(job.folder / COMPARED / f"{name}-{kind.lower()}.gguf")
            outputs[-1].parent.mkdir(exist_ok=True)
            quantise(full, outputs[-1], kind)
        if settings.checked:
            network = read_network(job.of("sft") / "model.pt")
            data = job.of("trace") / "validation.npz"
            metrics |= compare(network, {"f32": full, "served": small}, data, settings.checked)
            job.say(", ".join(f"{key} {value}" for key, value in metrics.items()))
    else:
        base = base_of(job)
        if base is None:
            raise TrainingError("there is no trained model to export; run sft first")
        shutil.copyfile(base, small)
    if job.has("dpo"):
        adapter = job.folder / ADAPTER
        pairs, alpha = read_adapter(job.of("dpo") / "adapter.pt")
        strength = alpha * settings.adapter_strength
        write_adapter(adapter, pairs, small, alpha=strength, name="refusal")
        outputs.append(adapter)
    for path in outputs:
        job.say(f"{path.name}: {path.stat().st_size / 2**20:.1f} MiB")
    return Result(metrics | {"MiB": round(small.stat().st_size / 2**20, 1)}, tuple(outputs))


def exported(folder: Path) -> tuple[Path, Path | None]:
    """Return what an export folder holds for service: (model, adapter or None)."""
    models = [p for p in folder.glob("*.gguf") if p.name != ADAPTER and "-f32" not in p.name]
    adapter = folder / ADAPTER
    return models[0], adapter if adapter.is_file() else None


def compared(folder: Path) -> dict[str, Path]:
    """Return the model in float32 and in the other quantisations, where any were asked for."""
    others = sorted((folder / COMPARED).glob("*.gguf"))
    full = in_float32(folder)
    files = [full, *others] if full and others else others
    return {path.stem.rpartition("-")[2].upper(): path for path in files}


def in_float32(folder: Path) -> Path | None:
    """Return the model in float32; None where no stage of the run trained one."""
    return next(folder.glob("*-f32.gguf"), None)


STAGE = Stage(
    "export",
    ExportSettings,
    work,
    reads=("trace", "sft", "dpo"),
    outside=partial(base_fingerprint, before="sft"),
)

if __name__ == "__main__":
    run_script(STAGE.name)
