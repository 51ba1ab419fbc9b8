"""Make a network from nothing and teach it its decisions, at a high rate.

    python -m frontdesk.training.stages.pretrain --folder runs/mine --recipe small

Only for a recipe whose base is "nothing". Word pieces start where the encoder puts them. Writes
`model.pt`.
"""

from pydantic import Field

from frontdesk.db.ingest.embed import encoder_path
from frontdesk.training.pipeline.errors import TrainingError
from frontdesk.training.pipeline.script import run_script
from frontdesk.training.pipeline.stage import Job, Result, Stage
from frontdesk.training.pretrain import new_network, piece_vectors
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
    shape = settings.shaped(job.seed, settings.model_dump(include=set(_SHAPE)))
    return fit(job, lambda: new_network(tokenizer, vectors, shape), tokenizer, shape)


_SHAPE = ("width", "layers", "heads", "feed_forward")
STAGE = Stage("pretrain", PretrainSettings, work, reads=("trace",))

if __name__ == "__main__":
    run_script(STAGE.name)
