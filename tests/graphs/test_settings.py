"""frontdesk.toml and the environment become one frozen object, or one clear line."""

import subprocess
import sys
from pathlib import Path

import pytest

from frontdesk.graphs import Settings, SettingsError

FILE = """
data_dir = "data"
[organisation]
name = "Fern Valley Library"
scope = "Books and rooms."
timezone = "America/Edmonton"
[contacts]
file = "people.csv"
[model]
path = "models/small.gguf"
api_key = "sesame-open"
[database]
url = "postgresql://desk:sesame@db.example/desk"
"""


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("CONFIG", "DATA_DIR"):
        monkeypatch.delenv(f"FRONTDESK_{name}", raising=False)


def write(folder: Path, text: str) -> Path:
    file = folder / "frontdesk.toml"
    file.write_text(text, "utf-8")
    return file


def test_defaults_work_without_any_file(tmp_path: Path) -> None:
    settings = Settings.load()
    assert settings.data_dir == tmp_path / ".frontdesk"
    assert settings.model.grounding == "verbatim"
    assert settings.organisation.emergency_notice


def test_paths_are_relative_to_the_file(tmp_path: Path) -> None:
    folder = tmp_path / "library"
    folder.mkdir()
    settings = Settings.load(write(folder, FILE))
    assert settings.data_dir == folder / "data"
    assert settings.contacts.file == folder / "people.csv"
    assert settings.model.path == str(folder / "models/small.gguf")


def test_the_file_of_the_current_folder_is_found(tmp_path: Path) -> None:
    write(tmp_path, FILE)
    assert Settings.load().organisation.name == "Fern Valley Library"


def test_the_environment_wins_key_by_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FRONTDESK_ORGANISATION__NAME", "Elm Library")
    monkeypatch.setenv("FRONTDESK_DATA_DIR", str(tmp_path / "elsewhere"))
    settings = Settings.load(write(tmp_path, FILE))
    assert settings.organisation.name == "Elm Library"
    assert settings.organisation.scope == "Books and rooms."
    assert settings.data_dir == tmp_path / "elsewhere"


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ('[organisation]\nnmae = "x"', 'unknown key "[organisation] nmae"; did you mean "name"?'),
        ("[organization]", 'unknown key "organization"; did you mean "organisation"?'),
        ("datadir = 1", 'unknown key "datadir"; did you mean "data_dir"?'),
        ("[model]\nzzz = 1", 'unknown key "[model] zzz"; known: path, adapter'),
        ("organisation = 3", "organisation is a table; write [organisation]"),
        ('[organisation]\nname = "x', "line 2"),
        ("a = 1\nb =\n", "line 2"),
        ("[wait_times]\nmax_age_minutes = -1", "[wait_times] max_age_minutes = -1: input should"),
        ('[wait_times]\nadapter = "ahs"', 'adapter "ahs" has no url'),
        ('[model]\ngrounding = "loose"', "[model] grounding = 'loose': input should be 'verbatim'"),
        ('[organisation]\ntimezone = "Mars/Base"', "'Mars/Base' is no time zone"),
    ],
)
def test_a_mistake_is_one_line_that_names_the_place(tmp_path: Path, text: str, line: str) -> None:
    file = write(tmp_path, text)
    with pytest.raises(SettingsError) as caught:
        Settings.load(file)
    message = str(caught.value)
    assert line in message
    assert str(file) in message
    assert "\n" not in message


def test_a_missing_and_a_binary_file(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="no such file"):
        Settings.load(tmp_path / "absent.toml")
    (tmp_path / "photo.toml").write_bytes(b"\x89PNG\xff")
    with pytest.raises(SettingsError, match="not UTF-8"):
        Settings.load(tmp_path / "photo.toml")
    with pytest.raises(SettingsError, match="cannot be read"):
        Settings.load(tmp_path)


@pytest.mark.parametrize(
    ("name", "value", "line"),
    [
        ("FRONTDESK_MODLE__PATH", "x", 'unknown key "modle"; did you mean "model"?'),
        ("FRONTDESK_MODEL__PTAH", "x", 'unknown key "[model] ptah"; did you mean "path"?'),
        ("FRONTDESK_MODEL__MAX_STEPS", "many", "FRONTDESK_MODEL__MAX_STEPS"),
        ("FRONTDESK_SITE", "{", "site"),
    ],
)
def test_a_mistake_in_the_environment(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, line: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError) as caught:
        Settings.load()
    assert line in str(caught.value)
    assert "\n" not in str(caught.value)


def test_secrets_are_masked(tmp_path: Path) -> None:
    settings = Settings.load(write(tmp_path, FILE))
    for shown in (repr(settings), str(settings), str(settings.shown())):
        assert "sesame" not in shown
    assert settings.shown()["database"]["url"] == "postgresql://desk:********@db.example/desk"


def test_a_secret_is_not_in_the_error(tmp_path: Path) -> None:
    file = write(tmp_path, '[database]\nurl = ["postgresql://desk:sesame@db.example/desk"]')
    with pytest.raises(SettingsError) as caught:
        Settings.load(file)
    assert "sesame" not in str(caught.value)


def test_settings_are_frozen_and_light() -> None:
    with pytest.raises(ValueError, match="frozen"):
        Settings.load().model = None  # type: ignore[assignment]
    code = (
        "import sys; from frontdesk.graphs import Settings; "
        "heavy = ('langgraph', 'langchain_core', 'numpy', 'psycopg'); "
        "print([name for name in heavy if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
