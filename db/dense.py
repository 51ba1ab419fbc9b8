"""The chunks nearest in meaning, found through the HNSW index of `db/dense_index.py`.

The index orders by half precision; the cosines returned are those of the full vectors.
"""

from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import psycopg

from frontdesk.db import chunks
from frontdesk.db.chunks import Filter
from frontdesk.db.dense_index import VECTOR

Connection = psycopg.Connection[Any]
Matrix = npt.NDArray[np.float32]
FEW_PAGES = 500  # a filter that leaves no more pages than this is answered by comparing each chunk
_MOST_SCANNED = 20_000  # chunks that a filtered search looks at before each is compared after all
# A subquery of one row, so that no plan can begin with it: the order has to come from the index.
_PAGE_WANTED = (
    " AND (SELECT (%(section)s = '' OR p.section = %(section)s)"
    " AND (%(language)s = '' OR p.language = %(language)s)"
    " AND (%(url)s = '' OR p.url = %(url)s)"
    " AND (%(published_since)s::date IS NULL OR p.published_on >= %(published_since)s)"
    " FROM pages p WHERE p.id = c.page_id)"
)


def nearest(
    connection: Connection,
    query: Matrix,
    limit: int,
    wanted: Filter,
    ef_search: int,
    retriever: str = "",
) -> dict[int, float]:
    """Ask the index: the cosines of about the `limit` chunks nearest to `query`, best first.

    Goes on in the index until `limit` chunks have passed the filter, and compares each chunk where
    too few did. What was read for one conversation is in no index and always compared.
    """
    if wanted.only_thread:
        return chunks.nearest(connection, query, limit, wanted, retriever)
    found = _indexed(connection, query, limit, wanted, ef_search, retriever)
    if len(found) < limit and wanted.narrows:
        return chunks.nearest(connection, query, limit, wanted, retriever)
    if wanted.thread is not None:
        own = replace(wanted, only_thread=True)
        found |= chunks.nearest(connection, query, limit, own, retriever)
    return dict(sorted(found.items(), key=lambda item: -item[1])[:limit])


def _indexed(
    connection: Connection,
    query: Matrix,
    limit: int,
    wanted: Filter,
    ef_search: int,
    retriever: str,
) -> dict[int, float]:
    column = chunks.column(retriever)
    connection.execute(
        f"SET LOCAL hnsw.ef_search = {ef_search:d}; SET LOCAL hnsw.iterative_scan = relaxed_order;"
        f" SET LOCAL hnsw.max_scan_tuples = {_MOST_SCANNED}".encode()
    )
    rows = connection.execute(
        f"SELECT id, -({column} <#> %(query)s) FROM (SELECT c.id, c.{column} FROM chunks c"
        f" WHERE c.thread IS NULL{chunks.MADE_BY if retriever else ''}"
        f"{_PAGE_WANTED if wanted.narrows else ''} ORDER BY"
        f" c.{column}::{VECTOR} <#> %(query)s::{VECTOR} LIMIT %(limit)s) AS found".encode(),
        {"query": query, "limit": limit, "retriever": retriever, **vars(wanted)},
    ).fetchall()
    return dict(rows)
