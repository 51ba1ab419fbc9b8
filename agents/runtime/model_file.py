"""Where the model is: a file, or `hf:owner/repo:file`, fetched once from Hugging Face and checked.

resolve("models/qwen2.5-3b-instruct-q4_0.gguf", folder)
resolve("hf:Qwen/Qwen2.5-3B-Instruct-GGUF:qwen2.5-3b-instruct-q4_0.gguf", folder)
"""

import hashlib
import re
from pathlib import Path

from frontdesk.agents.errors import ModelFileError

_REFERENCE = re.compile(r"hf:(?P<repo>[\w.-]+/[\w.-]+):(?P<file>[\w./-]+\.gguf)")
_SHA256 = re.compile(r"[0-9a-f]{64}")


def resolve(reference: str, folder: Path, *, endpoint: str | None = None) -> Path:
    """Return the GGUF file that `reference` names, fetching it into `folder` when it is remote.

    A download shows a progress bar, goes on where it was broken off, and is compared with the
    checksum that the repository publishes.

    Raises:
        ModelFileError: there is no such file, it is no GGUF file, or it arrived damaged.
    """
    if not reference.startswith("hf:"):
        return _checked(Path(reference).expanduser())
    match = _REFERENCE.fullmatch(reference)
    if match is None or ".." in match["file"]:
        raise ModelFileError(f"{reference!r} is not of the form hf:owner/repo:file.gguf")
    target = _target(match, folder)
    if not target.is_file():
        _fetch(match["repo"], match["file"], target, endpoint)
    return _checked(target)


def is_here(reference: str, folder: Path) -> bool:
    """Whether what `reference` names is on this machine, so that `resolve` fetches nothing."""
    match = _REFERENCE.fullmatch(reference)
    path = _target(match, folder) if match else Path(reference).expanduser()
    return path.is_file()


def _target(match: re.Match[str], folder: Path) -> Path:
    return folder / match["repo"].replace("/", "--") / match["file"]


def _checked(path: Path) -> Path:
    try:
        with path.open("rb") as file:
            magic = file.read(4)
    except OSError as error:
        raise ModelFileError(
            f"{path} cannot be read ({error.strerror}): set model.path to a GGUF file "
            "or to hf:owner/repo:file.gguf"
        ) from error
    if magic != b"GGUF":
        raise ModelFileError(f"{path} is no GGUF file (it begins with {magic!r}): fetch it again")
    return path


def _fetch(repo: str, file: str, target: Path, endpoint: str | None) -> None:
    # Costs a quarter of a second to import, and only who downloads needs it.
    from httpx2 import HTTPError  # what huggingface_hub 2 speaks; its own HTTP errors are these
    from huggingface_hub import get_hf_file_metadata, hf_hub_download, hf_hub_url
    from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError

    folder = target.parents[len(Path(file).parts) - 1]
    try:
        url = hf_hub_url(repo, file, endpoint=endpoint)
        expected = (get_hf_file_metadata(url, endpoint=endpoint).etag or "").strip('"')
        hf_hub_download(repo, file, local_dir=folder, endpoint=endpoint)
    except (HfHubHTTPError, LocalEntryNotFoundError, HTTPError, OSError) as error:
        raise ModelFileError(
            f"hf:{repo}:{file} could not be fetched ({_first_line(error)}): check the name and the "
            "network, or download the file yourself and set model.path to it"
        ) from error
    # Files kept in large-file storage have their SHA-256 as their tag; small ones a git hash.
    if _SHA256.fullmatch(expected) and _digest(target) != expected:
        target.unlink()
        raise ModelFileError(f"hf:{repo}:{file} arrived damaged (wrong checksum): fetch it again")


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _first_line(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]
