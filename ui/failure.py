"""How a failure is told: one line on stderr that says what was seen and what to do."""

import errno
from collections.abc import Sequence

FAILED = 1
LONGEST = 400  # characters of a line that people still read


class CommandError(Exception):
    """A command cannot do what it was asked; its message is the line that people see."""


def debugging(arguments: Sequence[str]) -> bool:
    """Whether tracebacks were asked for, before any parsing."""
    words = list(arguments)
    return "--debug" in (words[: words.index("--")] if "--" in words else words)


def one_line(error: BaseException) -> str:
    """Return one line about `error`: ours as they are, the system's with their file."""
    text = " ".join(str(error).split())
    if isinstance(error, OSError) and not _ours(error):
        text = _of_the_system(error)
    elif isinstance(error, MemoryError):
        text = "out of memory; close other programs, or use a smaller model"
    elif not _ours(error):
        text = f"unexpected {type(error).__name__}: {text}; add --debug for the details"
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


def _ours(error: BaseException) -> bool:
    return type(error).__module__.startswith("frontdesk.")


def _of_the_system(error: OSError) -> str:
    if error.errno == errno.ENOSPC:
        place = f" ({error.filename})" if error.filename else ""
        return f"the disk is full{place}; free some space and run the command again"
    if isinstance(error, FileNotFoundError) and error.filename:
        return f"{error.filename}: no such file"
    reason = error.strerror or str(error) or type(error).__name__
    return f"{error.filename}: {reason}" if error.filename else reason


__all__ = ["FAILED", "CommandError", "debugging", "one_line"]
