"""`frontdesk doctor`: what is configured, reachable and missing, and how to mend it."""

import json
from dataclasses import asdict
from typing import Annotated

import typer

from frontdesk.ui.failure import CommandError
from frontdesk.ui.options import settings_of

MARKS = {"ok": ("✓", "green"), "off": ("–", "dim"), "warn": ("!", "yellow"), "bad": ("✗", "red")}


def doctor(
    context: typer.Context,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Check every part of this organisation's front desk, and say how to mend what is broken."""
    settings = settings_of(context)
    from frontdesk.graphs.checkup import checkup

    checks = list(checkup(settings))
    if as_json:
        print(json.dumps({"checks": [asdict(check) for check in checks]}, ensure_ascii=False))
    else:
        from rich.console import Console
        from rich.table import Table
        from rich.text import Text

        table = Table.grid(padding=(0, 1))
        for check in checks:
            mark, style = MARKS[check.state]
            said = Text(check.found)
            if check.mend:
                said.append(f"\n→ {check.mend}", style="bold" if check.state == "bad" else "")
            table.add_row(Text(mark, style=style), Text(check.part), said)
        Console(highlight=False).print(table)
    broken = [check.part for check in checks if check.state == "bad"]
    if broken:
        raise CommandError(f"not working: {', '.join(broken)}")
