"""Imports go one way: ui -> graphs -> agents -> tools -> db; training by command only."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
MAY_IMPORT = {
    "db": {"db"},
    "tools": {"tools", "db"},
    "agents": {"agents", "tools"},
    "graphs": {"graphs", "agents", "tools"},
    "ui": {"ui", "graphs"},
    "training": {"training", "graphs", "agents", "tools", "db"},
}
# What opens the resources of the layer below: named one by one, with the folder it may reach.
OPENERS = {
    ("agents/small/cross_encoder.py", "db"),
    ("graphs/agentic_chunker.py", "db"),
    ("graphs/checkup.py", "db"),
    ("graphs/memory.py", "db"),
    ("graphs/parts.py", "db"),
    ("graphs/prepare.py", "db"),
    ("graphs/resources.py", "db"),
    ("graphs/service.py", "db"),
    ("graphs/settings.py", "db"),
    ("tools/toolbox.py", "db"),
    ("ui/train.py", "training"),
}


def imported(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)


@pytest.mark.parametrize("folder", sorted(MAY_IMPORT))
def test_imports_go_one_way(folder: str) -> None:
    wrong = []
    for path in sorted((ROOT / folder).rglob("*.py")):
        relative = path.relative_to(ROOT).as_posix()
        for module in imported(path):
            parts = module.split(".")
            if parts[0] != "frontdesk" or len(parts) < 2 or parts[1] in MAY_IMPORT[folder]:
                continue
            if (relative, parts[1]) not in OPENERS:
                wrong.append(f"{relative} imports {module}")
    assert not wrong, "\n".join(wrong)


def test_heavy_libraries_stay_out_of_the_tools_and_the_store() -> None:
    for folder in ("db", "tools", "agents"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            top = [n for n in ast.parse(path.read_text()).body if isinstance(n, ast.Import)]
            names = {alias.name.split(".")[0] for node in top for alias in node.names}
            heavy = names & {"torch", "transformers", "sentence_transformers", "streamlit"}
            assert not heavy, f"{path.relative_to(ROOT)} imports {heavy} for everybody"


def test_every_package_folder_is_installed() -> None:
    listed = (ROOT / "pyproject.toml").read_text()
    for init in ROOT.rglob("__init__.py"):
        parts = init.parent.relative_to(ROOT).parts
        if parts and parts[0] in MAY_IMPORT:
            assert f'"frontdesk.{".".join(parts)}"' in listed, f"{parts} is not in pyproject.toml"
