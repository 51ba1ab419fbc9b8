"""What every command shares: the options of the whole line, and the settings they name."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from frontdesk.graphs import Settings


@dataclass(frozen=True)
class Globals:
    """The options that may stand anywhere on the line."""

    config: Path | None = None
    debug: bool = False


def shared(context: typer.Context) -> Globals:
    """Return the options of the whole line."""
    found = context.find_object(Globals)
    return found or Globals()


def settings_of(context: typer.Context) -> "Settings":
    """Read the settings that the line names. Raises `SettingsError`, one line."""
    from frontdesk.graphs import Settings

    return Settings.load(shared(context).config)
