"""Measure ingestion: a site of 1,000 pages on loopback read for the first time, and again.

    python tests/bench/bench_ingest.py                  # some minutes
    python tests/bench/bench_ingest.py --pages 200

Prints where the time goes and writes docs/benchmarks/ingest.json. The site runs in a process of
its own. "in the encoder" is wall time of the whole run; its processor time, and that of all that
Frontdesk does, are measured beside it, since on few cores those share the processor.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from frontdesk.db.ingest import embed
from frontdesk.db.ingest.embed import GGUFEmbedder, encoder_path
from frontdesk.db.ingest.ingest import ingest
from frontdesk.db.settings import ChunkSettings, DatabaseSettings, SiteSettings
from frontdesk.db.store import Store

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Settings:
    site: SiteSettings
    chunks: ChunkSettings = field(default_factory=ChunkSettings)


class EncoderClock:
    """Adds up the processor time of the threads that run the encoder, each of which it times."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self._lock = threading.Lock()
        self._encode = embed._Context.encode

    def __enter__(self) -> "EncoderClock":
        clock = self

        def timed(context: Any, rows: Sequence[Sequence[int]]) -> embed.Matrix:
            began = time.thread_time()
            found = clock._encode(context, rows)
            with clock._lock:
                clock.seconds += time.thread_time() - began
            return found

        embed._Context.encode = timed  # type: ignore[method-assign, assignment]
        return self

    def __exit__(self, *error: object) -> None:
        embed._Context.encode = self._encode  # type: ignore[method-assign]


@contextmanager
def town(pages: int) -> Iterator[str]:
    """Serve the invented town from a process of its own; yield its host and port."""
    line = [sys.executable, str(Path(__file__).with_name("town_site.py")), str(pages)]
    process = subprocess.Popen(line, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        yield process.stdout.readline().strip()
    finally:
        process.terminate()
        process.wait(timeout=20)


def read(store: Store, host: str, embedder: GGUFEmbedder) -> dict[str, Any]:
    """Read the site once: the report's counts and where the time went."""
    settings = Settings(SiteSettings(trusted_hosts=(host,), max_depth=100))
    began, used = time.monotonic(), time.process_time()
    with EncoderClock() as clock:
        report = ingest(store, [f"http://{host}/"], settings, embedder=embedder)
    seconds, used = time.monotonic() - began, time.process_time() - used
    return {
        "stored": report.stored,
        "unchanged": report.unchanged,
        "failed": len(report.failed),
        "chunks": report.chunks,
        "sentences": report.sentences,
        "seconds": round(seconds, 2),
        "in the encoder": round(report.embedding_seconds / seconds, 3),
        "processor seconds": round(used, 2),
        "encoder's processor seconds": round(clock.seconds, 2),
    }


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--pages", type=int, default=1000)
    parser.add_argument("--json", type=Path, default=ROOT / "docs/benchmarks/ingest.json")
    options = parser.parse_args()
    embedder = GGUFEmbedder(encoder_path(ROOT / ".frontdesk"))
    with (
        town(options.pages) as host,
        tempfile.TemporaryDirectory() as folder,
        Store.open(DatabaseSettings(), Path(folder)) as store,
    ):
        first = read(store, host, embedder)
        second = read(store, host, embedder)
    embedder.close()
    share = second["seconds"] / first["seconds"]
    result = {
        "pages": options.pages,
        "cores": os.cpu_count(),
        "first run": first,
        "second run": second,
        "second / first": round(share, 4),
        "texts a second": round((first["chunks"] + first["sentences"]) / first["seconds"], 1),
    }
    for name in first:
        print(f"{name:28} {first[name]:>12} {second[name]:>12}")
    print(f"{'second / first':28} {'':>12} {share:>12.1%}")
    options.json.parent.mkdir(parents=True, exist_ok=True)
    options.json.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
