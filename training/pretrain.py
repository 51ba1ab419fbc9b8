"""Make the bundled model from nothing: tokenizer's word pieces get their encoder vectors, then SFT.

python -m frontdesk.training.pretrain runs/small
"""

import argparse
import json
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import torch
from tokenizers import Tokenizer

from frontdesk.agents.small.prompt import MARKERS
from frontdesk.agents.small.slots import SLOT_TOKENS
from frontdesk.db.ingest.embed import GGUFEmbedder, RememberingEmbedder, encoder_path
from frontdesk.training.checkpoint import save_network
from frontdesk.training.dataset import load
from frontdesk.training.network import make_network, start_from_encoder, take_slots
from frontdesk.training.sft import Progress, SftSettings, describe, train
from frontdesk.training.tokenizer import read_tokenizer


def piece_vectors(tokenizer: Tokenizer, run: Path) -> np.ndarray:
    """Return the encoder's vectors (n, 384) of the tokenizer's word pieces, kept for later."""
    path = run / "collect" / "pieces.npy"
    if path.exists():
        kept: np.ndarray = np.load(path)
        return kept
    count = tokenizer.get_vocab_size() - len(MARKERS) - SLOT_TOKENS
    texts = [tokenizer.decode([n], skip_special_tokens=False).strip() or " " for n in range(count)]
    embedder = RememberingEmbedder(GGUFEmbedder(encoder_path(run), threads=1))
    vectors: np.ndarray = np.concatenate(
        [embedder.embed(texts[i : i + 256]) for i in range(0, count, 256)]
    )
    np.save(path, vectors)
    return vectors


def pretrain(run: Path, settings: SftSettings, held_out: tuple[str, ...]) -> Path:
    """Train and save `sft/model.pt`, its settings and progress beside it; return the folder."""
    folder = run / "sft"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "settings.json").write_text(json.dumps(describe(settings), indent=2))
    dataset = load(run / "collect" / "data.npz")
    tokenizer = read_tokenizer(run / "collect" / "tokenizer.json")
    torch.manual_seed(settings.seed)
    network = make_network(
        tokenizer.get_vocab_size(),
        width=settings.width,
        layers=settings.layers,
        heads=settings.heads,
        feed_forward=settings.feed_forward,
    )
    start_from_encoder(network, tokenizer, piece_vectors(tokenizer, run))
    take_slots(network, dataset.table, settings.noise)
    log: list[dict[str, float]] = []

    def report(progress: Progress) -> None:
        log.append({field.name: getattr(progress, field.name) for field in fields(progress)})
        (folder / "progress.json").write_text(json.dumps(log, indent=2))
        print(
            f"epoch {progress.epoch}: loss {progress.loss:.3f}, held out exact "
            f"{progress.held_out:.3f}, {progress.seconds:.0f} s",
            flush=True,
        )
        save_network(network, folder / f"epoch-{progress.epoch}.pt")

    training, away = dataset.split(held_out)
    train(network, tokenizer, training, away, settings, report)
    save_network(network, folder / "model.pt")
    return folder


def main() -> None:
    """Run the stage from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("run", type=Path)
    parser.add_argument("--hold-out", nargs="*", default=[])
    for field in fields(SftSettings):
        kind = type(field.default)
        parser.add_argument(f"--{field.name.replace('_', '-')}", type=kind, default=field.default)
    options = vars(parser.parse_args())
    run, held_out = options.pop("run"), tuple(options.pop("hold_out"))
    pretrain(run, replace(SftSettings(), **options), held_out)


if __name__ == "__main__":
    main()
