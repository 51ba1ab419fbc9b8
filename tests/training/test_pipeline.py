"""The whole pipeline on a clinic of three pages: real store, real tools, trainers and engine."""

import json
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from frontdesk.db import Store
from frontdesk.db.feedback import Feedback, save
from frontdesk.db.ingest.embed import GGUFEmbedder
from frontdesk.db.ingest.encoder_file import FILE_NAME
from frontdesk.db.runs import NoRun
from frontdesk.graphs.resources import Resources
from frontdesk.graphs.settings import Settings
from frontdesk.training.pipeline.errors import TrainingError
from frontdesk.training.pipeline.recipe import Recipe, read_recipe
from frontdesk.training.pipeline.run import RunFolder
from frontdesk.training.pipeline.runner import News, run_recipe
from frontdesk.training.promotion import every_run, rollback
from frontdesk.training.quantisation import compare
from frontdesk.training.stages.evaluate import read_report
from frontdesk.training.stages.export import exported

sys.path.append(str(Path(__file__).parent))  # tests are no package; tiny_desk is beside them

from killing import kill_half_way
from tiny_desk import QUICK, fill, settings_of

# TRL and PEFT warn of each other's future names; nothing of ours can silence them.
pytestmark = [
    pytest.mark.filterwarnings(f"ignore::{name}")
    for name in ("FutureWarning", "DeprecationWarning", "UserWarning")
]


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
def recipe() -> Recipe:
    return read_recipe("tiny").changed(QUICK)


@pytest.fixture(scope="module")
def finished(
    desk: Settings, recipe: Recipe, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunFolder]:
    """A run of every stage."""
    run = RunFolder(tmp_path_factory.mktemp("runs") / "whole")
    run_recipe(recipe, run, desk)
    yield run


def test_every_stage_leaves_a_record(finished: RunFolder, recipe: Recipe) -> None:
    assert tuple(finished.begun()) == recipe.stages
    for stage in recipe.stages:
        record = finished.record(stage)
        assert record is not None and record.outputs and finished.intact(record), stage
        assert (finished.folder(stage) / "log.txt").read_text()
    card = json.loads((finished.folder("synthesise") / "card.json").read_text())
    assert card["splits"]["train"] and card["splits"]["test"]
    assert (finished.folder("sft") / "progress.png").stat().st_size > 1000


def test_going_on_skips_what_is_done(finished: RunFolder, desk: Settings, recipe: Recipe) -> None:
    news: list[News] = []
    run_recipe(recipe, finished, desk, news.append, resume=True)
    assert {item.state for item in news} == {"unchanged"}
    with pytest.raises(TrainingError, match="--resume"):
        run_recipe(recipe, finished, desk)


def test_the_promoted_model_answers_and_can_be_taken_out(
    finished: RunFolder, desk: Settings
) -> None:
    (run,) = every_run(desk)
    assert run.in_service and run.scores["routing"]["of"] > 0
    with Resources(desk) as resources:
        assert resources.decider.name == run.name
    left, serves = rollback(desk)
    assert left.name == run.name and serves is None
    with Resources(desk) as resources:
        assert resources.decider.name.startswith("frontdesk-small")
    with pytest.raises(NoRun, match="bundled"):
        rollback(desk)


def test_the_report_says_what_was_measured(finished: RunFolder) -> None:
    folder = finished.folder("evaluate")
    report = read_report(folder)
    assert report.candidate and report.candidate.measures["literals kept"].interval.share == 1
    assert report.candidate.measures["routing"].of == report.service.questions
    assert set(report.quantised) == {"F32", "Q4_0"}
    page = (folder / "report.html").read_text()
    assert page.count("data:image/svg+xml;base64,") == 4
    assert "http://" not in page and "https://" not in page
    assert "Harbour Clinic" in page and "macro-F1" in page


def test_the_cost_of_quantising_is_read_off_the_run(finished: RunFolder) -> None:
    served, _ = exported(finished.folder("export"))
    rows, count = compare(finished, [served], 20)
    named = {row.name: row for row in rows}
    assert count == 20 and named["F32"].equal >= 0.95
    assert named["Q8_0"].mib == named[served.stem].mib  # made again, it is the file that serves
    assert named["Q8_0"].whole == named[served.stem].whole


def test_a_killed_run_ends_the_same(
    finished: RunFolder, desk: Settings, recipe: Recipe, tmp_path: Path
) -> None:
    """Kill a process in the middle of every stage that works long, go on, compare every byte."""
    run = RunFolder(tmp_path / "killed")
    shutil.copytree(finished.path, run.path)
    killed = ("synthesise", "trace", "sft", "dpo", "export")
    for stage in (*killed, "evaluate", "promote"):
        shutil.rmtree(run.folder(stage))
    for stage in killed:
        kill_half_way(run, stage, desk, QUICK)
        run_recipe(recipe, run, desk, only=[stage], resume=True)
        ours, theirs = run.record(stage), finished.record(stage)
        assert ours is not None and theirs is not None
        assert ours.outputs == theirs.outputs, stage


def test_what_has_changed_is_made_anew_and_what_was_is_kept(
    finished: RunFolder, desk: Settings, recipe: Recipe, tmp_path: Path
) -> None:
    run = RunFolder(tmp_path / "changed")
    shutil.copytree(finished.path, run.path)
    before = run.record("synthesise")
    run_recipe(
        recipe.changed(["synthesise.structure=5"]), run, desk, only=["synthesise"], resume=True
    )
    after = run.record("synthesise")
    assert before is not None and after is not None and after.outputs != before.outputs
    assert (run.path / "replaced" / "02-synthesise-1" / "record.json").exists()


def test_feedback_becomes_an_adapter(desk: Settings, module_store: Store, tmp_path: Path) -> None:
    run = RunFolder(tmp_path / "feedback")
    quick = [change for change in QUICK if not change.startswith("sft")]
    recipe = read_recipe("feedback").changed(quick)
    with pytest.raises(TrainingError, match="nobody has rated"):
        run_recipe(recipe, run, desk, only=["collect"])
    refused = "Sorry, I can't help with that here. I can help with: Parking, visiting and records."
    rated = [
        Feedback(thread="a", turn=0, thumb=-1, question="is there a play corner", answer=refused),
        Feedback(
            thread="a",
            turn=1,
            thumb=-1,
            question="what is a day pass",
            answer="Pay at the machine beside the north door before you leave. [1]",
            edited_answer="Ticket: Day pass; Price: $11.00",
        ),
        Feedback(thread="a", turn=2, thumb=-1, question="hm", answer="nothing of the sort"),
    ]
    with module_store.connection() as connection:
        for rating in rated:
            save(connection, rating, "")
    run_recipe(recipe, run, desk, only=["collect", "synthesise", "trace", "dpo"], resume=True)
    traced, trained = run.record("trace"), run.record("dpo")
    assert traced is not None and traced.metrics["feedback examples"] == 4
    assert trained is not None and trained.metrics["pairs of feedback"] == 2
    assert "1 says nothing" in (run.folder("trace") / "log.txt").read_text()
    collected = (run.folder("collect") / "feedback.jsonl").read_text()
    assert "thread" not in collected
