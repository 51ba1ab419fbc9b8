"""The last step of an ingestion: have the chunks of a large store indexed by meaning."""

from frontdesk.db import dense_index
from frontdesk.db.errors import StoreError
from frontdesk.db.ingest.report import Problem
from frontdesk.db.ingest.run import Run
from frontdesk.db.settings import SearchSettings


def index_meanings(run: Run, settings: SearchSettings | None) -> None:
    """Build the HNSW index where there are chunks enough; without it searches are only slower."""
    try:
        dense_index.refresh(
            run.store,
            settings or SearchSettings(),
            lambda step: run.tell("indexing", "", step),
            run.retriever.name if run.retriever else "",
        )
    except StoreError as error:
        run.report.warnings.append(Problem(url="", reason=f"no HNSW index: {error}"))
