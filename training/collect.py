"""Collect what the bundled model learns from: every question looked up with the real tools.

python -m frontdesk.training.collect runs/small --public ../shared/data
"""

import argparse
import json
import random
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from tokenizers import Tokenizer

from frontdesk.db.ingest.embed import Embedder, GGUFEmbedder, RememberingEmbedder, encoder_path
from frontdesk.training.batches import Encoded, Example, SlotTable, encode
from frontdesk.training.corpus import Expectation, Organisation, Question, read_corpora
from frontdesk.training.dataset import Dataset, save
from frontdesk.training.desks import open_desk
from frontdesk.training.synthesise import generate, public_sets
from frontdesk.training.tokenizer import read_tokenizer, train_tokenizer
from frontdesk.training.traces import noisy, trace

PUBLIC_PER_DESK = {"off_topic": 190, "chat": 15, "harm": 30, "injection": 20}


def desk_questions(
    organisation: Organisation, public: dict[str, list[str]], rng: random.Random, scale: float
) -> Iterator[Question]:
    """Yield the questions of one organisation: written, generated, public, and noisy copies."""
    for question in organisation.questions:
        yield question
        for _ in range(2):
            yield noisy(question, rng)
    for question in generate(organisation, rng, scale):
        yield noisy(question, rng) if rng.random() < 0.4 else question
    for kind, count in PUBLIC_PER_DESK.items():
        texts = public.get(kind, [])
        for text in rng.sample(texts, min(len(texts), int(count * scale))):
            yield _public(text, kind, rng)


def collect(
    run: Path,
    public_folder: Path,
    *,
    into: str = "collect",
    seed: int = 7,
    scale: float = 1.0,
    vocabulary: int = 6000,
) -> dict[str, object]:
    """Write `data.npz` and its card in the folder `into` of `run`; return the card.

    The tokenizer is trained by the first collection and used by every later one.
    """
    folder = run / into
    folder.mkdir(parents=True, exist_ok=True)
    rng = random.Random(seed)
    organisations = read_corpora()
    public: dict[str, list[str]] = {}
    for text, kind in public_sets(public_folder):
        public.setdefault(kind, []).append(text)
    tokenizer = _tokenizer(run / "collect" / "tokenizer.json", organisations, public, vocabulary)
    table = SlotTable(tokenizer.get_vocab_size())
    embedder = RememberingEmbedder(GGUFEmbedder(encoder_path(run), threads=1))
    examples: list[Encoded] = []
    counts: Counter[str] = Counter()
    for organisation in organisations:
        started = time.monotonic()
        for example in _traces(organisation, public, run, embedder, rng, scale, counts):
            examples.append(encode(example, tokenizer, table))
        print(f"{organisation.slug}: {len(examples)} examples, {time.monotonic() - started:.0f} s")
    save(folder / "data.npz", Dataset(examples, table))
    card: dict[str, object] = {
        "organisations": [o.slug for o in organisations],
        "questions": dict(sorted(counts.items())),
        "examples": len(examples),
        "vocabulary": tokenizer.get_vocab_size(),
        "seed": seed,
    }
    (folder / "card.json").write_text(json.dumps(card, indent=2))
    return card


def _tokenizer(
    path: Path, organisations: list[Organisation], public: dict[str, list[str]], vocabulary: int
) -> Tokenizer:
    if path.exists():
        return read_tokenizer(path)
    texts = [t.lower() for o in organisations for t in (*o.pages.values(), *_asked(o))]
    texts += [t.lower() for kind in ("off_topic", "chat") for t in public.get(kind, [])]
    tokenizer = train_tokenizer(texts, vocabulary)
    tokenizer.save(str(path))
    return tokenizer


def _traces(
    organisation: Organisation,
    public: dict[str, list[str]],
    run: Path,
    embedder: Embedder,
    rng: random.Random,
    scale: float,
    counts: Counter[str],
) -> Iterator[Example]:
    with open_desk(organisation, run / "desks", embedder) as toolbox:
        for question in desk_questions(organisation, public, rng, scale):
            counts[f"{question.origin} {question.steps[0].step}"] += 1
            group = f"{organisation.slug}:{question.origin}"
            yield from trace(toolbox, question, rng, group)


def _public(text: str, kind: str, rng: random.Random) -> Question:
    step = "clarify" if kind == "chat" else "refuse"
    text = " ".join(text.split())[:600]
    question = Question(
        q=text,
        steps=(Expectation(step=step, why=kind),),
        origin="public",  # type: ignore[arg-type]
    )
    return noisy(question, rng) if rng.random() < 0.3 else question


def _asked(organisation: Organisation) -> list[str]:
    return [question.q for question in organisation.questions]


def main() -> None:
    """Run the stage from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("run", type=Path)
    parser.add_argument("--public", type=Path, default=Path("public"))
    parser.add_argument("--into", default="collect")
    parser.add_argument("--scale", type=float, default=1.0)
    parser.add_argument("--seed", type=int, default=7)
    options = parser.parse_args()
    card = collect(
        options.run, options.public, into=options.into, seed=options.seed, scale=options.scale
    )
    print(json.dumps(card, indent=2))


if __name__ == "__main__":
    main()
