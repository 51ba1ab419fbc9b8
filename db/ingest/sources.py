"""What a person may name to be ingested: URLs, files, folders."""

from collections.abc import Sequence
from pathlib import Path

from frontdesk.db.errors import FrontdeskDataError
from frontdesk.db.ingest.extract import DOCUMENT_SUFFIXES, IMAGE_SUFFIXES
from frontdesk.db.ingest.urls import normal


class SourceError(FrontdeskDataError):
    """What was to be ingested is neither a URL nor a file."""


def split_sources(sources: Sequence[str]) -> tuple[list[str], list[Path]]:
    """Tell URLs from paths; "example.org/page" is a URL when there is no such file.

    Raises `SourceError` for what is neither.
    """
    urls: list[str] = []
    paths: list[Path] = []
    for source in sources:
        try:
            if source.startswith(("http://", "https://")):
                urls.append(normal(source))
            elif Path(source).exists():
                paths.append(Path(source).resolve())
            elif _looks_like_host(source):
                urls.append(normal(f"https://{source}"))
            else:
                raise SourceError(f"{source}: no such file or folder, and not a URL")
        except (ValueError, OSError) as error:
            raise SourceError(f"{source[:200]}: not a URL and not a path ({error})") from error
    return list(dict.fromkeys(urls)), list(dict.fromkeys(paths))


def documents_in(path: Path, *, images: bool = False) -> list[Path]:
    """Return the file itself, or every document below a folder; hidden ones are left out.

    With `images`, pictures count as documents.
    """
    suffixes = DOCUMENT_SUFFIXES | IMAGE_SUFFIXES if images else DOCUMENT_SUFFIXES
    if not path.is_dir():
        return [path]
    return sorted(
        file
        for file in path.rglob("*")
        if file.is_file()
        and file.suffix.lower() in suffixes
        and not any(part.startswith(".") for part in file.relative_to(path).parts)
    )


def _looks_like_host(source: str) -> bool:
    host = source.partition("/")[0]
    return "." in host.strip(".") and not any(c.isspace() for c in source) and "://" not in source
