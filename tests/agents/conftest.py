"""Fixtures of the model runtime: a model of random weights, made once a session."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from frontdesk.agents.runtime.engine import Engine

sys.path.append(str(Path(__file__).parent))  # tests are no package; random_model is beside them

from random_model import write_adapter, write_model


@pytest.fixture(scope="session")
def model_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Llama of random weights: 2 layers, width 64, 1,024 tokens of context."""
    return write_model(tmp_path_factory.mktemp("models") / "random.gguf")


@pytest.fixture(scope="session")
def adapter_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A random LoRA adapter for that model."""
    return write_adapter(tmp_path_factory.mktemp("adapters") / "adapter.gguf")


@pytest.fixture(scope="module")
def engine(model_path: Path) -> Iterator[Engine]:
    """An engine on the random model that a module's tests share."""
    with Engine(model_path, max_sequences=16) as opened:
        yield opened
