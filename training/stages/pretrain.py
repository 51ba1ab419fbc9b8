"""Make a network from nothing and teach it its decisions, at a high rate.

    python -m frontdesk.training.stages.pretrain --folder runs/mine --recipe small

Only for a recipe whose base is "nothing". Word pieces start where the encoder puts them. Writes
`model.pt`.
"""

from pathlib import Path

import numpy as np
from pydantic import Field
from tokenizers import Tokenizer
from transformers import LlamaForCausalLM

from frontdesk.agents.small.prompt import MARKERS
from frontdesk.agents.small.slots import SLOT_TOKENS
from frontdesk.db.ingest.embed import GGUFEmbedder, RememberingEmbedder, encoder_path
from frontdesk.training.network import make_network, start_from_encoder
from frontdesk.training.pipeline.errors import TrainingError
from frontdesk.training.pipeline.script import run_script
from frontdesk.training.pipeline.stage import Job, Result, Stage
from frontdesk.training.stages.sft import Schedule, fit
from frontdesk.training.tokenizer import read_tokenizer


class PretrainSettings(Schedule):
    """The shape of the network, and its first schedule."""

    width: int = Field(default=256, ge=32)
    layers: int = Field(default=4, ge=1)
    heads: int = Field(default=4, ge=1)
    feed_forward: int = Field(default=704, ge=32)
    epochs: int = Field(default=3, ge=1)
    rate: float = Field(default=1.5e-3, gt=0)


def work(job: Job) -> Result:
    """Write the network."""
    if job.recipe.base != "nothing":
        raise TrainingError(
            f"pretrain starts from nothing, but the recipe's base is {job.recipe.base!r}; leave the"
            " stage out, or --set base=nothing"
        )
    settings: PretrainSettings = job.settings
    tokenizer = read_tokenizer(job.of("trace") / "tokenizer.json")
    vectors = piece_vectors(tokenizer, job.folder / "pieces.npy", encoder_path(job.desk.data_dir))
    plain = settings.plain(job.seed)
    return fit(job, lambda: new_network(tokenizer, vectors, settings), tokenizer, plain)


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
    tokenizer: Tokenizer, vectors: np.ndarray, settings: PretrainSettings
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


STAGE = Stage("pretrain", PretrainSettings, work, reads=("trace",))

if __name__ == "__main__":
    run_script(STAGE.name)
