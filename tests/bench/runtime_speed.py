"""What a token costs: decoding against plain llama.cpp and the memory, constraints, drafting."""

import statistics
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from random_model import Shape, write_model

from frontdesk.agents.runtime.constraints import Constraint, Constraints, literal_grammar
from frontdesk.agents.runtime.drafting import PromptLookup
from frontdesk.agents.runtime.engine import Engine
from frontdesk.agents.runtime.generation import Generation, Sampler
from frontdesk.agents.runtime.llama_log import start_backend
from frontdesk.agents.runtime.steps import run

WIDE = 150_000  # tokens of the vocabulary that constraints are timed with


def decoding(model: Path, threads: int, rounds: int = 5) -> dict[str, float]:
    """Return tokens a second of one sequence alone: the engine's, and bare llama_decode's.

    Both are open at once and take turns, so that other work on the machine slows both alike; the
    share is the median of the rounds' shares.
    """
    import llama_cpp

    start_backend()
    weights = llama_cpp.llama_model_load_from_file(
        str(model).encode(), llama_cpp.llama_model_default_params()
    )
    parameters = llama_cpp.llama_context_default_params()
    parameters.n_ctx, parameters.n_threads = 512, threads
    context = llama_cpp.llama_init_from_model(weights, parameters)
    n_vocab = llama_cpp.llama_vocab_n_tokens(llama_cpp.llama_model_get_vocab(weights))
    token = (llama_cpp.llama_token * 1)(5)

    def bare() -> None:
        llama_cpp.llama_decode(context, llama_cpp.llama_batch_get_one(token, 1))
        logits = llama_cpp.llama_get_logits_ith(context, -1)
        token[0] = int(np.argmax(np.ctypeslib.as_array(logits, (n_vocab,))))

    with Engine(model, threads=threads) as engine, engine.open() as sequence:
        last = [sequence.extend([5])]

        def own() -> None:
            last[0] = sequence.extend([int(np.argmax(last[0]))])

        speeds = [(_speed(own), _speed(bare)) for _ in range(rounds)]
    llama_cpp.llama_free(context)
    llama_cpp.llama_model_free(weights)
    read = bandwidth(threads)
    own_speed = statistics.median(speed for speed, _ in speeds)
    return {
        "tokens_a_second": own_speed,
        "plain_tokens_a_second": statistics.median(speed for _, speed in speeds),
        "share_of_plain": statistics.median(own / plain for own, plain in speeds),
        "bandwidth_gigabytes_a_second": read / 1e9,
        "share_of_bandwidth": own_speed * model.stat().st_size / read,
    }


def bandwidth(threads: int, rounds: int = 5) -> float:
    """Return the bytes a second that `threads` threads read from memory: the best of `rounds`.

    Integers are added up: with floats the adding, not the memory, would be the limit.
    """
    parts = [np.ones(2**25, np.int64) for _ in range(threads)]  # 256 MiB each
    best = 0.0
    with ThreadPoolExecutor(threads) as pool:
        for _ in range(rounds):
            started = time.perf_counter()
            list(pool.map(np.sum, parts))
            best = max(best, sum(p.nbytes for p in parts) / (time.perf_counter() - started))
    return best


def constraint(folder: Path) -> dict[str, float]:
    """Return what the literal constraint costs a token: 150,000 tokens, 80 literals."""
    path = folder / "wide.gguf"
    if not path.is_file():
        write_model(path, Shape(layers=1, vocabulary=WIDE))
    text = "Please call the clinic at the hospital and ask who to call for parking"
    with Engine(path) as engine:
        grammar = literal_grammar([f"403-555-{n:04d}" for n in range(80)])
        compiler = Constraints(engine)
        sampler = Sampler()
        logits = np.random.default_rng(0).standard_normal(engine.n_vocab).astype(np.float32)
        held, free = [], []
        for _ in range(5):
            writing = compiler.start(grammar)
            for token in engine.tokenize(text):
                held.append(_seconds(partial(_constrained, sampler, logits, writing, token)))
                free.append(_seconds(partial(sampler.pick, logits, None)))
    cost = statistics.median(held) - statistics.median(free)
    return {"vocabulary": WIDE, "milliseconds_a_token": 1000 * cost}


def _constrained(sampler: Sampler, logits: np.ndarray, writing: Constraint, token: int) -> None:
    """Do what a constrained token costs besides the model: mask, pick, accept, look for forced."""
    sampler.pick(logits, writing)
    writing.accept([token])
    writing.forced()


class Scripted(Sampler):
    """Picks what a script dictates, at the model's full cost: a model that copies exactly so much.

    Attributes:
        at: the place in the script, which is how many tokens have been written.
    """

    def __init__(self, script: list[int]) -> None:
        super().__init__()
        self.script, self.at = script, 0

    def pick(self, logits: np.ndarray, constraint: Constraint | None) -> int:
        """Return the next token of the script."""
        super().pick(logits, constraint)
        self.at += 1
        return self.script[self.at - 1]


def drafting(model: Path, threads: int, tokens: int = 64) -> list[dict[str, Any]]:
    """Time 64 tokens of which a share is copied from the prompt in runs of 12, drafted and not."""
    rng = np.random.default_rng(0)
    rows = []
    with Engine(model, threads=threads) as engine:
        prompt = [int(t) for t in rng.integers(300, 8000, 120)]
        for share in (0.0, 0.25, 0.5, 0.75, 1.0):
            script = _script(prompt, share, tokens + 16, rng)
            plain = _writing(engine, prompt, script, tokens, drafted=False)
            drafted = _writing(engine, prompt, script, tokens, drafted=True)
            rows.append({"copied": share, "plain_seconds": plain, "drafted_seconds": drafted})
    return rows


def _script(prompt: list[int], share: float, tokens: int, rng: np.random.Generator) -> list[int]:
    """Return tokens in runs of 12: each run is copied from the prompt with the chance `share`."""
    runs = -(-tokens // 12)
    copied = set(rng.permutation(runs)[: round(share * runs)].tolist())
    script: list[int] = []
    for n in range(runs):
        start = int(rng.integers(0, len(prompt) - 12))
        new = [int(t) for t in rng.integers(8000, 31000, 12)]
        script += prompt[start : start + 12] if n in copied else new
    return script


def _writing(
    engine: Engine, prompt: list[int], script: list[int], tokens: int, *, drafted: bool
) -> float:
    sampler = Scripted(script)
    with engine.open() as sequence:
        logits = sequence.extend(prompt)
        lookup = PromptLookup(prompt) if drafted else None
        writing = Generation(sequence, logits, tokens, frozenset(), sampler, lookup=lookup)
        started = time.perf_counter()
        while run(writing.advance()):
            sampler.at = writing.written  # a draft that was wrong is picked again
        return time.perf_counter() - started


def _speed(step: Callable[[], None], tokens: int = 16) -> float:
    step()
    started = time.perf_counter()
    for _ in range(tokens):
        step()
    return tokens / (time.perf_counter() - started)


def _seconds(call: Callable[[], Any]) -> float:
    started = time.perf_counter()
    call()
    return time.perf_counter() - started
