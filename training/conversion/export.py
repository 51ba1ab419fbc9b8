"""The export stage: a merged model to GGUF files, checked against PyTorch and costed.

`export(ExportSettings(quantisations=("Q8_0", "Q4_K_M")), model, folder)`
"""

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from frontdesk.training.causal.base import open_tokenizer
from frontdesk.training.causal.dialogues import Dialogue
from frontdesk.training.causal.examples import Reader
from frontdesk.training.causal.settings import Settings
from frontdesk.training.conversion.cost import Cost, costs, table
from frontdesk.training.conversion.elsewhere import Elsewhere, convert
from frontdesk.training.conversion.errors import ConversionError
from frontdesk.training.conversion.gguf_model import write_gguf
from frontdesk.training.conversion.greedy import compare
from frontdesk.training.conversion.precision import Precision, Quantisation, quantise

TIE = 0.05  # logits: llama.cpp keeps keys and values as float16


class ExportSettings(Settings):
    """What is written. `precision` is that of the first file, from which the others are made.

    `prompts` held-out prompts are continued by both sides for `tokens` tokens to compare them.
    `elsewhere` names further formats for other servers.
    """

    name: str = "model"
    precision: Precision = "F16"
    quantisations: tuple[Quantisation, ...] = ("Q8_0", "Q4_0", "Q4_K_M")
    elsewhere: tuple[Elsewhere, ...] = ()
    prompts: int = 16
    tokens: int = 24


def export(
    settings: ExportSettings, model: Path, held_out: Sequence[Dialogue], folder: Path
) -> list[Cost]:
    """Write `folder/NAME-*.gguf` and the table of what each costs on `held_out`; return its rows.

    `model` is a Hugging Face folder, merged. Writes quantisation.json and quantisation.md, too.

    Raises:
        ConversionError: the model cannot be written, or the file does not say what PyTorch says.
    """
    first = folder / f"{settings.name}-{settings.precision.lower()}.gguf"
    write_gguf(model, first, settings.precision, settings.name)
    check_greedy(settings, first, model, held_out)
    files = [first]
    for kind in settings.quantisations:
        if kind != settings.precision:
            file = folder / f"{settings.name}-{kind.lower()}.gguf"
            quantise(first, file, kind)
            files.append(file)
    rows = costs(model, files, held_out)
    (folder / "quantisation.json").write_text(json.dumps([asdict(row) for row in rows], indent=2))
    (folder / "quantisation.md").write_text(table(rows) + "\n")
    for form in settings.elsewhere:
        convert(form, model, folder / form, held_out)
    return rows


def check_greedy(
    settings: ExportSettings, file: Path, model: Path, held_out: Sequence[Dialogue]
) -> int:
    """Return how many prompts both continue alike; a difference that is no tie is an error.

    Raises:
        ConversionError: the first prompt on which they differ, and from which token on.
    """
    reader = Reader.of(open_tokenizer(str(model)))
    prompts = [
        reader.prompt(dialogue.messages[:-1], dialogue) + dialogue.given
        for dialogue in held_out[: settings.prompts]
    ]
    found = compare(file, model, prompts, settings.tokens)
    for one in found:
        if not one.same and one.gap > TIE:
            raise ConversionError(
                f"{file.name} and PyTorch part after {one.equal} tokens of {one.prompt[-60:]!r} "
                f"(by {one.gap:.2f} logits): {one.served[: one.equal + 1]} and "
                f"{one.trained[: one.equal + 1]}; the file is not to be served"
            )
    return sum(one.same for one in found)
