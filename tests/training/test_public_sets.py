"""Public sets in every form come in as dialogues, and go out as Alpaca."""

import json
from pathlib import Path
from typing import Any

import pytest
from datasets import Dataset

from frontdesk.training.causal.dialogues import read_dialogues
from frontdesk.training.causal.errors import FineTuningError
from frontdesk.training.causal.public import export_alpaca, import_set

FORMS: dict[str, dict[str, Any]] = {
    "alpaca": {"instruction": "Add.", "input": "1 and 2", "output": "3"},
    "guanaco": {"text": "### Human: Hello?### Assistant: Hi.### Human: Bye.### Assistant: Bye!"},
    "messages": {
        "messages": [{"role": "user", "content": "Hello?"}, {"role": "assistant", "content": "Hi."}]
    },
    "sharegpt": {
        "conversations": [{"from": "human", "value": "Hello?"}, {"from": "gpt", "value": "Hi."}]
    },
}


def write(path: Path, rows: list[object]) -> Path:
    path.write_text("".join(f"{json.dumps(row)}\n" for row in rows), "utf-8")
    return path


@pytest.mark.parametrize("form", FORMS)
def test_every_form_is_recognised(form: str, tmp_path: Path) -> None:
    (made,) = import_set(str(write(tmp_path / "set.jsonl", [FORMS[form]])))
    assert made.messages[-1].role == "assistant"
    assert made.messages[0].content == ("Add.\n\n1 and 2" if form == "alpaca" else "Hello?")
    assert len(made.messages) == (4 if form == "guanaco" else 2)


def test_a_part_is_drawn_with_the_seed(tmp_path: Path) -> None:
    rows: list[object] = [{**FORMS["alpaca"], "input": str(n)} for n in range(50)]
    path = str(write(tmp_path / "set.jsonl", rows))
    first = import_set(path, rows=10, seed=1)
    assert first == import_set(path, rows=10, seed=1) != import_set(path, rows=10, seed=2)
    assert len(first) == 10 and len(import_set(path)) == 50


def test_a_folder_that_datasets_reads(tmp_path: Path) -> None:
    rows = [FORMS["alpaca"]] * 3
    (tmp_path / "set").mkdir()
    Dataset.from_list(rows).to_parquet(str(tmp_path / "set" / "train.parquet"))
    assert len(import_set(str(tmp_path / "set"))) == 3
    assert len(import_set(str(tmp_path / "set" / "train.parquet"))) == 3


def test_alpaca_goes_out_and_comes_in_again(tmp_path: Path) -> None:
    made = import_set(str(write(tmp_path / "set.jsonl", [FORMS["alpaca"], FORMS["guanaco"]])))
    assert export_alpaca(tmp_path / "out.jsonl", made) == 3
    again = import_set(str(tmp_path / "out.jsonl"))
    assert [d.messages[-1].content for d in again] == ["3", "Hi.", "Bye!"]
    assert again[0].messages == made[0].messages


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ('{"instruction": "a", ', r"set.jsonl line 2: not JSON, column 2\d"),
        ("[1]", "set.jsonl line 2: an object was expected, not a list"),
        ('{"question": "a"}', r"set.jsonl line 2: keys \['question'\] are of no form"),
        ('{"messages": [{"role": "wizard"}]}', "set.jsonl line 2: messages form, but"),
        ('{"messages": ["hello"]}', "set.jsonl line 2: messages form, but"),
        ('{"messages": [{"role": "user", "content": "a"}]}', "does not end with a reply"),
    ],
)
def test_a_malformed_line_is_named(line: str, message: str, tmp_path: Path) -> None:
    path = write(tmp_path / "set.jsonl", [FORMS["alpaca"]])
    path.write_text(path.read_text() + line + "\n")
    with pytest.raises(FineTuningError, match=message):
        import_set(str(path))


def test_a_set_that_is_not_there_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(FineTuningError, match=r"no such set .*give a \.jsonl"):
        import_set(str(tmp_path / "nothing"))
    (tmp_path / "empty.jsonl").write_text("\n")
    with pytest.raises(FineTuningError, match="holds no rows"):
        import_set(str(tmp_path / "empty.jsonl"))


def test_a_wrong_dialogue_names_its_line(tmp_path: Path) -> None:
    (tmp_path / "d.jsonl").write_text('{"messages": []}\n\n{"messages": [{"rol": "user"}]}\n')
    with pytest.raises(FineTuningError, match=r"d.jsonl line 3: messages\.0"):
        read_dialogues(tmp_path / "d.jsonl")
