"""How each page was read and cut: a page whose recipe is not the run's is read and cut anew."""

from typing import Any

import psycopg

Connection = psycopg.Connection[Any]


def forget(connection: Connection) -> int:
    """Have every page of the organisation read anew where it is next met; return how many.

    A run that is killed after this goes on where it was: what it has cut has its recipe again.
    """
    return connection.execute(
        "UPDATE pages SET recipe = '' WHERE thread IS NULL AND recipe <> ''"
    ).rowcount
