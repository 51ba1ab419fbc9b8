"""The bundled model's network: a Llama decoder whose prompt may hold slots."""

from collections.abc import Sequence

import numpy as np
import torch
from tokenizers import Tokenizer
from transformers import LlamaConfig, LlamaForCausalLM

from frontdesk.agents.small.prompt import EMBEDDING, marker
from frontdesk.agents.small.slots import SLOT_TOKENS
from frontdesk.training.batches import Batch, SlotTable
from frontdesk.training.tokenizer import token_id

FEATURE_GAIN = 8.0
BLIND = 0.12


class SlotEmbedding(torch.nn.Module):
    """Embeds tokens and slots: row = token[marker] + values @ token[-SLOT_TOKENS:].

    A slot is an id past the vocabulary, so trainers that know only ids take it as it is.
    """

    markers: torch.Tensor
    values: torch.Tensor

    def __init__(self, weight: torch.nn.Parameter, table: SlotTable, noise: float) -> None:
        super().__init__()
        self.weight = weight
        self.noise = noise
        markers, values = table.tensors()
        self.register_buffer("markers", markers, persistent=False)
        self.register_buffer("values", values, persistent=False)

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        """Return the input embeddings (b, t, width) of `ids` (b, t)."""
        slots = ids >= self.weight.shape[0]
        rows = ids - self.weight.shape[0]
        plain = ids.clone()
        plain[slots] = self.markers[rows[slots]]
        embedded = torch.nn.functional.embedding(plain, self.weight)
        values = self.values[rows[slots]].to(embedded.dtype)
        if self.training and self.noise:
            values = values * (1 + self.noise * torch.randn_like(values))
            # Some slots lose their vector, so that words and numbers are read too.
            blind = torch.rand(len(values), 1, device=values.device) < BLIND
            values = torch.cat([values[:, :EMBEDDING] * ~blind, values[:, EMBEDDING:]], dim=1)
        projected = values @ self.weight[-SLOT_TOKENS:]
        return embedded.index_put(torch.where(slots), projected.to(embedded.dtype), accumulate=True)


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


def take_slots(network: LlamaForCausalLM, table: SlotTable, noise: float = 0.0) -> None:
    """Let `network` read the slots of `table`; `noise` is the relative noise of training."""
    weight = network.get_input_embeddings().weight
    network.set_input_embeddings(SlotEmbedding(weight, table, noise))


def drop_out(network: LlamaForCausalLM, share: float) -> None:
    """Drop `share` of what every layer adds to the stream, in training only."""

    def hook(module: torch.nn.Module, _: object, output: torch.Tensor) -> torch.Tensor:
        return torch.nn.functional.dropout(output, share, module.training)

    for layer in network.model.layers:
        layer.self_attn.o_proj.register_forward_hook(hook)
        layer.mlp.down_proj.register_forward_hook(hook)


def start_from_encoder(
    network: LlamaForCausalLM, tokenizer: Tokenizer, vectors: np.ndarray
) -> None:
    """Set the embeddings of the first word pieces to their encoder vectors (n, 384), reduced.

    A decoder that starts from nothing reads misspelt and rare words better when its word pieces
    start where a pre-trained encoder puts them; the projector starts on the same axes, so that
    words and sentences meet.
    """
    scale = network.config.initializer_range
    _, _, axes = np.linalg.svd(vectors - vectors.mean(axis=0), full_matrices=False)
    axes = axes[: network.config.hidden_size]
    reduced = (vectors - vectors.mean(axis=0)) @ axes.T
    with torch.no_grad():
        weight = network.get_input_embeddings().weight
        weight[: len(vectors)] = torch.from_numpy((reduced * scale / reduced.std()).astype("f4"))
        projector = weight[-SLOT_TOKENS:]
        projector[: axes.shape[1]] = torch.from_numpy(axes.T.astype("f4")) * scale * 3
        # Left at the size of a word, single numbers drown in the embedding and are never attended.
        projector[axes.shape[1] :] *= FEATURE_GAIN
        assert weight.shape[0] == tokenizer.get_vocab_size()


def target_loss(network: LlamaForCausalLM, batch: Batch, smoothing: float = 0.0) -> torch.Tensor:
    """Return the mean cross entropy of the decisions' markers, weighted by example."""
    hidden = network.model(input_ids=batch.ids).last_hidden_state
    asked = batch.labels != -100
    losses = torch.nn.functional.cross_entropy(
        network.lm_head(hidden[asked]),
        batch.labels[asked],
        reduction="none",
        label_smoothing=smoothing,
    )
    weights = batch.weights[:, None].expand_as(batch.labels)[asked]
    return (losses * weights).sum() / weights.sum()


@torch.no_grad()
def guess(network: LlamaForCausalLM, batch: Batch) -> torch.Tensor:
    """Return the likeliest next id (b, t) at every position."""
    network.eval()
    hidden = network.model(input_ids=batch.ids).last_hidden_state
    likeliest: torch.Tensor = network.lm_head(hidden).argmax(-1)
    return likeliest


def marker_ids(tokenizer: Tokenizer, names: Sequence[str]) -> list[int]:
    """Return the ids of protocol words: marker_ids(tokenizer, ["end"])."""
    return [token_id(tokenizer, marker(name)) for name in names]
