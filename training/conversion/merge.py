"""Puts a LoRA adapter into its model's weights: W + (alpha / rank) B A."""

from pathlib import Path

from frontdesk.training.conversion.errors import ConversionError


def merge(base: str, adapter: Path, folder: Path, dtype: str = "bfloat16") -> Path:
    """Write the merged model, with its tokenizer, to `folder` and return `folder`.

    A QLoRA adapter is merged into the base's own weights, not into the four-bit ones. The sums are
    made in float32 and kept as `dtype`.

    Raises:
        ConversionError: the adapter does not fit the base.
    """
    import torch
    from peft import PeftModel
    from transformers import AutoModelForCausalLM, AutoTokenizer

    model = AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32, local_files_only=True)
    try:
        merged = PeftModel.from_pretrained(model, str(adapter)).merge_and_unload()
    except (OSError, ValueError, RuntimeError) as error:
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise ConversionError(f"{adapter} is no adapter of {base}: {reason}") from error
    merged.to(getattr(torch, dtype)).save_pretrained(folder)
    AutoTokenizer.from_pretrained(base, local_files_only=True).save_pretrained(folder)
    return folder
