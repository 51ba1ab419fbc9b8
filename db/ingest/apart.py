"""Read PDF, Word and image files in a process of their own, within limits.

A few kilobytes of such a file can unpack to gigabytes or keep a parser busy for ever. The process
may use so much memory and so many seconds; past that it ends, and with it nothing but this file.

    python -m frontdesk.db.ingest.apart pdf NAME [--ocr] < FILE     prints the document as JSON
"""

import subprocess
import sys
from functools import lru_cache
from typing import Any, Literal

from frontdesk.db.errors import ExtractError
from frontdesk.db.ingest.document import Document

_MODULE = "frontdesk.db.ingest.apart"
Kind = Literal["pdf", "docx", "image"]
_SECONDS = 120.0
_SECONDS_WITH_OCR = 900.0  # a scanned page takes some
_MEMORY = 2 * 1024**3
_MEMORY_WITH_OCR = 6 * 1024**3  # address space: the recogniser's libraries alone map some
_REFUSED, _NO_MEMORY = 3, 4  # what the process ends with
_LONGEST_REASON = 300


def read_apart(
    kind: Kind, body: bytes, name: str, *, ocr: bool = False, seconds: float | None = None
) -> Document:
    """Read a document in a process of its own. Raises `ExtractError` with the reason."""
    limit = seconds or (_SECONDS_WITH_OCR if ocr else _SECONDS)
    line = [sys.executable, "-P", "-m", _MODULE, kind, name, *(["--ocr"] if ocr else [])]
    try:
        done = subprocess.run(line, input=body, capture_output=True, timeout=limit, check=False)
    except subprocess.TimeoutExpired as error:
        raise ExtractError(f"reading it took more than {limit:g} s") from error
    if done.returncode == 0:
        return _documents().validate_json(done.stdout)  # type: ignore[no-any-return]
    if done.returncode == _REFUSED:
        raise ExtractError(done.stdout.decode("utf-8", "replace")[:_LONGEST_REASON])
    if done.returncode in (_NO_MEMORY, -6, -9, -11):
        raise ExtractError("reading it takes more memory than it may")
    last = done.stderr.decode("utf-8", "replace").strip().splitlines()[-1:]
    raise ExtractError(f"the file is broken ({''.join(last)[:_LONGEST_REASON]})")


@lru_cache(maxsize=1)
def _documents() -> Any:
    from pydantic import TypeAdapter

    return TypeAdapter(Document)


def _limit_memory(most: int) -> None:
    """Let allocations past `most` fail, where the system knows such a limit."""
    try:
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (most, most))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    except (ImportError, ValueError, OSError):
        return


def _read(kind: str, body: bytes, name: str, ocr: bool) -> Document:
    if kind == "docx":
        from frontdesk.db.ingest.word import read_docx

        return read_docx(body, name)
    if kind == "image":
        from frontdesk.db.ingest.ocr import read_image

        return read_image(body, name)
    from frontdesk.db.ingest.pdf import read_pdf

    return read_pdf(body, name, ocr=ocr)


def main() -> int:
    """Read the file on standard input; the arguments are its kind and its name."""
    kind, name, ocr = sys.argv[1], sys.argv[2], "--ocr" in sys.argv[3:]
    _limit_memory(_MEMORY_WITH_OCR if ocr or kind == "image" else _MEMORY)
    try:
        document = _read(kind, sys.stdin.buffer.read(), name, ocr)
        sys.stdout.buffer.write(_documents().dump_json(document))
    except ExtractError as error:
        sys.stdout.buffer.write(str(error).encode("utf-8", "replace"))
        return _REFUSED
    except MemoryError:
        return _NO_MEMORY
    return 0


if __name__ == "__main__":
    sys.exit(main())
