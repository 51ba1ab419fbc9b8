"""What cannot work is told in one line that says what was seen and what to do."""

import shutil
from collections import namedtuple
from pathlib import Path

import pytest
import torch

from frontdesk.agents.deciders import BUNDLED
from frontdesk.db import Store
from frontdesk.graphs.settings import Settings
from frontdesk.training.corpus import CorpusError, read_questions
from frontdesk.training.pipeline.devices import choose_device
from frontdesk.training.pipeline.errors import TrainingError
from frontdesk.training.pipeline.recipe import ORDER, RECIPES, read_recipe
from frontdesk.training.pipeline.run import RunFolder
from frontdesk.training.pipeline.runner import run_recipe
from frontdesk.training.pipeline.stage import load_stage
from frontdesk.training.restore import read_base, require_memory
from frontdesk.ui.train import STAGES


@pytest.mark.parametrize("name", sorted(path.stem for path in RECIPES.glob("*.toml")))
def test_every_recipe_sets_only_what_its_stages_know(name: str) -> None:
    recipe = read_recipe(name)
    assert recipe.description
    for stage in recipe.stages:
        recipe.settings(stage, load_stage(stage).settings)


def test_the_command_line_knows_every_stage() -> None:
    assert STAGES == ORDER


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[sft]\nepoch = 2", r"\[sft\] epoch .*did you mean epochs"),
        ("[sft]\nepochs = 0", r"\[sft\] epochs = 0"),
        ("[fly]\nhigh = 1", r"no stage \[fly\].*collect"),
        ('stages = ["sft", "bake"]', "no stage 'bake'"),
        ("seed = [", "not TOML"),
        ("sead = 1", "unknown key 'sead'.*seed"),
    ],
)
def test_a_misspelt_recipe(tmp_path: Path, text: str, said: str) -> None:
    file = tmp_path / "mine.toml"
    file.write_text(text)
    with pytest.raises(TrainingError, match=said):
        recipe = read_recipe(str(file))
        recipe.settings("sft", load_stage("sft").settings)


def test_a_misspelt_setting_of_the_last_stage_is_told_before_the_first(tmp_path: Path) -> None:
    recipe = read_recipe("tiny").changed(["promote.alow=[]"])
    run = RunFolder(tmp_path / "run")
    with pytest.raises(TrainingError, match=r"\[promote\] alow .*did you mean allow"):
        run_recipe(recipe, run, Settings(data_dir=tmp_path / "data"))
    assert not run.begun()


def test_an_unknown_recipe_and_an_unknown_setting() -> None:
    with pytest.raises(TrainingError, match="no recipe 'huge'.*small.*tiny"):
        read_recipe("huge")
    with pytest.raises(TrainingError, match=r"'epochs=2'.*stage\.key=value"):
        read_recipe("tiny").changed(["epochs=2"])


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('{"q": "x"', "line 2: .*delimiter"),
        ('{"q": "x", "step": "dance"}', "line 2: step: Input should be"),
        ('{"step": "search"}', "line 2: no 'q'"),
        ('["x"]', "line 2"),
    ],
)
def test_malformed_questions_are_named_by_their_line(tmp_path: Path, line: str, said: str) -> None:
    file = tmp_path / "questions.jsonl"
    file.write_text('{"q": "is parking free", "answer": ["Parking is free."]}\n' + line + "\n")
    with pytest.raises(CorpusError, match=said):
        list(read_questions(file))


def test_an_empty_site(store: Store, tmp_path: Path) -> None:
    settings = Settings.model_validate(
        {
            "data_dir": tmp_path,
            "organisation": {"name": "Nowhere"},
            "database": {"url": store.url},
        }
    )
    with pytest.raises(TrainingError, match="store of Nowhere holds no pages.*frontdesk ingest"):
        run_recipe(read_recipe("tiny"), RunFolder(tmp_path / "run"), settings, only=["collect"])


def test_a_full_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage(10, 10, 3 * 2**20))
    recipe = read_recipe("small").changed(["collect.corpora=1"])
    with pytest.raises(TrainingError, match="3 MiB free, a run needs 256"):
        run_recipe(recipe, RunFolder(tmp_path / "run"), Settings(), only=["collect"])


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_a_gpu_that_is_not_there() -> None:
    with pytest.raises(TrainingError, match='device = "cuda" is asked for.*device = "cpu"'):
        choose_device("cuda")
    assert choose_device("auto") == "cpu"
    with pytest.raises(TrainingError, match="'tpu'"):
        choose_device("tpu")


def test_a_base_that_does_not_fit(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="takes .* GiB of memory.*smaller base"):
        require_memory(10**12, "huge.gguf")
    text = tmp_path / "letter.gguf"
    text.write_text("Dear desk, this is a letter and no model at all, as long as it may be.")
    with pytest.raises(TrainingError, match="letter.gguf: not a GGUF model"):
        read_base(text)
    with pytest.raises(TrainingError, match="no such base model"):
        read_base(tmp_path / "none.gguf")


def test_the_bundled_model_can_be_trained_on() -> None:
    base = read_base(BUNDLED)
    ids = base.tokenizer.encode("how long is the wait?", add_special_tokens=False).ids
    assert base.tokenizer.decode(ids) == "how long is the wait?"
    size = base.network.get_input_embeddings().weight.shape[0]
    assert size == base.tokenizer.get_vocab_size()
