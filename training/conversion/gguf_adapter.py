"""Writes a LoRA adapter as GGUF, to be loaded beside the model (`[model] adapter`)."""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path

from gguf import GGUFType, GGUFWriter, Keys
from safetensors import safe_open

from frontdesk.training.conversion.errors import ConversionError
from frontdesk.training.conversion.families import (
    FAMILIES,
    Array,
    Config,
    Family,
    read_config,
    tensor_name,
)
from frontdesk.training.conversion.gguf_model import write_tensors

Matrices = tuple[str, Array, Array]
_PREFIX = "base_model.model."
_UNWRITTEN = ("modules_to_save", "rank_pattern", "alpha_pattern", "use_dora", "use_rslora")


def write_gguf_adapter(adapter: Path, model: Path, target: Path, name: str = "") -> Path:
    """Write the adapter in the folder `adapter`, trained on the model in `model`, to `target`.

    Raises:
        ConversionError: it is no LoRA adapter of this model, or holds what GGUF cannot.
    """
    try:
        settings = json.loads((adapter / "adapter_config.json").read_text("utf-8"))
    except (OSError, json.JSONDecodeError) as error:
        raise ConversionError(f"{adapter}: no PEFT adapter there ({error})") from error
    held = [key for key in _UNWRITTEN if settings.get(key)]
    if settings.get("peft_type") != "LORA" or held:
        raise ConversionError(
            f"{adapter}: only plain LoRA can be written ({held or settings.get('peft_type')}); "
            "merge it into the model instead"
        )
    config = read_config(model)
    family = FAMILIES[config["model_type"]]
    alpha = float(settings["lora_alpha"])
    write_matrices(target, _pairs(adapter), family, config, alpha=alpha, name=name or adapter.name)
    return target


def write_matrices(
    target: Path,
    pairs: Iterable[Matrices],
    family: Family,
    config: Config,
    *,
    alpha: float,
    name: str,
) -> None:
    """Write LoRA matrices [(tensor, A (r, n), B (m, r))] of a model of this family and `config`."""
    writer = GGUFWriter(target, family.name)
    writer.add_type(GGUFType.ADAPTER)
    writer.add_name(name)
    writer.add_string(Keys.Adapter.TYPE, "lora")
    writer.add_float32(Keys.Adapter.LORA_ALPHA, alpha)
    write_tensors(writer, _placed(pairs, family, config))


def _placed(
    pairs: Iterable[Matrices], family: Family, config: Config
) -> Iterator[tuple[str, Array]]:
    for stem, a, b in pairs:
        place = tensor_name(family, config["num_hidden_layers"], f"{stem}.weight")
        yield f"{place}.lora_a", a
        # What turns the weight's rows turns B's.
        yield f"{place}.lora_b", family.written(f"{stem}.weight", b, config)


def _pairs(adapter: Path) -> Iterator[Matrices]:
    with safe_open(adapter / "adapter_model.safetensors", framework="pt") as file:
        found: dict[str, dict[str, Array]] = {}
        for key in sorted(file.keys()):
            stem, _, side = key.removeprefix(_PREFIX).rpartition(".lora_")
            if side not in ("A.weight", "B.weight"):
                raise ConversionError(f"{adapter}: tensor {key!r} is no part of a LoRA adapter")
            found.setdefault(stem, {})[side[0]] = file.get_tensor(key).float().numpy()
    for stem, sides in found.items():
        if len(sides) < 2:
            raise ConversionError(f"{adapter}: {stem!r} has one LoRA matrix of two; train it again")
        yield stem, sides["A"], sides["B"]
