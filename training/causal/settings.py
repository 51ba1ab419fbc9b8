"""The settings of fine-tuning, with the values of the papers and why ours differ.

    paper                         rank   alpha      dropout   where                   rate
    LoRA (Hu et al. 2021)         8      8 or 16    0.0-0.1   query and value         2e-4
    QLoRA (Dettmers et al. 2023)  64     16         0.1-0.05  every linear layer      2e-4 (7-13 B)
                                                                                      1e-4 (33-65 B)

Hu et al. adapt attention's query and value; Dettmers et al. find that every linear layer must be
adapted to match full fine-tuning, and that the rank then hardly matters. So: every linear layer,
rank 16.
"""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

Device = Literal["auto", "cpu", "cuda"]
Precision = Literal["auto", "fp32", "bf16"]


class Settings(BaseModel):
    """One table of a recipe: frozen, and a misspelt key is refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class LoraSettings(Settings):
    """A low-rank adapter: W + (alpha / rank) B A, with A (rank, n) and B (m, rank).

    rank     8 in Hu et al., 64 in Dettmers et al.; memory grows with it, quality hardly.
    alpha    the adapter's strength against the rank; twice the rank is the common choice.
    dropout  0.1 up to 13 B and 0.05 above in Dettmers et al.; 0.05 for the few thousand examples
             that a site gives.
    targets  "all-linear" (Dettmers et al.), or the names of modules: ("q_proj", "v_proj") are those
             of Hu et al. The output layer is never adapted.
    """

    rank: int = Field(default=16, ge=1, le=1024)
    alpha: int = Field(default=32, ge=1)
    dropout: float = Field(default=0.05, ge=0.0, lt=1.0)
    targets: str | tuple[str, ...] = "all-linear"


class RunSettings(Settings):
    """What SFT and DPO share: the base model, where it runs and how its steps are counted.

    `base` is a folder with a Hugging Face causal model. `four_bit` switches QLoRA on: the base's
    weights in NF4 with double quantisation (bitsandbytes), only the adapter in bf16. `method` full
    trains every weight; it needs 16 bytes a parameter. `batch` examples are read at once on each
    device and `accumulate` batches make a step. `patience` evaluations without a better held-out
    loss end the run; 0 never does. `evaluations` is how many there are in an epoch, each with a
    checkpoint.
    """

    base: str
    method: Literal["lora", "full"] = "lora"
    four_bit: bool = False
    lora: LoraSettings = LoraSettings()
    device: Device = "auto"
    precision: Precision = "auto"
    max_length: int = Field(default=1024, ge=8)
    epochs: float = Field(default=3.0, gt=0)
    max_steps: int = Field(default=-1, ge=-1)
    rate: float = Field(default=2e-4, gt=0)
    warmup: float = Field(default=0.03, ge=0.0, lt=1.0)
    batch: int = Field(default=4, ge=1)
    accumulate: int = Field(default=4, ge=1)
    evaluations: int = Field(default=2, ge=1)
    patience: int = Field(default=3, ge=0)
    gradient_checkpointing: bool = True
    progress: bool = True
    seed: int = 7


class SftSettings(RunSettings):
    """Supervised fine-tuning. `packing` puts several short examples into one row.

    On a GPU packing needs an attention that keeps them apart (flash attention); elsewhere it is
    exact with the row's position numbers, and slower than short batches.
    """

    packing: bool = False


class DpoSettings(RunSettings):
    """Preferences on an adapter beside the model (Rafailov et al. 2023).

    `beta` 0.1 as in the paper. `sft_weight` is the weight of the likelihood of what is preferred
    beside the sigmoid loss (Pang et al. 2024): without it a small model forgets its task. `rate`
    is a tenth of LoRA's: preferences move a model far. `base` is the model after SFT, its adapter
    merged (`conversion.merge`): the new adapter stands beside that one.
    """

    method: Literal["lora"] = "lora"
    rate: float = Field(default=2e-5, gt=0)
    beta: float = Field(default=0.1, gt=0)
    sft_weight: float = Field(default=1.0, ge=0.0)
    lora: LoraSettings = LoraSettings(rank=8, alpha=16, dropout=0.0)
    epochs: float = Field(default=2.0, gt=0)


class SamplingSettings(Settings):
    """Rejection sampling: `samples` replies a prompt at `temperature`, `batch` prompts at once."""

    samples: int = Field(default=8, ge=1)
    temperature: float = Field(default=0.9, gt=0)
    max_new_tokens: int = Field(default=24, ge=1)
    batch: int = Field(default=8, ge=1)
    seed: int = 7
