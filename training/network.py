"""The bundled model's network: a Llama decoder whose prompt may hold slots."""

from collections.abc import Sequence

import numpy as np
import torch
from tokenizers import Tokenizer
from transformers import LlamaConfig, LlamaForCausalLM

from frontdesk.agents.slots import SLOT_TOKENS
from frontdesk.training.batches import Batch


def make_network(
    vocabulary: int, *, width: int, layers: int, heads: int, feed_forward: int
) -> LlamaForCausalLM:
    """Return an untrained decoder with tied embeddings."""
    config = LlamaConfig(
        vocab_size=vocabulary,
        hidden_size=width,
        num_hidden_layers=layers,
        num_attention_heads=heads,
        num_key_value_heads=heads,
        intermediate_size=feed_forward,
        max_position_embeddings=1024,
        rope_parameters={"rope_type": "default", "rope_theta": 10000.0},
        tie_word_embeddings=True,
        bos_token_id=None,
        eos_token_id=None,
        attn_implementation="sdpa",
    )
    return LlamaForCausalLM(config)


def start_from_encoder(
    network: LlamaForCausalLM, tokenizer: Tokenizer, vectors: np.ndarray, texts: Sequence[int]
) -> None:
    """Set the embeddings of the word pieces `texts` to their encoder vectors (n, 384), reduced.

    A decoder that starts from nothing reads misspelt and rare words better when its word pieces
    start where a pre-trained encoder puts them.
    """
    width = network.config.hidden_size
    centred = vectors - vectors.mean(axis=0)
    _, _, axes = np.linalg.svd(centred, full_matrices=False)
    reduced = centred @ axes[:width].T
    reduced *= network.config.initializer_range / reduced.std()
    with torch.no_grad():
        table = network.get_input_embeddings().weight
        table[list(texts)] = torch.from_numpy(reduced.astype(np.float32))
        # The projector's rows for the embedding part: the same axes, so that words and sentences meet.
        scale = network.config.initializer_range
        projector = table[-SLOT_TOKENS:]
        projector[: axes.shape[1]] = torch.from_numpy(axes[:width].T.astype(np.float32)) * scale * 3


def input_rows(network: LlamaForCausalLM, batch: Batch, noise: float = 0.0) -> torch.Tensor:
    """Return the input embeddings (b, t, width): tokens plus projected slots."""
    table = network.get_input_embeddings().weight
    values = batch.values
    if noise:
        values = values * (1 + noise * torch.randn_like(values))
    rows: torch.Tensor = table[batch.ids] + values @ table[-SLOT_TOKENS:]
    return rows


def target_loss(
    network: LlamaForCausalLM, batch: Batch, *, noise: float = 0.0, smoothing: float = 0.0
) -> torch.Tensor:
    """Return the mean cross entropy of the decisions' markers, weighted by example."""
    hidden = network.model(inputs_embeds=input_rows(network, batch, noise)).last_hidden_state
    asked = batch.labels != -100
    logits = network.lm_head(hidden[asked])
    losses = torch.nn.functional.cross_entropy(
        logits, batch.labels[asked], reduction="none", label_smoothing=smoothing
    )
    weights = batch.weights[:, None].expand_as(batch.labels)[asked]
    return (losses * weights).sum() / weights.sum()


def decision_logps(network: LlamaForCausalLM, batch: Batch) -> torch.Tensor:
    """Return the summed log-probability (b,) of each example's decision."""
    hidden = network.model(inputs_embeds=input_rows(network, batch)).last_hidden_state
    logits = network.lm_head(hidden).log_softmax(-1)
    asked = batch.labels != -100
    picked = logits.gather(-1, batch.labels.clamp(min=0)[..., None])[..., 0]
    return (picked * asked).sum(-1)
