"""Collect what the bundled model learns from: every question looked up with the real tools.

    python -m frontdesk.training.collect runs/small --public ../shared/data
    python -m frontdesk.training.collect runs/small --into preferences --seed 8

One organisation is one part, in a process of its own; parts that are there are not made again.
"""

import argparse
import json
import random
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from tokenizers import Tokenizer

from frontdesk.db.ingest.embed import Embedder, GGUFEmbedder, RememberingEmbedder, encoder_path
from frontdesk.training.batches import Example, SlotTable, encode
from frontdesk.training.chunk_traces import chunk_examples
from frontdesk.training.corpus import Organisation, read_corpora
from frontdesk.training.dataset import Dataset, load, merge, save
from frontdesk.training.desks import open_desk
from frontdesk.training.questions import KINDS, Mix, desk_questions, public_texts
from frontdesk.training.tokenizer import read_tokenizer, train_tokenizer
from frontdesk.training.traces import trace

CHUNKS = "chunks"
COLLECTED = (*KINDS, CHUNKS)


@dataclass(frozen=True)
class CollectSettings:
    """What to collect: `copies` noisy ones of a written question, `scale` for the rest."""

    run: Path
    public: Path
    into: str = "collect"
    seed: int = 7
    copies: int = 1
    scale: float = 1.0
    vocabulary: int = 6000
    processes: int = 2
    kinds: tuple[str, ...] = COLLECTED

    @property
    def mix(self) -> Mix:
        """Which questions are asked."""
        asked = tuple(kind for kind in self.kinds if kind != CHUNKS)
        return Mix(self.public, self.copies, self.scale, asked)

    @property
    def folder(self) -> Path:
        """Where the collection goes."""
        return self.run / self.into

    @property
    def tokenizer(self) -> Path:
        """The tokenizer of every collection of the run: the first one's."""
        return self.run / "collect" / "tokenizer.json"


def collect_desk(organisation: Organisation, settings: CollectSettings) -> dict[str, int]:
    """Write one organisation's part and return its counts by origin and step."""
    part = settings.folder / f"{organisation.slug}.npz"
    counts_file = part.with_suffix(".json")
    if part.exists() and counts_file.exists():
        kept: dict[str, int] = json.loads(counts_file.read_text())
        return kept
    started = time.monotonic()
    rng = random.Random(f"{settings.seed}:{organisation.slug}")
    tokenizer = read_tokenizer(settings.tokenizer)
    table = SlotTable(tokenizer.get_vocab_size())
    embedder = RememberingEmbedder(GGUFEmbedder(encoder_path(settings.run), threads=1))
    counts = Counter[str]()
    examples = [
        encode(example, tokenizer, table)
        for example in desk_examples(organisation, settings, embedder, rng, counts)
    ]
    save(part, Dataset(examples, table))
    counts_file.write_text(json.dumps(counts))
    seconds = time.monotonic() - started
    print(f"{organisation.slug}: {len(examples)} examples, {seconds:.0f} s", flush=True)
    return dict(counts)


def desk_examples(
    organisation: Organisation,
    settings: CollectSettings,
    embedder: Embedder,
    rng: random.Random,
    counts: Counter[str],
) -> Iterator[Example]:
    """Yield the examples of one organisation: its questions', then its pages' for the chunker."""
    if settings.mix.kinds:
        with open_desk(organisation, settings.run / "desks", embedder) as toolbox:
            for question in desk_questions(organisation, settings.mix, rng):
                counts[f"{question.origin} {question.steps[0].step}"] += 1
                group = f"{organisation.slug}:{question.origin}"
                yield from trace(toolbox, question, rng, group)
    if CHUNKS in settings.kinds:
        # Chance of its own: what is asked stays the same with the chunker's examples or without.
        own = random.Random(f"{settings.seed}:{organisation.slug}:{CHUNKS}")
        for example in chunk_examples(organisation, embedder.embed, own, settings.scale):
            counts[f"{CHUNKS} {example.target[0]}"] += 1
            yield example


def collect(settings: CollectSettings) -> dict[str, object]:
    """Write `data.npz` and its card in the folder of `settings`; return the card."""
    settings.folder.mkdir(parents=True, exist_ok=True)
    organisations = read_corpora()
    _ensure_tokenizer(settings, organisations)
    encoder_path(settings.run)
    counts: Counter[str] = Counter()
    with ProcessPoolExecutor(settings.processes) as pool:
        for part in pool.map(partial(collect_desk, settings=settings), organisations):
            counts.update(part)
    dataset = merge([load(settings.folder / f"{o.slug}.npz") for o in organisations])
    save(settings.folder / "data.npz", dataset)
    card: dict[str, object] = {
        "organisations": [o.slug for o in organisations],
        "questions": dict(sorted(counts.items())),
        "examples": len(dataset.examples),
        "vocabulary": dataset.table.vocabulary,
        "seed": settings.seed,
    }
    (settings.folder / "card.json").write_text(json.dumps(card, indent=2))
    return card


def _ensure_tokenizer(settings: CollectSettings, organisations: list[Organisation]) -> Tokenizer:
    if settings.tokenizer.exists():
        return read_tokenizer(settings.tokenizer)
    public = public_texts(settings.public)
    texts = [text.lower() for o in organisations for text in o.pages.values()]
    texts += [question.q.lower() for o in organisations for question in o.questions]
    texts += [text.lower() for kind in ("off_topic", "chat") for text in public.get(kind, [])]
    tokenizer = train_tokenizer(texts, settings.vocabulary)
    tokenizer.save(str(settings.tokenizer))
    return tokenizer


def main() -> None:
    """Run the stage from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("run", type=Path)
    parser.add_argument("--public", type=Path, default=Path("public"))
    parser.add_argument("--into", default="collect")
    parser.add_argument("--scale", type=float, default=1.0)
    parser.add_argument("--copies", type=int, default=1)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--kinds", nargs="*", choices=COLLECTED, default=COLLECTED)
    options = vars(parser.parse_args())
    options["kinds"] = tuple(options["kinds"])
    print(json.dumps(collect(CollectSettings(**options)), indent=2))


if __name__ == "__main__":
    main()
