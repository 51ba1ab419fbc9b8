"""The stage `encoder` on a clinic of three pages: trained, killed, promoted, taken out again."""

import json
import os
import shutil
import sys
import tempfile
from pathlib import Path

import pytest
from safetensors.numpy import load_file

from frontdesk.agents.deciders import READER
from frontdesk.agents.small.cross_encoder import CrossEncoder
from frontdesk.db import Store
from frontdesk.db.ingest.embed import GGUFEmbedder
from frontdesk.db.ingest.encoder_file import FILE_NAME
from frontdesk.graphs.resources import Resources
from frontdesk.graphs.settings import Settings
from frontdesk.training.base import in_service, service_fingerprint
from frontdesk.training.cross_encoder.pairs import read
from frontdesk.training.evaluation.measures import GUARDED
from frontdesk.training.pipeline.errors import TrainingError
from frontdesk.training.pipeline.recipe import Recipe, read_recipe
from frontdesk.training.pipeline.run import RunFolder
from frontdesk.training.pipeline.runner import run_recipe
from frontdesk.training.promotion import every_run, rollback

sys.path.append(str(Path(__file__).parent))  # tests are no package; tiny_desk is beside them

from killing import kill_half_way
from tiny_desk import QUICK, fill, settings_of

pytestmark = [
    pytest.mark.filterwarnings(f"ignore::{name}")
    for name in ("FutureWarning", "DeprecationWarning", "UserWarning")
]
ENCODER = (
    *QUICK,
    "stages+=encoder",
    "encoder.epochs=2",
    "encoder.intents=20",
    "encoder.quotes=20",
    "encoder.threads=1",
    "encoder.processes=1",
    f"promote.allow={json.dumps(list(GUARDED))}",
)
NOTHING = (*ENCODER, "base=nothing")
MADE = ("collect", "synthesise", "encoder")
PUT = ("export", "evaluate", "promote")


@pytest.fixture(scope="module")
def desk(
    module_store: Store, embedder: GGUFEmbedder, tmp_path_factory: pytest.TempPathFactory
) -> Settings:
    """The clinic, its store filled."""
    folder = tmp_path_factory.mktemp("clinic")
    settings = settings_of(folder / "data", module_store.url)
    (folder / "data" / "models").mkdir(parents=True)
    made = Path(tempfile.gettempdir()) / f"frontdesk-tests-{os.getuid()}" / "models" / FILE_NAME
    (folder / "data" / "models" / FILE_NAME).symlink_to(made)
    fill(module_store, settings, folder / "site", embedder)
    return settings


@pytest.fixture(scope="module")
def finished(desk: Settings, tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    """A reader trained from nothing."""
    run = RunFolder(tmp_path_factory.mktemp("runs") / "whole")
    run_recipe(read_recipe("tiny").changed(NOTHING), run, desk, only=MADE)
    return run


def test_the_stage_makes_a_reader_that_serves(
    finished: RunFolder, desk: Settings, tmp_path: Path
) -> None:
    record, folder = finished.record("encoder"), finished.folder("encoder")
    assert record is not None and record.metrics["readings"] > 40
    assert set(record.metrics["after"]) == set(record.metrics["before"]) == {"intents", "quotes"}
    assert load_file(folder / READER.name).keys() == load_file(READER).keys()
    CrossEncoder(folder / READER.name, tmp_path, threads=1).close()
    log = json.loads((folder / "progress.json").read_text())
    assert [row["epoch"] for row in log] == [0, 1, 2]
    assert log[2]["intents loss"] < log[1]["intents loss"]
    assert (folder / "progress.png").stat().st_size > 1000
    said = (folder / "log.txt").read_text()
    assert "starts from nothing: first steps" in said and "epoch 2 of 2" in said
    rows = read(folder / "parts" / "harbour-clinic-train.jsonl")
    assert {row.task for row in rows} == {"intent", "quotes"}
    quoted = next(row for row in rows if row.task == "quotes" and row.right)
    assert any(": " in quoted.texts[n] for n in quoted.right)


def test_a_killed_training_ends_the_same(
    finished: RunFolder, desk: Settings, tmp_path: Path
) -> None:
    run = RunFolder(tmp_path / "killed")
    shutil.copytree(finished.path, run.path)
    shutil.rmtree(run.folder("encoder"))
    kill_half_way(run, "encoder", desk, NOTHING)
    assert (run.folder("encoder") / "state.pt").exists()
    recipe = read_recipe("tiny").changed(NOTHING)
    (record,) = run_recipe(recipe, run, desk, only=["encoder"], resume=True)
    whole = finished.record("encoder")
    assert whole is not None and record.outputs == whole.outputs
    assert record.metrics == whole.metrics
    assert "epoch 2 of 2" in (run.folder("encoder") / "log.txt").read_text()


def test_a_reader_that_is_not_better_is_not_taken(
    finished: RunFolder, desk: Settings, tmp_path: Path
) -> None:
    run = RunFolder(tmp_path / "no-better")
    shutil.copytree(finished.path, run.path)
    still = ("base=bundled", "encoder.rate=1e-12", "encoder.head_rate=1e-12", "encoder.epochs=1")
    recipe = read_recipe("tiny").changed((*ENCODER, *still))
    (record,) = run_recipe(recipe, run, desk, only=["encoder"], resume=True)
    assert record.metrics["better"] is False
    assert (run.folder("encoder") / READER.name).read_bytes() == READER.read_bytes()
    assert (
        "the reader that it started from is kept" in (run.folder("encoder") / "log.txt").read_text()
    )


def test_promotion_carries_the_reader_and_rollback_takes_it_back(
    finished: RunFolder, desk: Settings, tmp_path: Path
) -> None:
    bundled = service_fingerprint(in_service(desk))
    run_recipe(_putting("bundled", "encoder"), finished, desk, only=PUT)
    (first,) = every_run(desk)
    assert first.reader is not None
    trained = (finished.folder("encoder") / READER.name).read_bytes()
    kept = desk.data_dir / "models" / first.reader
    assert kept.read_bytes() == trained != READER.read_bytes()
    served = in_service(desk)
    assert served.reader == str(kept)
    assert service_fingerprint(served) != bundled
    assert service_fingerprint(served) != service_fingerprint(
        served.model_copy(update={"reader": "bundled"})
    )
    with Resources(desk) as resources:
        assert resources.decider.name == first.name
    # What the settings name goes before the registry.
    without = desk.model.model_copy(update={"reader": "none"})
    assert in_service(desk.model_copy(update={"model": without})).reader == "none"

    # A run without the stage goes on with the reader in service, which its model was measured with.
    after = RunFolder(tmp_path / "after")
    run_recipe(_putting("service"), after, desk)
    second = every_run(desk)[0]
    assert second.reader is not None and second.reader != first.reader
    assert (desk.data_dir / "models" / second.reader).read_bytes() == trained

    assert rollback(desk)[1] == first.model_copy(update={"in_service": True})
    assert in_service(desk).reader == str(kept)
    rollback(desk)
    assert in_service(desk).reader == "bundled"
    assert service_fingerprint(in_service(desk)) == bundled


def test_a_stage_that_the_recipe_leaves_out_is_named(finished: RunFolder, desk: Settings) -> None:
    with pytest.raises(TrainingError, match=r"--set stages\+=encoder"):
        run_recipe(read_recipe("tiny"), finished, desk, only=["encoder"], resume=True)
    assert "encoder" in read_recipe("tiny").changed(["stages+=encoder"]).stages
    with pytest.raises(TrainingError, match="no setting"):
        read_recipe("tiny").changed(["stages+=reading"])


def _putting(base: str, *also: str) -> Recipe:
    """Return the recipe that puts the base itself in service, with the reader of the run."""
    recipe = read_recipe("tiny").changed((*ENCODER, f"base={base}"))
    stages = tuple(s for s in recipe.stages if s in ("collect", "synthesise", *also, *PUT))
    return recipe.model_copy(update={"stages": stages})
