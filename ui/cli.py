"""The command line: `frontdesk --help`.

Every command has a file of its own and imports what it needs when it runs: `--help` and a wrong
option answer at once, and `ask` never pays for what only `ingest` or `chat` use.
"""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer
from typer.exceptions import TyperException

from frontdesk.ui import ask, chat_command, contacts, doctor, evaluation, ingest, train, waits
from frontdesk.ui.failure import FAILED, debugging, one_line
from frontdesk.ui.options import Globals

EPILOG = "--config FILE and --debug may stand anywhere on the line."
_VALUED = "--config"
_FLAG = "--debug"

app = typer.Typer(
    name="frontdesk",
    help="A front desk that is always staffed: answers with sources, live waits, the right person.",
    epilog=EPILOG,
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
contacts_app = typer.Typer(help="The directory.", no_args_is_help=True, rich_markup_mode=None)
contacts_app.command("import")(contacts.import_file)
contacts_app.command("find")(contacts.find)
app.command("chat")(chat_command.chat)
app.command("ask")(ask.ask)
app.command("ingest")(ingest.ingest)
app.add_typer(contacts_app, name="contacts")
app.command("waits")(waits.waits)
app.command("train")(train.train)
app.command("eval")(evaluation.evaluate)
app.command("doctor")(doctor.doctor)


@app.callback()
def every_command(
    context: typer.Context,
    config: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Another organisation's frontdesk.toml.")
    ] = None,
    debug: Annotated[bool, typer.Option("--debug", help="Show tracebacks.")] = False,
) -> None:
    """Keep the options that every command shares."""
    context.obj = Globals(config=config, debug=debug)


def hoisted(arguments: Sequence[str]) -> list[str]:
    """Return `arguments` with --config and --debug moved to the front, where Typer takes them."""
    front: list[str] = []
    rest: list[str] = []
    words = iter(arguments)
    for word in words:
        if word == "--":
            rest += [word, *words]
        elif word == _FLAG or word.startswith(f"{_VALUED}="):
            front.append(word)
        elif word == _VALUED:
            front += [word, *([value] if (value := next(words, None)) is not None else [])]
        else:
            rest.append(word)
    return front + rest


def run(arguments: Sequence[str]) -> int:
    """Run one command and return its exit code: 0 done, 1 failed, 2 wrong usage."""
    try:
        code = app(args=hoisted(arguments), prog_name="frontdesk", standalone_mode=False)
        sys.stdout.flush()
    except TyperException as error:
        if message := error.format_message().strip():
            print(f"frontdesk: {message}", file=sys.stderr)
        return error.exit_code
    except (KeyboardInterrupt, typer.Abort):
        return 130
    except BrokenPipeError:
        sys.stdout = None  # whoever read has gone; say nothing more
        return FAILED
    except Exception as error:
        # The outermost edge: whatever happened, people get one line and developers --debug.
        if debugging(arguments):
            raise
        print(f"frontdesk: {one_line(error)}", file=sys.stderr)
        return FAILED
    return int(code or 0)


def main() -> None:
    """Enter from the console script."""
    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
