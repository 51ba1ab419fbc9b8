"""Replies that a model gives to training prompts: what rejection sampling learns from."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from peft import PeftModel

from frontdesk.training.causal.base import device_of, open_base, open_tokenizer
from frontdesk.training.causal.dialogues import Dialogue
from frontdesk.training.causal.examples import Reader
from frontdesk.training.causal.settings import RunSettings, SamplingSettings


class Sampler:
    """A model that is asked the same as in service, many prompts at once."""

    def __init__(
        self, settings: RunSettings, sampling: SamplingSettings, adapter: Path | None = None
    ) -> None:
        """Open `settings.base`, with the LoRA adapter in the folder `adapter`."""
        self.sampling = sampling
        self.tokenizer = open_tokenizer(settings.base)
        self.reader = Reader.of(self.tokenizer)
        model = open_base(settings)
        self.model: Any = PeftModel.from_pretrained(model, str(adapter)) if adapter else model
        self.model.eval()
        if not settings.four_bit:
            self.model.to(device_of(settings))

    def __call__(self, dialogues: Sequence[Dialogue]) -> list[list[str]]:
        """Return `samples` replies to each dialogue's last prompt, in the order of `dialogues`."""
        torch.manual_seed(self.sampling.seed)
        prompts = [self.reader.given(dialogue) for dialogue in dialogues]
        # Prompts of like length together: little padding is read.
        order = sorted(range(len(prompts)), key=lambda n: len(prompts[n]))
        replies: dict[int, list[str]] = {}
        for start in range(0, len(order), self.sampling.batch):
            group = order[start : start + self.sampling.batch]
            for n, texts in zip(group, self._sample([prompts[n] for n in group]), strict=True):
                replies[n] = texts
        return [replies[n] for n in range(len(dialogues))]

    @torch.no_grad()
    def _sample(self, prompts: Sequence[Sequence[int]]) -> list[list[str]]:
        asked, width = self.sampling, max(len(prompt) for prompt in prompts)
        pad = self.tokenizer.pad_token_id
        ids = torch.tensor([[pad] * (width - len(p)) + list(p) for p in prompts])
        mask = torch.tensor([[0] * (width - len(p)) + [1] * len(p) for p in prompts])
        device = self.model.device
        written = self.model.generate(
            input_ids=ids.to(device),
            attention_mask=mask.to(device),
            do_sample=True,
            temperature=asked.temperature,
            top_k=0,
            num_return_sequences=asked.samples,
            max_new_tokens=asked.max_new_tokens,
            eos_token_id=sorted({self.reader.closing[0], self.tokenizer.eos_token_id}),
            pad_token_id=pad,
            use_cache=True,
        )
        texts = self.tokenizer.batch_decode(written[:, width:], skip_special_tokens=True)
        return [
            [text.strip().split("\n")[0].strip() for text in texts[n : n + asked.samples]]
            for n in range(0, len(texts), asked.samples)
        ]
