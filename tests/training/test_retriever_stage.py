"""The stage `retriever` on a clinic of three pages: trained, killed, offered, switched on."""

import json
import os
import shutil
import sys
import tempfile
from pathlib import Path

import pytest
from safetensors.numpy import load_file

from frontdesk.db import Store, retrieval
from frontdesk.db.ingest.embed import GGUFEmbedder
from frontdesk.db.ingest.encoder_file import FILE_NAME, merged
from frontdesk.db.ingest.retriever import open_retriever
from frontdesk.graphs.checkup import Check, checkup
from frontdesk.graphs.prepare import ingest_sources
from frontdesk.graphs.resources import Resources
from frontdesk.graphs.settings import Settings
from frontdesk.training.bi_encoder.measure import Ranked, Scores, gain, ndcg
from frontdesk.training.bi_encoder.offer import COMMAND, FILE, Offer, read_offer
from frontdesk.training.bi_encoder.pairs import Asked, read
from frontdesk.training.bi_encoder.shadow import shadowed
from frontdesk.training.pipeline.errors import TrainingError
from frontdesk.training.pipeline.recipe import read_recipe
from frontdesk.training.pipeline.run import RunFolder
from frontdesk.training.pipeline.runner import run_recipe

sys.path.append(str(Path(__file__).parent))  # tests are no package; tiny_desk is beside them

from killing import kill_half_way
from tiny_desk import QUICK, fill, settings_of

pytestmark = [
    pytest.mark.filterwarnings(f"ignore::{name}")
    for name in ("FutureWarning", "DeprecationWarning", "UserWarning")
]
RETRIEVER = (
    *QUICK,
    "stages+=retriever",
    "base=bundled",
    "synthesise.structure=60",
    "retriever.epochs=2",
    "retriever.most=16",
    "retriever.batch=4",
    "retriever.tokens=48",
    "retriever.threads=1",
    "retriever.processes=1",
)
# More to ask about than the clinic has: which questions are held out depends on the pages' URLs.
PLACES = ("harbour", "station", "museum", "library", "garden", "market", "theatre", "castle")
MADE = ("collect", "synthesise", "retriever")


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
    (folder / "site").mkdir()
    for n, place in enumerate(PLACES):
        (folder / "site" / f"{place}.md").write_text(
            f"# The {place}\n\n## Tickets\n\n| Ticket | Price |\n|---|---|\n| Tour of the {place} |"
            f" ${n + 2} |\n\n## Opening of the {place}\n\nThe {place} opens at {n + 1} pm.\n",
            "utf-8",
        )
    fill(module_store, settings, folder / "site", embedder)
    return settings


@pytest.fixture(scope="module")
def finished(desk: Settings, tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    """A retriever trained for a few steps."""
    run = RunFolder(tmp_path_factory.mktemp("runs") / "whole")
    run_recipe(read_recipe("tiny").changed(RETRIEVER), run, desk, only=MADE)
    return run


def test_the_stage_makes_a_retriever_and_leaves_the_store_alone(
    finished: RunFolder, desk: Settings, module_store: Store
) -> None:
    record, folder = finished.record("retriever"), finished.folder("retriever")
    rows = read(folder / "parts" / "harbour-clinic-train.jsonl")
    assert record is not None and record.metrics["questions"] == min(16, len(rows)) > 4
    names = {
        f"{kind} {measure}" for kind in ("dense", "fused") for measure in ("recall@5", "nDCG@10")
    }
    assert set(record.metrics["before"]) == set(record.metrics["after"]) == names
    assert record.metrics["cosine of GGUF and PyTorch"] >= 0.999
    changes = merged(load_file(folder / FILE))
    assert len(changes) == 6 * 6  # every linear layer of every block
    assert all(change.any() for change in changes.values())
    assert [row["epoch"] for row in json.loads((folder / "progress.json").read_text())] == [1, 2]
    assert (folder / "found.png").stat().st_size > 1000
    assert not (folder / "checkpoints").exists()
    for row in rows:
        assert row.right and row.wrong and not set(row.right) & set(row.wrong)
        assert len(row.right[0].splitlines()) >= 3  # under its title and its heading
    with module_store.connection() as connection:
        found = connection.execute("SELECT DISTINCT retriever FROM chunks").fetchall()
    assert found == [(None,)]


def test_a_killed_training_ends_the_same(
    finished: RunFolder, desk: Settings, tmp_path: Path
) -> None:
    run = RunFolder(tmp_path / "killed")
    shutil.copytree(finished.path, run.path)
    shutil.rmtree(run.folder("retriever"))
    kill_half_way(run, "retriever", desk, RETRIEVER)
    folder = run.folder("retriever")
    assert any((folder / "checkpoints").iterdir())
    recipe = read_recipe("tiny").changed(RETRIEVER)
    (record,) = run_recipe(recipe, run, desk, only=["retriever"], resume=True)
    whole = finished.record("retriever")
    assert whole is not None and record.outputs == whole.outputs
    assert record.metrics == whole.metrics
    said = (folder / "log.txt").read_text()
    assert said.count("epoch 1 of 2") == said.count("epoch 2 of 2") == 1


def test_one_that_is_not_better_is_not_offered(
    finished: RunFolder, desk: Settings, tmp_path: Path
) -> None:
    run = RunFolder(tmp_path / "no-better")
    shutil.copytree(finished.path, run.path)
    recipe = read_recipe("tiny").changed((*RETRIEVER, "retriever.rate=1e-12", "retriever.epochs=1"))
    (record,) = run_recipe(recipe, run, desk, only=["retriever"], resume=True)
    assert record.metrics["better"] is False
    folder = run.folder("retriever")
    assert "not better on what is held out" in (folder / "log.txt").read_text()
    assert read_offer(folder) is None


def test_it_serves_once_the_settings_name_it_and_chunks_are_embedded(
    finished: RunFolder, desk: Settings, module_store: Store, tmp_path: Path
) -> None:
    file = finished.folder("retriever") / FILE
    toml = tmp_path / "frontdesk.toml"
    relative = os.path.relpath(file, tmp_path)
    toml.write_text(
        f"[search]\nencoder = '{relative}'\n[database]\nurl = '{desk.database.url}'\n"
        f"[organisation]\nname = 'Harbour Clinic'\n",
        "utf-8",
    )
    settings = Settings.load(toml).model_copy(update={"data_dir": desk.data_dir})
    assert Path(settings.search.encoder).samefile(file)
    found = line_of(settings)
    assert found.state == "warn" and found.mend == f"run: {COMMAND}"
    assert "chunks are not embedded by bi-encoder-" in found.found
    with Resources(settings) as resources:
        assert resources.toolbox.searcher.search("what is a day pass").passages
    report = ingest_sources(settings, [str(desk.data_dir.parent / "site")])
    assert (report.stored, report.unchanged) == (0, 3 + len(PLACES))
    assert line_of(settings).state == "ok"
    with Resources(settings) as resources:
        assert resources.retriever is not None
        with module_store.connection() as connection:
            assert retrieval.complete(connection, resources.retriever.name)
        (first, *_) = resources.toolbox.searcher.search("what is a day pass").passages
        assert "Day pass" in first.text
    gone = settings.search.model_copy(update={"encoder": str(tmp_path / "gone.safetensors")})
    broken = line_of(settings.model_copy(update={"search": gone}))
    assert broken.state == "bad" and "gone.safetensors" in broken.found


def line_of(settings: Settings) -> Check:
    return next(check for check in checkup(settings) if check.part == "retriever")


def test_a_shadow_shows_a_store_embedded_by_another(
    finished: RunFolder, desk: Settings, module_store: Store
) -> None:
    retriever = open_retriever(str(finished.folder("retriever") / FILE), desk.data_dir, threads=1)
    assert retriever is not None
    other = "SELECT count(*) FROM chunks WHERE retriever = 'x'"
    with shadowed(module_store, retriever) as shadow:
        with shadow.connection() as connection:
            assert retrieval.complete(connection, retriever.name)
            connection.execute("UPDATE chunks SET retriever = 'x'")
            assert connection.execute(other).fetchone() != (0,)
    with module_store.connection() as connection:
        assert connection.execute(other).fetchone() == (0,)
    retriever.close()


def test_better_is_what_the_interval_says() -> None:
    assert ndcg([3, 1, 2], [1]) == pytest.approx(0.6309, abs=1e-4)
    assert ndcg([1, 2], [2, 1]) == 1.0 and ndcg([3], [1]) == 0.0
    rows = [Asked("q", ("a",), (), (1,))] * 20
    worse, better = scores([2, 1], rows), scores([1, 2], rows)
    assert gain(worse, better) == pytest.approx((0.3691, 0.3691), abs=1e-4)
    mixed = Scores.joined([scores([1, 2], rows[:3]), scores([2, 1], rows[3:])])
    mean, low = gain(worse, mixed)
    assert mean > 0 > low  # three of twenty are no proof
    assert better.shares()["dense recall@5"] == 1.0


def scores(ranking: list[int], rows: list[Asked]) -> Scores:
    ranked = Ranked.of([ranking] * len(rows), rows)
    return Scores(ranked, ranked)


def test_the_offer_says_what_to_write_and_run(finished: RunFolder, tmp_path: Path) -> None:
    import tomllib

    folder = tmp_path / "05-retriever"
    shutil.copytree(finished.folder("retriever"), folder)
    record = json.loads((folder / "record.json").read_text())
    record["metrics"]["better"] = True
    (folder / "record.json").write_text(json.dumps(record))
    found = read_offer(folder)
    assert found is not None
    assert tomllib.loads(f"[search]\n{found.line}") == {"search": {"encoder": str(folder / FILE)}}
    assert found.told().endswith(f"then {COMMAND}")
    odd = found.model_copy(update={"file": Path('/a "b"/é\\c.safetensors')})
    assert tomllib.loads(odd.line) == {"encoder": str(odd.file)}
    assert Offer.model_validate_json(found.model_dump_json()) == found


def test_nothing_to_learn_from_is_said(finished: RunFolder, desk: Settings, tmp_path: Path) -> None:
    run = RunFolder(tmp_path / "nothing")
    nothing = ("synthesise.structure=0", "synthesise.own_scale=0.05", "synthesise.preferences=0")
    recipe = read_recipe("tiny").changed((*RETRIEVER, *nothing))
    with pytest.raises(TrainingError, match="leave the stage retriever out"):
        run_recipe(recipe, run, desk, only=MADE)


def test_a_run_that_was_begun_with_fewer_stages_keeps_its_numbers(tmp_path: Path) -> None:
    run = RunFolder(tmp_path)
    assert run.folder("pretrain").name == "06-pretrain"
    (tmp_path / "05-pretrain").mkdir()
    assert run.folder("pretrain").name == "05-pretrain"
    assert run.begun() == ["pretrain"]
