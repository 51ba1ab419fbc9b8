"""What people said of answers: a thumb, a better answer, a comment. One row a turn, renewed."""

from datetime import datetime
from typing import Literal

from psycopg.rows import class_row
from pydantic import BaseModel, ConfigDict

from frontdesk.db import threads
from frontdesk.db.store import Connection

Thumb = Literal[-1, 1]


class Feedback(BaseModel):
    """One rated answer: `turn` counts the thread's answers from 0, `thumb` is 1 (up) or -1."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    thread: str
    turn: int
    thumb: Thumb | None = None
    question: str = ""
    answer: str = ""
    edited_answer: str = ""
    comment: str = ""
    model: str = ""
    updated_at: datetime | None = None


def save(connection: Connection, feedback: Feedback, owner: str) -> None:
    """Store `feedback`, in the place of what the same turn had.

    Raises `threads.ThreadError` when the thread is not `owner`'s.
    """
    threads.claim(connection, feedback.thread, owner)
    connection.execute(
        "INSERT INTO feedback"
        " (thread, turn, thumb, question, answer, edited_answer, comment, model)"
        " VALUES (%(thread)s, %(turn)s, %(thumb)s, %(question)s, %(answer)s, %(edited_answer)s,"
        " %(comment)s, %(model)s)"
        " ON CONFLICT (thread, turn) DO UPDATE SET thumb = excluded.thumb,"
        " question = excluded.question, answer = excluded.answer,"
        " edited_answer = excluded.edited_answer, comment = excluded.comment,"
        " model = excluded.model, updated_at = now()",
        feedback.model_dump(exclude={"updated_at"}),
    )


def of_thread(connection: Connection, thread: str, owner: str) -> list[Feedback]:
    """Return the feedback of one thread, in the order of its turns."""
    threads.check_owner(connection, thread, owner)
    with connection.cursor(row_factory=class_row(Feedback)) as cursor:
        return cursor.execute(
            "SELECT thread, turn, thumb, question, answer, edited_answer, comment, model,"
            " updated_at FROM feedback WHERE thread = %s ORDER BY turn",
            [thread],
        ).fetchall()


def everything(connection: Connection, *, thumb: Thumb | None = None) -> list[Feedback]:
    """Return all feedback, or that of one thumb, oldest first: what training reads."""
    with connection.cursor(row_factory=class_row(Feedback)) as cursor:
        return cursor.execute(
            "SELECT thread, turn, thumb, question, answer, edited_answer, comment, model,"
            " updated_at FROM feedback WHERE %(thumb)s::smallint IS NULL OR thumb = %(thumb)s"
            " ORDER BY updated_at, id",
            {"thumb": thumb},
        ).fetchall()
