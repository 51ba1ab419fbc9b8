"""The encoder in llama.cpp against the original in sentence-transformers.

`minilm_reference.npy` holds what `TransformerEmbedder().embed(TEXTS)` gave (sentence-transformers
5, torch 2.13, CPU, float32). Importing those costs more than all the tests of this folder, so the
comparison is with the file; `python tests/db/minilm_reference.py` makes it anew.
"""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from frontdesk.db.errors import StoreError
from frontdesk.db.ingest.embed import DIMENSIONS, GGUFEmbedder

TEXTS = [
    "how long is the wait at Foothills?",
    "Café déjà-vu, Müller straße, naïve.",
    "Call 403-555-0199 or write to a.b@example.org; it costs $5.00.",
    "日本語のテキスト",
    "emoji 😀 and   spaces\tand tabs",
    "A long one. " * 120,
]


def test_the_vectors_are_those_of_the_original(embedder: GGUFEmbedder) -> None:
    original = np.load(Path(__file__).with_name("minilm_reference.npy"))
    assert np.sum(original * embedder.embed(TEXTS), axis=1).min() >= 0.999


def test_shapes_and_lengths(embedder: GGUFEmbedder) -> None:
    assert embedder.embed([]).shape == (0, DIMENSIONS)
    vectors = embedder.embed(["one", "", "x" * 100_000])
    assert vectors.dtype == np.float32 and vectors.shape == (3, DIMENSIONS)
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)


def test_a_text_means_the_same_alone_in_a_batch_and_in_threads(embedder: GGUFEmbedder) -> None:
    texts = [f"sentence number {n} about parking and waiting" for n in range(40)]
    together = embedder.embed(texts)
    with ThreadPoolExecutor(8) as pool:
        alone = np.concatenate(list(pool.map(lambda text: embedder.embed([text]), texts)))
    assert np.sum(together * alone, axis=1).min() > 0.9999


def test_a_file_that_is_no_model_gives_one_line(tmp_path: Path) -> None:
    broken = tmp_path / "broken.gguf"
    broken.write_bytes(b"nothing")
    with pytest.raises(StoreError, match="delete it"):
        GGUFEmbedder(broken)


def test_the_way_to_an_answer_imports_nothing_heavy() -> None:
    code = (
        "import sys, frontdesk.tools.search, frontdesk.tools.read_page, frontdesk.db.store;"
        "heavy = {'torch', 'transformers', 'sentence_transformers', 'trafilatura', 'pdfplumber'};"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout.strip() == "[]"
