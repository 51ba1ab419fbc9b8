"""The optional cross-encoder: a real one, tiny and untrained, saved here and loaded by its path."""

import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from frontdesk.db.ingest.embed import GGUFEmbedder
from frontdesk.db.ingest.ingest import ingest
from frontdesk.db.settings import ChunkSettings, SearchSettings, SiteSettings
from frontdesk.db.store import Store
from frontdesk.graphs.settings import Settings
from frontdesk.tools.errors import RerankError
from frontdesk.tools.rerank import CrossEncoderReranker, make_reranker
from frontdesk.tools.search import Searcher

WORDS = "parking visiting hours rates refund the is a cost of day hour call we you may not".split()
PAGES = {
    "parking": "Parking costs two dollars an hour.",
    "visiting": "Visiting hours are from ten to eight.",
    "laboratory": "Blood is taken without appointment.",
}


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A BERT of two layers that scores a pair of texts, its weights random."""
    import torch
    from transformers import BertConfig, BertForSequenceClassification, BertTokenizerFast

    folder = tmp_path_factory.mktemp("cross-encoder")
    (folder / "vocab.txt").write_text("\n".join(["[PAD]", "[UNK]", "[CLS]", "[SEP]", *WORDS]))
    BertTokenizerFast(str(folder / "vocab.txt")).save_pretrained(folder)
    torch.manual_seed(3)
    shape = BertConfig(
        vocab_size=len(WORDS) + 4,
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=64,
        num_labels=1,
        initializer_range=0.5,
    )
    BertForSequenceClassification(shape).save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def filled(
    module_store: Store, embedder: GGUFEmbedder, tmp_path_factory: pytest.TempPathFactory
) -> Store:
    folder = tmp_path_factory.mktemp("pages")
    for name, text in PAGES.items():
        (folder / f"{name}.md").write_text(f"# {name.title()}\n\n{text}\n")

    class Reading:
        site = SiteSettings()
        chunks = ChunkSettings()

    ingest(module_store, [str(folder)], Reading(), embedder=embedder)
    return module_store


def test_a_pair_has_a_score_that_depends_on_both(model: Path) -> None:
    reranker = CrossEncoderReranker(str(model))
    texts = ["parking rates", "visiting hours", "parking rates"]
    scores = reranker.scores("the cost of parking", texts)
    assert scores.shape == (3,) and scores.dtype == np.float32
    assert scores[0] == pytest.approx(scores[2]) and scores[0] != pytest.approx(scores[1])
    assert reranker.scores("visiting", texts)[0] != pytest.approx(scores[0])
    assert reranker.scores("visiting", []).shape == (0,)


def test_the_search_is_ordered_by_the_model(
    model: Path, filled: Store, embedder: GGUFEmbedder
) -> None:
    reranker = CrossEncoderReranker(str(model))
    for question in ("what does parking cost", "when may i visit", "hours"):
        found = Searcher(filled, embedder, reranker=reranker).search(question).passages
        assert {passage.title.lower() for passage in found} == set(PAGES)
        read = ["\n".join(filter(None, (p.title, " > ".join(p.heading), p.text))) for p in found]
        expected = reranker.scores(question, read)
        assert expected.tolist() == sorted(expected.tolist(), reverse=True)


class Contrary:
    """Likes what the others rank last."""

    def scores(self, query: str, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        return np.arange(len(texts), dtype=np.float32)


def test_without_a_reranker_nothing_changes(filled: Store, embedder: GGUFEmbedder) -> None:
    usual = Searcher(filled, embedder).search("what does parking cost").passages
    contrary = Searcher(filled, embedder, reranker=Contrary()).search("what does parking cost")
    assert [p.title for p in usual][::-1] == [p.title for p in contrary.passages]
    assert make_reranker(SearchSettings().reranker) is None


def test_what_is_no_model_gives_one_line(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{}")
    for name in (str(tmp_path), str(tmp_path / "nothing")):
        with pytest.raises(RerankError, match="not a cross-encoder that can be loaded") as error:
            CrossEncoderReranker(name)
        assert name in str(error.value) and "\n" not in str(error.value)


def test_a_missing_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sentence_transformers", None)
    with pytest.raises(RerankError, match=r"pip install 'frontdesk\[reranker\]'"):
        make_reranker("some/model")


def test_a_path_is_relative_to_the_settings(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "frontdesk.toml").write_text('[search]\nreranker = "mine"\n')
    loaded = Settings.load(tmp_path / "frontdesk.toml").search
    assert loaded.reranker == str(tmp_path / "mine")
    (tmp_path / "frontdesk.toml").write_text('[search]\nreranker = "owner/model"\n')
    assert Settings.load(tmp_path / "frontdesk.toml").search.reranker == "owner/model"
