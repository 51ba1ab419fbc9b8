"""What LoRA and QLoRA need for one step on a model of 1.1 billion parameters, on the CPU.

    python -m frontdesk.training.causal.memory FOLDER

The model has TinyLlama's shape and random weights: what a step needs does not depend on what a
model knows. Each way runs in a process of its own, from a cold start. The peaks are the most memory
that was resident at once, libraries with it: while the weights were read (their file is resident,
too, until it is closed), and in the step, with adapter, optimiser and activations.

| way | step GiB | of LoRA float32 | of LoRA bfloat16 | loading GiB | weights GiB | step s |
"""

import argparse
import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import psutil

from frontdesk.training.causal.settings import RunSettings

# Zhang et al., "TinyLlama: An Open-Source Small Language Model" (2024).
TINY_LLAMA: dict[str, Any] = {
    "vocab_size": 32000,
    "hidden_size": 2048,
    "intermediate_size": 5632,
    "num_hidden_layers": 22,
    "num_attention_heads": 32,
    "num_key_value_heads": 4,
    "max_position_embeddings": 2048,
}
WAYS: dict[str, dict[str, Any]] = {
    "LoRA, float32": {"precision": "fp32"},
    "LoRA, bfloat16": {"precision": "bf16"},
    "QLoRA, NF4": {"four_bit": True},
}
_GIB = 2**30


def make_model(folder: Path, shape: dict[str, Any]) -> Path:
    """Write a Llama model of `shape` with random bfloat16 weights to `folder`, unless it is there.

    It is written a layer at a time, so that making it needs little memory.
    """
    if (folder / "config.json").is_file():
        return folder
    import torch
    from safetensors.torch import save_file
    from transformers import LlamaConfig, LlamaForCausalLM

    folder.mkdir(parents=True, exist_ok=True)
    config = LlamaConfig(**shape, dtype="bfloat16", architectures=["LlamaForCausalLM"])
    with torch.device("meta"):
        sizes = {name: p.shape for name, p in LlamaForCausalLM(config).named_parameters()}
    random = torch.Generator().manual_seed(0)
    places: dict[str, str] = {}
    names = sorted(sizes)
    shards = max(1, len(names) // 20)
    for n in range(shards):
        part = names[n * len(names) // shards : (n + 1) * len(names) // shards]
        file = f"model-{n + 1:05d}-of-{shards:05d}.safetensors"
        values = {}
        for name in part:
            weight = torch.randn(sizes[name], generator=random) * 0.02
            values[name] = (weight if weight.dim() > 1 else torch.ones_like(weight)).bfloat16()
        save_file(values, folder / file, metadata={"format": "pt"})
        places |= dict.fromkeys(part, file)
    index = {"metadata": {}, "weight_map": places}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))
    config.save_pretrained(folder)
    return folder


def one_step(settings: RunSettings, length: int = 256) -> dict[str, float]:
    """Run one optimiser step on random tokens; return peaks and weights in bytes, and seconds."""
    import torch
    from peft import get_peft_model

    from frontdesk.training.causal.base import lora_config, open_base, runs_in_bf16

    torch.manual_seed(settings.seed)
    model = open_base(settings)
    weights = sum(p.numel() * p.element_size() for p in model.parameters())
    loading = peak_bytes(forget=True)
    model = get_peft_model(model, lora_config(settings.lora)).train()
    if settings.gradient_checkpointing:
        model.gradient_checkpointing_enable()
        model.enable_input_require_grads()
    optimiser = torch.optim.AdamW([p for p in model.parameters() if p.requires_grad], settings.rate)
    ids = torch.randint(0, model.config.vocab_size, (settings.batch, length))
    started = time.monotonic()
    with torch.autocast("cpu", torch.bfloat16, enabled=runs_in_bf16(settings)):
        loss = model(input_ids=ids, labels=ids).loss
    loss.backward()
    optimiser.step()
    seconds = time.monotonic() - started
    return {"step": peak_bytes(), "loading": loading, "weights": weights, "seconds": seconds}


def peak_bytes(*, forget: bool = False) -> int:
    """Return the most memory that was resident in this process at once; then `forget` it.

    `getrusage` would count the parent's, too, whose peak a new process inherits. Linux only:
    elsewhere, what is resident now.
    """
    status = Path("/proc/self/status")
    if not status.exists():
        return int(psutil.Process().memory_info().rss)
    line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
    if forget:
        Path("/proc/self/clear_refs").write_text("5")  # proc(5): the peak starts anew
    return int(line.split()[1]) * 1024


def measure(model: Path, way: str, length: int) -> dict[str, float]:
    """Run `one_step` one `way` in a fresh process and return what it printed."""
    command = [sys.executable, "-m", __spec__.name, str(model), "--way", way]
    ran = subprocess.run(
        [*command, "--length", str(length)], capture_output=True, text=True, check=False
    )
    if ran.returncode:
        raise SystemExit(f"{way}: {ran.stderr.strip().splitlines()[-1]}")
    found: dict[str, float] = json.loads(ran.stdout.strip().splitlines()[-1])
    return found


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="where the model of random weights is kept")
    parser.add_argument("--length", type=int, default=256, help="tokens of the step")
    parser.add_argument("--way", choices=WAYS, help="run this one, in this process")
    asked = parser.parse_args()
    if asked.way:
        settings = RunSettings(base=str(asked.folder), device="cpu", batch=1, **WAYS[asked.way])
        print(json.dumps(one_step(settings, asked.length)))
        return
    model = make_model(asked.folder, TINY_LLAMA)
    print(
        "| way | step GiB | of LoRA float32 | of LoRA bfloat16 | loading GiB | weights GiB "
        "| step s |\n|---|---|---|---|---|---|---|"
    )
    found: dict[str, dict[str, float]] = {}
    for way in WAYS:
        found[way] = row = measure(model, way, asked.length)
        shares = [
            f"{100 * row['step'] / found[other]['step']:.0f} %" if other in found else "-"
            for other in list(WAYS)[:2]
        ]
        sizes = [f"{row[key] / _GIB:.2f}" for key in ("step", "loading", "weights")]
        print(
            f"| {way} | {sizes[0]} | {' | '.join(shares)} | {sizes[1]} | {sizes[2]} "
            f"| {row['seconds']:.1f} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
