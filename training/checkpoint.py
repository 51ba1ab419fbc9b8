"""Trained weights on disk, and out of it as arrays."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from transformers import LlamaConfig, LlamaForCausalLM


def save_network(network: LlamaForCausalLM, path: Path) -> None:
    """Write the network's weights and configuration; the tied output layer is left out."""
    state = {k: v for k, v in network.state_dict().items() if "lm_head" not in k}
    torch.save({"state": state, "config": network.config.to_dict()}, path)


def read_network(path: Path) -> LlamaForCausalLM:
    """Return the network saved by `save_network`, in float32."""
    saved = torch.load(path, weights_only=True)
    network = LlamaForCausalLM(LlamaConfig.from_dict(saved["config"]))
    network.load_state_dict(saved["state"], strict=False)
    network.tie_weights()
    return network


def average(networks: Sequence[LlamaForCausalLM]) -> LlamaForCausalLM:
    """Return the first network with the mean of all their weights (Wortsman et al. 2022)."""
    states = [network.state_dict() for network in networks]
    mean = {name: torch.stack([state[name] for state in states]).mean(0) for name in states[0]}
    networks[0].load_state_dict(mean)
    return networks[0]


def read_tensors(path: Path) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """Return the network's tensors by their transformers names, and its configuration."""
    saved = torch.load(path, weights_only=True)
    return {name: value.float().numpy() for name, value in saved["state"].items()}, saved["config"]


def save_adapter(model: torch.nn.Module, alpha: int, path: Path) -> None:
    """Write the LoRA matrices of a model that PEFT has wrapped, and their alpha."""
    state = {name: value for name, value in model.state_dict().items() if "lora_" in name}
    torch.save({"state": state, "alpha": alpha}, path)


def read_adapter(path: Path) -> tuple[list[tuple[str, np.ndarray, np.ndarray]], float]:
    """Return the LoRA matrices [(tensor, A, B)] saved by `save_adapter`, and alpha."""
    saved = torch.load(path, weights_only=True)
    return list(_pairs(saved["state"])), float(saved["alpha"])


def _pairs(
    state: dict[str, torch.Tensor],
) -> Iterator[tuple[str, np.ndarray, np.ndarray]]:
    for name, a in state.items():
        if ".lora_A." in name:
            stem = name.split(".lora_A.")[0].removeprefix("base_model.model.")
            b = state[name.replace(".lora_A.", ".lora_B.")]
            yield stem, a.float().numpy(), b.float().numpy()
