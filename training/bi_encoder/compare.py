"""What is found by the encoder in service and by a candidate, and whether its export is true."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from frontdesk.db.ingest.embed import GGUFEmbedder, RememberingEmbedder, encoder_path
from frontdesk.db.ingest.retriever import Retriever, open_retriever
from frontdesk.db.settings import DatabaseSettings
from frontdesk.db.store import Store
from frontdesk.tools.search import Searcher
from frontdesk.training.bi_encoder.measure import Scores, measure
from frontdesk.training.bi_encoder.network import embed
from frontdesk.training.bi_encoder.pairs import Asked
from frontdesk.training.bi_encoder.shadow import shadowed
from frontdesk.training.collection import Member
from frontdesk.training.pipeline.errors import TrainingError
from frontdesk.training.pipeline.stage import Job

CHECKED = 32  # texts whose vectors are compared between llama.cpp and PyTorch
LEAST_COSINE = 0.999


def compare(
    job: Job,
    members: Sequence[Member],
    held_out: Mapping[str, Sequence[Asked]],
    candidate: Retriever,
) -> tuple[Scores, Scores]:
    """Return what is found by the encoder in service, and by the candidate, in the same stores."""
    embedder = RememberingEmbedder(GGUFEmbedder(encoder_path(job.desk.data_dir), threads=1))
    before, after = [], []
    for member in members:
        if rows := held_out.get(member.slug):
            with _searched(job, member) as (store, served):
                before.append(
                    measure(Searcher(store, embedder, job.desk.search, retriever=served), rows)
                )
                with shadowed(store, candidate) as shadow:
                    searcher = Searcher(shadow, embedder, job.desk.search, retriever=candidate)
                    after.append(measure(searcher, rows))
    return Scores.joined(before), Scores.joined(after)


@contextmanager
def _searched(job: Job, member: Member) -> Iterator[tuple[Store, Retriever | None]]:
    """Yield the store of a member and the retriever that serves there."""
    if member.role != "own":
        with Store.open(DatabaseSettings(), job.run.path / "desks" / member.slug) as store:
            yield store, None
        return
    served = open_retriever(job.desk.search.encoder, job.desk.data_dir, threads=1)
    try:
        with Store.open(job.desk.database, job.desk.data_dir) as store:
            yield store, served
    finally:
        if served is not None:
            served.close()


def agreement(network: Any, candidate: Retriever, rows: Sequence[Asked]) -> float:
    """Return the least cosine between llama.cpp's and PyTorch's vectors of the same texts."""
    texts = [text for row in rows[:CHECKED] for text in (row.question, row.right[0])][:CHECKED]
    cosines = (embed(network, texts) * candidate.embedder.embed(texts)).sum(1)
    least = float(cosines.min())
    if least < LEAST_COSINE:
        raise TrainingError(
            f"the exported encoder differs from what was trained: cosine {least:.4f}, less than"
            f" {LEAST_COSINE}; train it at a lower retriever.rate"
        )
    return least
