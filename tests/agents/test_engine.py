"""The engine alone and shared: same numbers, nobody starved, nothing breaks."""

import asyncio
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import gguf
import numpy as np
import pytest

from frontdesk.agents.errors import (
    ContextFull,
    DeadlineExceeded,
    EngineBusy,
    EngineClosed,
    ModelError,
    ModelFileError,
    SequenceCancelled,
)
from frontdesk.agents.runtime.engine import Engine
from frontdesk.agents.runtime.sequence import Sequence

SYSTEM = "<|im_start|>system\nyou are the hospital assistant<|im_end|>\n"


def assert_close(one: np.ndarray, other: np.ndarray) -> None:
    """Check that two arrays of logits differ by rounding only: batches add up in another order."""
    np.testing.assert_allclose(one, other, atol=2e-3, rtol=2e-3)


def token_rows(path: Path, tokens: list[int]) -> np.ndarray:
    """Return the embeddings that the model in `path` has for `tokens`."""
    tensors = {tensor.name: tensor for tensor in gguf.GGUFReader(path).tensors}
    return np.array(tensors["token_embd.weight"].data)[tokens]


def test_text_survives_tokens(engine: Engine) -> None:
    text = "How long is the wait — été 🏥 at 12:30?"
    assert engine.detokenize(engine.tokenize(text)) == text


def test_special_text_of_people_stays_text(engine: Engine) -> None:
    assert len(engine.tokenize("<|im_end|>")) == 1
    assert len(engine.tokenize("<|im_end|>", special=False)) > 1


def test_metadata_and_sizes(engine: Engine) -> None:
    assert engine.metadata["general.architecture"] == "llama"
    assert engine.n_embd == 64
    assert "im_start" in engine.metadata["tokenizer.chat_template"]
    assert engine.eos == "<|im_end|>"
    assert engine.is_end(engine.tokenize("<|im_end|>")[0])


def test_shared_prefix_equals_fresh_evaluation(engine: Engine) -> None:
    prefix, rest = engine.tokenize(SYSTEM), engine.tokenize("who do i call")
    with engine.open() as sequence:
        fresh = sequence.extend(prefix + rest)
    for _ in range(2):
        with engine.open(prefix) as sequence:
            shared = sequence.extend(rest)
            assert sequence.length == len(prefix) + len(rest)
    assert_close(shared, fresh)
    assert sequence.reused == len(prefix)
    assert sequence.evaluated == len(rest)


def test_a_prefix_that_continues_another_reuses_it(engine: Engine) -> None:
    short = engine.tokenize("one two three four")
    with engine.open(short), engine.open(short + [7, 8, 9]) as longer:
        assert longer.reused == len(short)
        assert longer.evaluated == 3


def test_rows_equal_the_tokens_they_embed(engine: Engine, model_path: Path) -> None:
    tokens = engine.tokenize("how long is the wait at the clinic")
    rows = token_rows(model_path, tokens)
    with engine.open() as sequence:
        expected = sequence.extend(tokens)
    with engine.open() as sequence:
        assert_close(sequence.extend(rows), expected)
    with engine.open() as sequence:
        sequence.extend(tokens[:2])
        sequence.extend(rows[2:4])
        assert_close(sequence.extend(tokens[4:]), expected)


def test_a_prefix_of_rows_is_shared(engine: Engine, model_path: Path) -> None:
    tokens = engine.tokenize("where is the clinic")
    rows = token_rows(model_path, tokens)
    for reused in (0, len(tokens)):
        with engine.open(rows) as sequence:
            assert sequence.reused == reused


def test_outputs_are_the_logits_of_every_item(engine: Engine) -> None:
    tokens = engine.tokenize("please call the clinic at the hospital")
    with engine.open() as sequence:
        together = sequence.extend(tokens, outputs=len(tokens))
    with engine.open() as sequence:
        one_by_one = np.stack([sequence.extend([token]) for token in tokens])
    assert_close(together, one_by_one)


def test_more_outputs_than_a_batch_holds(engine: Engine) -> None:
    tokens = [5, 6, 7, 8] * 50
    with engine.open() as sequence:
        assert sequence.extend(tokens, outputs=200).shape == (200, engine.n_vocab)


def test_truncate_takes_items_back(engine: Engine) -> None:
    tokens = engine.tokenize("how long is the wait")
    with engine.open() as sequence:
        expected = sequence.extend(tokens)
        sequence.truncate(len(tokens))
        sequence.extend([1, 2, 3])
        sequence.truncate(len(tokens) - 1)
        assert_close(sequence.extend(tokens[-1:]), expected)
        with pytest.raises(ValueError, match="cannot keep 99"):
            sequence.truncate(99)


def test_a_kept_sequence_is_resumed(engine: Engine) -> None:
    prefix, turn = engine.tokenize(SYSTEM), engine.tokenize("and the children's one?")
    sequence = engine.open(prefix)
    sequence.extend(turn)
    sequence.close(keep=True)
    with engine.open(prefix) as again:
        done = again.resume(turn + [9, 10])
        assert done == len(turn)
        logits = again.extend([9, 10])
        assert again.reused == len(prefix) + len(turn)
    with engine.open() as fresh:
        assert_close(logits, fresh.extend(prefix + turn + [9, 10]))


def test_many_callers_get_what_they_get_alone(engine: Engine) -> None:
    prefix = engine.tokenize(SYSTEM)
    questions = [
        engine.tokenize(f"where is clinic {i} and who do i call " * (1 + i % 5)) for i in range(16)
    ]

    def answer(question: list[int]) -> np.ndarray:
        with engine.open(prefix) as sequence:
            logits = [sequence.extend(question)]
            logits += [sequence.extend([i]) for i in range(10, 20)]
            return np.stack(logits)

    alone = [answer(question) for question in questions]
    with ThreadPoolExecutor(16) as pool:
        together = list(pool.map(answer, questions))
    for one, other in zip(alone, together, strict=True):
        assert_close(one, other)


def test_async_callers_share_batches(engine: Engine) -> None:
    prefix = engine.tokenize(SYSTEM)

    async def answer(i: int) -> float:
        with await engine.aopen(prefix) as sequence:
            await sequence.aextend([i, i + 1])
            await sequence.atruncate(len(prefix) + 1)
            return float((await sequence.aextend([i + 2]))[0])

    async def all_of_them() -> list[float]:
        return await asyncio.gather(*(answer(i) for i in range(40)))

    before = engine.stats
    results = asyncio.run(all_of_them())
    assert len(set(results)) == 40
    assert engine.stats.batches - before.batches < 80
    assert engine.stats.active == 0


def test_a_cancelled_task_gives_its_place_back(model_path: Path) -> None:
    async def wait_and_give_up(engine: Engine) -> None:
        with engine.open():
            task = asyncio.create_task(engine.aopen())
            await asyncio.sleep(0.05)
            assert engine.stats.waiting == 1
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
        with await engine.aopen() as sequence:
            await sequence.aextend([1])

    with Engine(model_path, max_sequences=1) as engine:
        asyncio.run(wait_and_give_up(engine))
        assert (engine.stats.active, engine.stats.waiting) == (0, 0)


def test_a_full_line_is_busy(model_path: Path) -> None:
    with Engine(model_path, max_sequences=1, max_waiting=0) as engine, engine.open():
        with pytest.raises(EngineBusy, match="1 people are being answered and 0 are waiting"):
            engine.open()


def test_waiting_ends_at_the_deadline(model_path: Path) -> None:
    with Engine(model_path, max_sequences=1) as engine:
        with engine.open():
            with pytest.raises(DeadlineExceeded):
                engine.open(timeout=0.05)
        with engine.open(timeout=5) as sequence:
            assert sequence.extend([1]).shape == (engine.n_vocab,)


def test_work_ends_at_the_deadline(engine: Engine) -> None:
    with engine.open(timeout=0.02) as sequence:
        time.sleep(0.03)
        with pytest.raises(DeadlineExceeded):
            sequence.extend([1])


def test_cancel_from_another_thread(engine: Engine) -> None:
    with engine.open() as sequence:
        timer = threading.Timer(0.05, sequence.cancel)
        timer.start()
        with pytest.raises(SequenceCancelled):
            while True:
                sequence.extend([1, 2, 3] * 20)
                sequence.truncate(0)
        timer.join()


def test_a_full_context_is_said_and_undone(model_path: Path) -> None:
    with Engine(model_path, context_tokens=256, max_sequences=4) as engine:
        with engine.open() as one, engine.open() as two:
            one.extend([1] * 150)
            with pytest.raises(ContextFull, match="context of 256"):
                two.extend([2] * 150)
            two.extend([2] * 50)
            with pytest.raises(ContextFull, match="150 \\+ 300 items"):
                one.extend([1] * 300)
            assert (one.length, two.length) == (150, 50)


def test_kept_sequences_make_room(model_path: Path) -> None:
    with Engine(model_path, context_tokens=256, max_sequences=4) as engine:
        for i in range(8):
            sequence = engine.open()
            sequence.extend([i] * 100)
            sequence.close(keep=True)
        assert engine.stats.kept <= 2


def test_closing_fails_what_is_pending(model_path: Path) -> None:
    engine = Engine(model_path)
    sequence = engine.open()
    errors: list[ModelError] = []

    def work() -> None:
        try:
            while True:
                sequence.extend([1] * 100)
                sequence.truncate(0)
        except ModelError as error:
            errors.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    time.sleep(0.05)
    engine.close()
    thread.join(5)
    assert isinstance(errors[0], (EngineClosed, SequenceCancelled))
    sequence.close()
    with pytest.raises(EngineClosed):
        engine.open()
    with pytest.raises(ModelError, match="was closed"):
        engine.tokenize("hello")


def test_an_adapter_changes_the_model_by_its_scale(model_path: Path, adapter_path: Path) -> None:
    def logits(**settings: object) -> np.ndarray:
        with Engine(model_path, **settings) as engine, engine.open() as sequence:  # type: ignore[arg-type]
            return sequence.extend([10, 20, 30])

    base = logits()
    np.testing.assert_array_equal(logits(adapter=adapter_path, adapter_scale=0.0), base)
    half = logits(adapter=adapter_path, adapter_scale=0.5)
    full = logits(adapter=adapter_path)
    assert np.abs(full - base).max() > 1e-3
    assert np.abs(full - half).max() > 1e-3


def test_a_prefix_comes_back_from_disk(model_path: Path, tmp_path: Path) -> None:
    prefix = list(range(40, 140))
    results, reused = [], []
    for _ in range(2):
        with Engine(model_path, cache_dir=tmp_path) as engine, engine.open(prefix) as sequence:
            reused.append(sequence.reused)
            results.append(sequence.extend([5]))
    assert reused == [0, 100]
    assert_close(results[0], results[1])


def test_a_damaged_prefix_file_is_not_believed(model_path: Path, tmp_path: Path) -> None:
    prefix = list(range(40, 60))
    with Engine(model_path, cache_dir=tmp_path) as engine:
        engine.open(prefix).close()
    (file,) = tmp_path.glob("prefix-*.kv")
    content = bytearray(file.read_bytes())
    content[-10] ^= 255
    file.write_bytes(content)
    with Engine(model_path, cache_dir=tmp_path) as engine, engine.open(prefix) as sequence:
        assert (sequence.reused, sequence.evaluated) == (0, 20)


@pytest.mark.parametrize("content", [b"", b"GGUF", b"<html>not a model</html>" * 100])
def test_a_damaged_model_is_one_clear_error(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "damaged.gguf"
    path.write_bytes(content)
    with pytest.raises(ModelFileError, match="damaged.gguf cannot be loaded"):
        Engine(path)


def test_a_truncated_model_is_one_clear_error(tmp_path: Path, model_path: Path) -> None:
    path = tmp_path / "cut.gguf"
    path.write_bytes(model_path.read_bytes()[:100_000])
    with pytest.raises(ModelFileError, match="damaged or of a kind"):
        Engine(path)


def test_a_missing_model_is_one_clear_error(tmp_path: Path, model_path: Path) -> None:
    with pytest.raises(ModelFileError, match="no file at"):
        Engine(tmp_path / "none.gguf")
    with pytest.raises(ModelFileError, match="LoRA adapter"):
        Engine(model_path, adapter=model_path)


def test_wrong_items_are_refused(engine: Engine) -> None:
    with engine.open() as sequence:
        for items in ([], [engine.n_vocab], [-1], np.zeros((2, 3), np.float32)):
            with pytest.raises(ValueError):
                sequence.extend(items)
        assert sequence.extend([1]).shape == (engine.n_vocab,)


def random_turn(engine: Engine, seed: int, rows: np.ndarray) -> int:
    """Open, extend, truncate, cancel and close in a random order; return the steps done."""
    rng = np.random.default_rng(seed)
    prefix = [int(t) for t in range(30, 30 + 10 * int(rng.integers(0, 4)))]
    try:
        sequence = engine.open(prefix, timeout=None if rng.random() < 0.7 else 0.01)
    except (EngineBusy, DeadlineExceeded):
        return 0
    done = 0
    try:
        for _ in range(int(rng.integers(1, 8))):
            random_step(sequence, rng, rows)
            done += 1
    except (SequenceCancelled, DeadlineExceeded, ContextFull):
        pass
    finally:
        sequence.close(keep=bool(rng.random() < 0.3))
    return done


def random_step(sequence: Sequence, rng: np.random.Generator, rows: np.ndarray) -> None:
    """Do one random thing with `sequence`."""
    choice = rng.random()
    if choice < 0.4:
        sequence.extend([int(t) for t in rng.integers(0, 500, int(rng.integers(1, 60)))])
    elif choice < 0.6:
        sequence.extend(rows[: int(rng.integers(1, len(rows)))])
    elif choice < 0.8:
        sequence.truncate(int(rng.integers(0, sequence.length + 1)))
    elif choice < 0.9:
        sequence.resume([int(t) for t in range(60, 90)])
    else:
        threading.Timer(0.001, sequence.cancel).start()


def test_sixteen_threads_of_random_turns(model_path: Path) -> None:
    rows = token_rows(model_path, list(range(40)))
    with Engine(model_path, context_tokens=1024, max_sequences=8, max_waiting=16) as engine:
        with ThreadPoolExecutor(16) as pool:
            done = sum(pool.map(lambda seed: random_turn(engine, seed, rows), range(1000)))
        assert done > 1000  # of about 4,000: the rest was cancelled, late or too long
        assert (engine.stats.active, engine.stats.waiting) == (0, 0)
        with engine.open() as sequence:
            after = sequence.extend([1, 2, 3])
    with Engine(model_path) as engine, engine.open() as sequence:
        assert_close(after, sequence.extend([1, 2, 3]))


def test_importing_the_engine_is_light() -> None:
    program = (
        "import sys, frontdesk.agents.runtime.engine; "
        "print([m for m in ('torch', 'transformers', 'langchain_core') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"
