"""The cross-encoder: what is trained in torch is what llama.cpp serves."""

import random
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.numpy import save_file

from frontdesk.agents.errors import ModelFileError
from frontdesk.agents.small.cross_encoder import INTENTS, PAIR_TOKENS, CrossEncoder
from frontdesk.db.ingest.encoder_file import adapted_encoder_path, merged
from frontdesk.training.cross_encoder.measure import measure
from frontdesk.training.cross_encoder.network import CrossEncoder as Network
from frontdesk.training.cross_encoder.network import Words, collate
from frontdesk.training.cross_encoder.pairs import Reading, read, save
from frontdesk.training.cross_encoder.train import CrossEncoderSettings, Progress, drawn, train

pytestmark = pytest.mark.filterwarnings(
    "ignore:.*gradient_checkpointing:FutureWarning", "ignore::DeprecationWarning:torch"
)
PAIRS = [
    ("what does parking cost", "Fees > Parking: Visitors pay $4 an hour."),
    ("¿dónde está la sala 3?", "Rooms: Room 3 is on the second floor — past the café."),
    ("my son swallowed a coin " * 9, "First aid: Call the poison line. " * 8),
    ("hours", ""),
]


@pytest.fixture(scope="module")
def network() -> Network:
    """A network whose adapter is not nothing."""
    torch.manual_seed(3)
    made = Network()
    with torch.no_grad():
        for name, weight in made.named_parameters():
            if "lora_B" in name:
                weight.normal_(std=0.02)
    return made.eval()


@pytest.fixture(scope="module")
def served(network: Network, tmp_path_factory: pytest.TempPathFactory) -> CrossEncoder:
    folder = tmp_path_factory.mktemp("cross-encoder")
    save_file(network.adapter(), folder / "adapter.safetensors")
    return CrossEncoder(folder / "adapter.safetensors", folder, threads=1)


def test_both_cut_a_pair_alike(served: CrossEncoder) -> None:
    words = Words()
    for question, text in PAIRS:
        tokens = served.tokens(question, text)
        assert tokens == words.pair(question, text)
        assert len(tokens) <= PAIR_TOKENS


def test_llama_cpp_reads_as_torch_does(served: CrossEncoder, network: Network) -> None:
    rows = [served.tokens(*pair) for pair in PAIRS]
    with torch.no_grad():
        wanted = network(*collate(rows)).numpy()
    found = served.read(PAIRS)
    cosines = (
        (wanted * found).sum(1) / np.linalg.norm(wanted, axis=1) / np.linalg.norm(found, axis=1)
    )
    assert cosines.min() > 0.999
    assert np.abs(wanted - found).max() < 0.05


def test_a_saved_adapter_goes_on_where_it_was(network: Network) -> None:
    other = Network()
    other.restore(network.adapter())
    for name, tensor in network.adapter().items():
        np.testing.assert_allclose(other.adapter()[name], tensor, atol=1e-3)


def test_the_adapter_is_added_to_the_weights_it_names(network: Network) -> None:
    changes = merged(network.adapter())
    assert len(changes) == 6 * 6  # every linear layer of every block
    assert changes["encoder.layer.0.intermediate.dense.weight"].shape == (1536, 384)


def test_a_file_that_is_no_adapter_is_named(tmp_path: Path) -> None:
    broken = tmp_path / "broken.safetensors"
    broken.write_bytes(b"no")
    with pytest.raises(ModelFileError, match=r"broken\.safetensors"):
        CrossEncoder(broken, tmp_path)
    with pytest.raises(ModelFileError, match="nowhere"):
        CrossEncoder(tmp_path / "nowhere", tmp_path)


def test_the_merged_file_is_made_once(network: Network, tmp_path: Path) -> None:
    save_file(network.adapter(), tmp_path / "a.safetensors")
    first = adapted_encoder_path(tmp_path, tmp_path / "a.safetensors")
    stamp = first.stat().st_mtime_ns
    assert adapted_encoder_path(tmp_path, tmp_path / "a.safetensors") == first
    assert first.stat().st_mtime_ns == stamp


def test_groups_hold_a_right_sentence_and_wrong_ones() -> None:
    reading = Reading("quotes", "q", tuple("abcdefghij"), (2, 5))
    for seed in range(20):
        chosen = drawn(reading, 5, random.Random(seed))
        assert len(set(chosen)) == len(chosen) == 6
        assert len({2, 5} & set(chosen)) == 1
    unanswered = Reading("quotes", "q", tuple("abc"), ())
    assert set(drawn(unanswered, 5, random.Random(0))) <= {0, 1, 2}


def test_training_learns_its_readings(tmp_path: Path) -> None:
    texts = ("Fees: Parking costs $4.", "Hours: We open at nine.", "Pets: Dogs stay outside.")
    rows = [
        Reading("quotes", "what do you charge for the car park", texts, (0,)),
        Reading("quotes", "from when are you open", texts, (1,)),
        Reading("intent", "write me a poem", ("A clinic. | Fees",), (INTENTS.index("refuse"),)),
        Reading("intent", "how long is the wait", ("A clinic. | Fees",), (1,)),
    ]
    save(tmp_path / "one.jsonl", rows)
    assert read(tmp_path / "one.jsonl") == rows
    settings = CrossEncoderSettings(epochs=6, rate=2e-3, noise=0.0, threads=1)
    torch.manual_seed(7)
    network, words = Network(), Words()
    log: list[Progress] = []
    train(network, words, rows, rows, settings, log.append)
    assert log[-1].intent_loss < log[0].intent_loss
    assert log[-1].quotes_loss < log[0].quotes_loss
    scores = measure(network, words, rows)
    assert scores == log[-1].scores
    assert scores.intents == (2, 2) and scores.quotes == (2, 2) and scores.mean == 1


def test_only_what_holds_the_answer_is_counted(network: Network) -> None:
    rows = [Reading("quotes", "q", ("a b", "c d"), ()), Reading("quotes", "q", ("a",), (0,))]
    scores = measure(network, Words(), rows)
    assert scores.intents == (0, 0) and scores.quotes == (1, 1) and scores.mean == 1
