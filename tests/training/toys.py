"""Toy models in Hugging Face's form: random weights and a small vocabulary, made in a second."""

from pathlib import Path
from typing import Any

import torch
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers
from tokenizers.trainers import BpeTrainer
from transformers import AutoConfig, AutoModel, AutoModelForCausalLM, PreTrainedTokenizerFast

from frontdesk.agents.chat.prompt import system_text
from frontdesk.training.causal.dialogues import Dialogue, Message

WORDS = [
    "You are the front desk. Question: how long is the wait at the clinic right now?",
    "Step: search Step: wait_times any now Step: answer 1 2 end Step: refuse Step: contact_lookup",
    "Sentences: 1. Call the clinic about parking. 2. The wait is 12 minutes. not_found clarify",
    "Write the step. Before: Places: Contacts: user system assistant emergency urgent_care",
    system_text("Kestrel Health", "Clinics and parking in Kestrel."),
]
MARKS = ("<|endoftext|>", "<|im_start|>", "<|im_end|>")
CHATML = (
    "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
QWEN2 = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*"
    r"|\s*[\r\n]+|\s+(?!\S)|\s+"
)
LLAMA3 = QWEN2.replace(r"|\p{N}|", r"|\p{N}{1,3}|")

ASKED = {
    "how long is the wait": "wait_times any now",
    "call the clinic": "contact_lookup",
    "about parking": "search",
}


def talk(question: str, reply: str) -> Dialogue:
    asked = (
        Message(role="system", content="You are the front desk."),
        Message(role="user", content=f"Question: {question}"),
        Message(role="assistant", content=reply),
    )
    return Dialogue(messages=asked, given="Step:")


TALKS = [talk(question, reply) for question, reply in ASKED.items()] * 4


def byte_level(split: str = QWEN2) -> PreTrainedTokenizerFast:
    """Return a byte-level BPE tokenizer as Qwen's or Llama 3's."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.normalizer = normalizers.NFC()
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(split), "isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = BpeTrainer(vocab_size=700, initial_alphabet=alphabet, show_progress=False)
    tokenizer.train_from_iterator(WORDS * 5, trainer)
    tokenizer.add_special_tokens(list(MARKS))
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        eos_token="<|im_end|>",
        pad_token="<|endoftext|>",
        chat_template=CHATML,
    )


def sentence_piece() -> PreTrainedTokenizerFast:
    """Return a BPE tokenizer with byte fallback, as Llama 2's, Mistral's and Gemma's."""
    specials = ["<unk>", "<s>", "</s>"]
    tokenizer = Tokenizer(models.BPE(unk_token="<unk>", byte_fallback=True, fuse_unk=True))
    tokenizer.normalizer = normalizers.Sequence(
        [normalizers.Prepend("\u2581"), normalizers.Replace(" ", "\u2581")]
    )
    tokenizer.decoder = decoders.Sequence(
        [
            decoders.Replace("\u2581", " "),
            decoders.ByteFallback(),
            decoders.Fuse(),
            decoders.Strip(" ", 1, 0),
        ]
    )
    letters = [f"<0x{n:02X}>" for n in range(256)]
    trainer = BpeTrainer(vocab_size=800, special_tokens=[*specials, *letters], show_progress=False)
    tokenizer.train_from_iterator(WORDS * 5, trainer)
    values: Any = tokenizer
    values.add_special_tokens([AddedToken(mark, special=True) for mark in MARKS[1:]])
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        bos_token="<s>",
        eos_token="<|im_end|>",
        pad_token="</s>",
        unk_token="<unk>",
        chat_template=CHATML,
    )


def toy(folder: Path, kind: str = "llama", *, seed: int = 0, **changes: Any) -> Path:
    """Write a toy of model type `kind` to `folder` and return `folder`."""
    spm = kind in ("mistral", "gemma", "gemma3_text")
    tokenizer = sentence_piece() if spm else byte_level(LLAMA3 if kind == "llama" else QWEN2)
    shape: dict[str, Any] = {
        "vocab_size": len(tokenizer),
        "hidden_size": 64,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "head_dim": 16,
        "intermediate_size": 128,
        "max_position_embeddings": 512,
        "bos_token_id": tokenizer.bos_token_id,
        "eos_token_id": tokenizer.eos_token_id,
        "pad_token_id": tokenizer.pad_token_id,
        "initializer_range": 0.25,
        "tie_word_embeddings": kind.startswith("gemma"),
    }
    config = AutoConfig.for_model(kind, **{**shape, **changes})
    torch.manual_seed(seed)
    model = AutoModelForCausalLM.from_config(config)
    for name, parameter in model.named_parameters():
        if "norm" in name or name.endswith("bias"):
            torch.nn.init.normal_(parameter, 0.0 if name.endswith("bias") else 1.0, 0.1)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def toy_encoder(folder: Path) -> Path:
    """Write a toy BERT encoder to `folder` and return `folder`."""
    tokenizer = byte_level()
    tokenizer.add_special_tokens({"cls_token": "[CLS]", "sep_token": "[SEP]"})
    torch.manual_seed(0)
    config = AutoConfig.for_model(
        "bert",
        vocab_size=len(tokenizer),
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=64,
        max_position_embeddings=64,
        pad_token_id=tokenizer.pad_token_id,
    )
    AutoModel.from_config(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder
