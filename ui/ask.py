"""`frontdesk ask "QUESTION"`: one answer streamed to the terminal, or JSON, or a batch of them."""

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from frontdesk.ui.failure import CommandError
from frontdesk.ui.options import settings_of

if TYPE_CHECKING:
    from frontdesk.graphs import Assistant


def ask(
    context: typer.Context,
    question: Annotated[str | None, typer.Argument(help="The question, in any words.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
    thread: Annotated[
        str | None, typer.Option(metavar="ID", help="Go on with a conversation.")
    ] = None,
    batch: Annotated[
        str | None,
        typer.Option(metavar="FILE.jsonl", help="One question a line in, one reply a line out."),
    ] = None,
) -> None:
    """Answer a question with its sources; streams on a terminal."""
    if (question is None) == (batch is None):
        raise typer.BadParameter('ask one "QUESTION", or name a file of them with --batch')
    if question is not None and not question.strip():
        raise typer.BadParameter("the question is empty; type what you would like to know")
    if batch is not None and batch != "-" and not Path(batch).is_file():
        raise CommandError(f"{batch}: no such file")
    settings = settings_of(context)
    from frontdesk.graphs.opening import open_assistant

    with open_assistant(settings) as assistant:
        if batch is not None:
            from frontdesk.ui.batch import answer_batch

            answer_batch(assistant, batch)
        elif as_json:
            _as_json(assistant, question or "", thread)
        else:
            from frontdesk.ui.terminal import show

            _done(show(assistant.stream(question or "", thread=thread)))


def _as_json(assistant: "Assistant", question: str, thread: str | None) -> None:
    reply = assistant.ask(question, thread=thread).plain()
    print(json.dumps(reply, ensure_ascii=False), flush=True)
    _done(reply)


def _done(reply: dict[str, object]) -> None:
    """Fail the command when the turn did; the reason goes to stderr, too."""
    if reply["outcome"] == "error":
        raise CommandError(str(reply["answer"]))
    sys.stdout.flush()
