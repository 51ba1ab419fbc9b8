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
from transformers import LlamaForCausalLM

from frontdesk.agents.small.prompt import MARKERS
from frontdesk.agents.small.slots import SLOT_TOKENS
from frontdesk.db.ingest.embed import GGUFEmbedder, RememberingEmbedder, encoder_path
from frontdesk.training.checkpoint import read_network, save_network
from frontdesk.training.dataset import load, merge
from frontdesk.training.network import make_network, start_from_encoder, take_slots
from frontdesk.training.sft import Progress, SftSettings, describe, train
from frontdesk.training.tokenizer import read_tokenizer


def piece_vectors(tokenizer: Tokenizer, path: Path, encoder: Path) -> np.ndarray:
    """Return the encoder's vectors (n, 384) of the tokenizer's word pieces, kept at `path`."""
    if path.exists():
        kept: np.ndarray = np.load(path)
        return kept
    count = tokenizer.get_vocab_size() - len(MARKERS) - SLOT_TOKENS
    texts = [tokenizer.decode([n], skip_special_tokens=False).strip() or " " for n in range(count)]
    embedder = RememberingEmbedder(GGUFEmbedder(encoder, threads=1))
    vectors: np.ndarray = np.concatenate(
        [embedder.embed(texts[i : i + 256]) for i in range(0, count, 256)]
    )
    np.save(path, vectors)
    return vectors


def new_network(
    tokenizer: Tokenizer, vectors: np.ndarray, settings: SftSettings
) -> LlamaForCausalLM:
    """Return an untrained network whose word pieces start where the encoder puts them."""
    network = make_network(
        tokenizer.get_vocab_size(),
        width=settings.width,
        layers=settings.layers,
        heads=settings.heads,
        feed_forward=settings.feed_forward,
    )
    start_from_encoder(network, tokenizer, vectors)
    return network


def pretrain(
    run: Path,
    settings: SftSettings,
    held_out: tuple[str, ...] = (),
    collections: tuple[str, ...] = ("collect",),
    start: Path | None = None,
) -> Path:
    """Train on `collections`, from nothing or from the checkpoint `start`.

    Saves `sft/model.pt`, its settings and progress beside it, and returns the folder.
    """
    folder = run / "sft"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "settings.json").write_text(json.dumps(describe(settings), indent=2))
    dataset = merge([load(run / name / "data.npz") for name in collections])
    tokenizer = read_tokenizer(run / "collect" / "tokenizer.json")
    torch.manual_seed(settings.seed)
    if start:
        network = read_network(start)
    else:
        vectors = piece_vectors(tokenizer, run / "collect" / "pieces.npy", encoder_path(run))
        network = new_network(tokenizer, vectors, settings)
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
    train(network, tokenizer, training, away, dataset.table, settings, report)
    save_network(network, folder / "model.pt")
    return folder


def main() -> None:
    """Run the stage from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("run", type=Path)
    parser.add_argument("--hold-out", nargs="*", default=[])
    parser.add_argument("--collections", nargs="*", default=["collect"])
    parser.add_argument("--start", type=Path, help="continue from this checkpoint")
    for field in fields(SftSettings):
        kind = type(field.default)
        parser.add_argument(f"--{field.name.replace('_', '-')}", type=kind, default=field.default)
    options = vars(parser.parse_args())
    run, start = options.pop("run"), options.pop("start")
    held_out, collections = tuple(options.pop("hold_out")), tuple(options.pop("collections"))
    pretrain(run, replace(SftSettings(), **options), held_out, collections, start)


if __name__ == "__main__":
    main()
