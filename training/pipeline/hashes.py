"""Fingerprints of settings and files: what has changed since a stage was done."""

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

LENGTH = 16  # hexadecimal digits shown and compared


def of_value(value: Any) -> str:
    """Return the fingerprint of plain values, whatever the order of their keys."""
    text = json.dumps(value, sort_keys=True, ensure_ascii=False, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:LENGTH]


def of_file(path: Path) -> str:
    """Return the fingerprint of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()[:LENGTH]


def of_files(paths: Iterable[Path], root: Path) -> dict[str, str]:
    """Return the fingerprint of every file, by its path under `root`; folders are walked."""
    files = (
        file
        for path in paths
        for file in (sorted(path.rglob("*")) if path.is_dir() else [path])
        if file.is_file()
    )
    return {file.relative_to(root).as_posix(): of_file(file) for file in files}
