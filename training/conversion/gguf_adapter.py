"""Writes a PEFT LoRA adapter as GGUF, to be loaded beside the model (`[model] adapter`)."""

import json
from pathlib import Path

import numpy as np
from gguf import GGUFType, GGUFWriter, Keys
from safetensors import safe_open

from frontdesk.training.conversion.errors import ConversionError
from frontdesk.training.conversion.families import FAMILIES, Array, read_config, tensor_name

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
    writer = GGUFWriter(target, family.name)
    writer.add_type(GGUFType.ADAPTER)
    writer.add_name(name or adapter.name)
    writer.add_string(Keys.Adapter.TYPE, "lora")
    writer.add_float32(Keys.Adapter.LORA_ALPHA, float(settings["lora_alpha"]))
    with safe_open(adapter / "adapter_model.safetensors", framework="pt") as file:
        for key in sorted(file.keys()):
            stem, _, side = key.removeprefix(_PREFIX).rpartition(".lora_")
            if side not in ("A.weight", "B.weight"):
                raise ConversionError(f"{adapter}: tensor {key!r} is no part of a LoRA adapter")
            array: Array = file.get_tensor(key).float().numpy()
            if side[0] == "B":  # what turns the weight's rows turns B's
                array = family.written(f"{stem}.weight", array, config)
            place = tensor_name(family, config["num_hidden_layers"], f"{stem}.weight")
            data = np.ascontiguousarray(array, np.float32)
            writer.add_tensor(f"{place}.lora_{side[0].lower()}", data)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return target
