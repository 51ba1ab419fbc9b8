"""The model that ships, on organisations, people and phrasings that it never saw.

804 questions of five invented organisations under tests/corpora, through the real store, the real
tools and the serving engine. Bounds are what the project promises, not what was measured last.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from frontdesk.agents.deciders import BUNDLED, READER, REFUSAL
from frontdesk.agents.runtime.engine import Engine
from frontdesk.agents.small.cross_encoder import CrossEncoder
from frontdesk.agents.small.decider import SmallModel
from frontdesk.db.ingest.embed import GGUFEmbedder, RememberingEmbedder
from frontdesk.training.evaluate import Tally, evaluate

HELD_OUT = Path(__file__).parents[1] / "corpora"


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SmallModel]:
    engine = Engine(BUNDLED, adapter=REFUSAL, threads=1)
    reader = CrossEncoder(READER, tmp_path_factory.mktemp("reader"))
    model = SmallModel(engine, BUNDLED, reader=reader)
    yield model
    model.close()


@pytest.fixture(scope="module")
def tally(
    model: SmallModel, embedder: GGUFEmbedder, tmp_path_factory: pytest.TempPathFactory
) -> Tally:
    run = tmp_path_factory.mktemp("held-out")
    return evaluate(model.decide, HELD_OUT, run, RememberingEmbedder(embedder))


def share(tally: Tally, measure: str) -> float:
    return tally.right[measure] / tally.asked[measure]


@pytest.mark.timeout(900)
def test_it_routes_questions_of_strangers(tally: Tally) -> None:
    assert tally.asked["routing"] >= 600
    assert share(tally, "routing") >= 0.88


def test_typos_cost_it_little(tally: Tally) -> None:
    assert share(tally, "routing, noisy") >= 0.8


def test_it_quotes_as_well_as_the_encoders_best_guess(tally: Tally) -> None:
    assert tally.asked["quote: model's choice"] >= 300
    best_guess = share(tally, "quote: encoder's best guess")
    assert share(tally, "quote: model's first") >= best_guess
    assert share(tally, "quote: model's choice") >= best_guess + 0.05


def test_it_declines_what_is_not_the_desks_business_and_little_else(tally: Tally) -> None:
    assert share(tally, "declined") >= 0.6
    assert share(tally, "in scope, not declined") >= 0.93


def test_the_files_are_small() -> None:
    assert BUNDLED.stat().st_size < 20 * 2**20
    assert REFUSAL.stat().st_size < 2 * 2**20
