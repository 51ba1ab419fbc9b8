"""Opens the model to fine-tune, by path: in full, in bf16, or in four bits (QLoRA)."""

from pathlib import Path
from typing import Any

import psutil
import torch
from peft import LoraConfig, TaskType
from transformers import AutoConfig, AutoModelForCausalLM, AutoTokenizer, BitsAndBytesConfig

from frontdesk.training.causal.errors import FineTuningError
from frontdesk.training.causal.settings import LoraSettings, RunSettings

_GIB = 2**30


def device_of(settings: RunSettings) -> str:
    """Return "cuda" or "cpu". Raises `FineTuningError` when CUDA is asked for and absent."""
    if settings.device == "cuda" and not torch.cuda.is_available():
        raise FineTuningError('device = "cuda", but torch sees no GPU: use "auto" or "cpu"')
    if settings.device == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    return settings.device


def runs_in_bf16(settings: RunSettings) -> bool:
    """Return whether activations are bfloat16: asked for, with four bits, or on a GPU."""
    if settings.precision == "auto":
        return settings.four_bit or device_of(settings) == "cuda"
    return settings.precision == "bf16"


def check_folder(base: str) -> None:
    """Raise `FineTuningError` when `base` is no folder of a Hugging Face model."""
    if not (Path(base) / "config.json").is_file():
        raise FineTuningError(
            f"base = {base!r}: no config.json there; give the folder of a Hugging Face model"
        )


def open_tokenizer(base: str) -> Any:
    """Return the fast tokenizer beside the model.

    Raises:
        FineTuningError: there is none.
    """
    if not (Path(base) / "tokenizer.json").is_file():
        check_folder(base)
    try:
        tokenizer = AutoTokenizer.from_pretrained(base, local_files_only=True)
    except (OSError, ValueError, KeyError) as error:
        raise FineTuningError(f"{base}: no tokenizer can be read there ({_line(error)})") from error
    if not tokenizer.is_fast:
        raise FineTuningError(f"{base}: its tokenizer has no tokenizer.json; save it as a fast one")
    if tokenizer.pad_token is None:
        tokenizer.pad_token = tokenizer.eos_token
    return tokenizer


def open_base(settings: RunSettings) -> Any:
    """Return the model at `settings.base`, ready for an adapter or for full fine-tuning.

    Raises:
        FineTuningError: it is no causal model, or it does not fit in memory; the message says
            which settings need less.
    """
    check_fits(settings)
    # Full fine-tuning keeps float32 weights: bf16 ones are too coarse for small steps.
    half = runs_in_bf16(settings) and settings.method == "lora"
    options: dict[str, Any] = {"dtype": torch.bfloat16 if half else torch.float32}
    if settings.four_bit:
        options["quantization_config"] = four_bits()
        device = device_of(settings)
        # Under `accelerate launch` each process takes a GPU of its own.
        options["device_map"] = {"": torch.cuda.current_device() if device == "cuda" else "cpu"}
    model = AutoModelForCausalLM.from_pretrained(settings.base, local_files_only=True, **options)
    model.config.use_cache = False
    if settings.four_bit:
        _let_go_of_the_file(model)
    return model


def _let_go_of_the_file(model: Any) -> None:
    """Copy what was not quantised: as views of the file it keeps the whole file in memory."""
    for parameter in model.parameters():
        if parameter.dtype != torch.uint8:
            parameter.data = parameter.data.clone()


def four_bits() -> BitsAndBytesConfig:
    """Return QLoRA's weights: NF4, their constants quantised too (Dettmers et al. 2023)."""
    try:
        import bitsandbytes  # noqa: F401
    except ImportError as error:
        raise FineTuningError("four_bit needs bitsandbytes: pip install bitsandbytes") from error
    return BitsAndBytesConfig(
        load_in_4bit=True,
        bnb_4bit_quant_type="nf4",
        bnb_4bit_use_double_quant=True,
        bnb_4bit_compute_dtype=torch.bfloat16,
    )


def lora_config(settings: LoraSettings, task: TaskType = TaskType.CAUSAL_LM) -> LoraConfig:
    """Return PEFT's form of the settings."""
    targets = settings.targets
    return LoraConfig(
        r=settings.rank,
        lora_alpha=settings.alpha,
        lora_dropout=settings.dropout,
        target_modules=targets if isinstance(targets, str) else list(targets),
        task_type=task,
    )


def check_fits(settings: RunSettings) -> None:
    """Raise `FineTuningError` when the weights and the optimiser's state do not fit in memory."""
    if settings.four_bit and settings.method == "full":
        raise FineTuningError('four_bit trains an adapter: set method = "lora"')
    parameters = count_parameters(settings.base)
    if settings.method == "full":
        each, way_out = 16.0, 'method = "lora"'
    elif settings.four_bit:
        each, way_out = 0.7, "a smaller base model"
    elif runs_in_bf16(settings):
        each, way_out = 2.0, "four_bit = true"
    else:
        each, way_out = 4.0, 'precision = "bf16" or four_bit = true'
    free = _free_bytes(device_of(settings))
    if parameters * each > free:
        raise FineTuningError(
            f"{settings.base} has {parameters / 1e9:.2f} billion parameters and needs at least "
            f"{parameters * each / _GIB:.1f} GiB so trained; {free / _GIB:.1f} GiB are free: "
            f"set {way_out}"
        )


def count_parameters(base: str) -> int:
    """Return the parameters of the model at `base`; no weight is read.

    Raises:
        FineTuningError: there is no causal model.
    """
    check_folder(base)
    try:
        config = AutoConfig.from_pretrained(base, local_files_only=True)
        with torch.device("meta"):
            model = AutoModelForCausalLM.from_config(config)
    except (OSError, ValueError, KeyError) as error:
        raise FineTuningError(f"{base}: is no causal model ({_line(error)})") from error
    return sum(parameter.numel() for parameter in model.parameters())


def _free_bytes(device: str) -> int:
    if device == "cuda":
        free, _ = torch.cuda.mem_get_info()
        return int(free)
    return int(psutil.virtual_memory().available)


def _line(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]
