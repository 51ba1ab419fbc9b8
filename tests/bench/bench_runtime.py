"""The model runtime against what people do today, on a 3 B model of random weights.

    python tests/bench/bench_runtime.py [--model FILE] [--turns 3] [--people 8] [--json FILE]

Baseline: FAISS top 3 of 500-character chunks in an Alpaca prompt, `Llama(...)` called for each
question, 64 tokens out. Ours: evidence first, one pass decides and picks quotes (verbatim), or
writes 64 tokens under the literal constraint (grounded). Same file, same process, same questions,
same embedder.
"""

import argparse
import json
import statistics
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

sys.path += [str(Path(__file__).parent), str(Path(__file__).parents[1] / "agents")]
from random_model import OPEN_LLAMA_3B, Shape, write_model
from three_billion import passages, timing_model

from frontdesk.agents.chat.decider import ChatDecider
from frontdesk.agents.chat.model import GGUFChatModel
from frontdesk.agents.decision import Evidence, Observation
from frontdesk.agents.policy.literals import literals
from frontdesk.agents.runtime.constraints import Constraints, literal_grammar
from frontdesk.agents.runtime.engine import Engine
from frontdesk.agents.runtime.llama_log import start_backend
from frontdesk.agents.settings import OrganisationSettings
from frontdesk.db.ingest.embed import GGUFEmbedder, encoder_path
from frontdesk.tools.search import Passage, SearchResult

ROOT = Path(__file__).parents[2]
QUESTIONS = (
    "Where do I pay for parking at the hospital?",
    "How do I get a copy of my health record?",
    "What should I bring to my first appointment?",
    "Who do I call to cancel a booking?",
    "Are visitors allowed in the evening?",
    "Can I have an interpreter at the clinic?",
    "How do I complain about a bill?",
    "Is there a shuttle between the sites?",
)
ALPACA = (
    "Below is an instruction that describes a task, paired with an input that provides further "
    "context. Write a response that appropriately completes the request.\n\n"
    "### Instruction:\n{question}\n\n### Input:\n{context}\n\n### Response:\n"
)
TOKENS = 64


@dataclass(frozen=True)
class Timing:
    """Seconds from the question to the first and to the last token, and how many tokens."""

    first: float
    last: float
    tokens: int = 0


class Library:
    """The passages with their embeddings: what both sides search."""

    def __init__(self, texts: list[str], data_dir: Path) -> None:
        import faiss

        self.texts = texts
        self.embedder = GGUFEmbedder(encoder_path(data_dir))
        self.index = faiss.IndexFlatIP(384)
        self.index.add(self.embedder.embed(texts))

    def top(self, question: str) -> tuple[np.ndarray, list[str]]:
        """Return the question's embedding (384,) and the three nearest passages."""
        vector = self.embedder.embed([question])
        _, found = self.index.search(vector, 3)
        return vector[0], [self.texts[i] for i in found[0]]

    def search(self, question: str) -> SearchResult:
        """Return the same passages as the search tool would, with their sentences' embeddings."""
        vector, texts = self.top(question)
        split = [[s for s in text.replace("\n", " ").split(". ") if s.strip()] for text in texts]
        now = datetime.now(UTC)
        found = [
            Passage(
                chunk_id=n, url=f"http://kv.example/{n}", title="Page", text=text,
                sentences=sentences, fetched_at=now, dense=0.5, lexical=1.0, score=0.5,
            )
            for n, (text, sentences) in enumerate(zip(texts, split, strict=True))
        ]  # fmt: skip
        result = SearchResult(query=question, passages=found)
        vectors = [self.embedder.embed(sentences) for sentences in split]
        return result.model_copy(update={"query_vector": vector, "sentence_vectors": vectors})


class Straight(ChatDecider):
    """A decider that always searches, then answers: a random model's own choices time nothing."""

    def steps(self, evidence: Evidence) -> list[str]:
        """Return the one step of a turn that needs retrieval."""
        return ["answer"] if evidence.observations else ["search"]


def baseline(model: Path, library: Library, turns: int, threads: int) -> list[Timing]:
    """Time turns of `Llama(...)` with stuffed passages."""
    from llama_cpp import Llama

    llm = Llama(str(model), n_ctx=2048, n_threads=threads, verbose=False)
    timings = []
    for question in QUESTIONS[:turns]:
        started = time.perf_counter()
        _, texts = library.top(question)
        prompt = ALPACA.format(question=question, context="\n".join(texts))
        first, tokens = 0.0, 0
        for _ in llm(prompt, max_tokens=TOKENS, temperature=0.0, stream=True):
            first = first or time.perf_counter() - started
            tokens += 1
        timings.append(Timing(first, time.perf_counter() - started, tokens))
    llm.close()
    return timings


def verbatim_turn(decider: ChatDecider, library: Library, question: str) -> Timing:
    """Time one turn that decides, searches and quotes."""
    started = time.perf_counter()
    search = library.search(question)
    decider.decide(Evidence(question, search=search))
    observation = Observation("search", {"query": question}, True, 0.0, search)
    decider.decide(Evidence(question, search=search, observations=(observation,)))
    # The quotes are known together: the answer's first words and its last appear at once.
    done = time.perf_counter() - started
    return Timing(done, done)


def grounded_turn(model: GGUFChatModel, library: Library, question: str) -> Timing:
    """Time one turn that searches and writes 64 tokens under the literal constraint."""
    started = time.perf_counter()
    search = library.search(question)
    sentences = [s for passage in search.passages for s in passage.sentences][:5]
    allowed = [literal.text for s in sentences for literal in literals(s)]
    messages = [
        ("system", "You are the front desk of Kestrel Valley. Answer from the sentences given."),
        ("user", "\n".join([question, *sentences])),
    ]
    first = 0.0
    grammar = literal_grammar(allowed)
    tokens = 0
    for chunk in model.stream(messages, grammar=grammar, max_tokens=TOKENS):
        first = first or time.perf_counter() - started
        tokens += chunk.usage_metadata["output_tokens"] if chunk.usage_metadata else 0
    return Timing(first, time.perf_counter() - started, tokens)


def together(turn: Callable[[str], Timing], people: int) -> dict[str, float]:
    """Time `people` who ask at the same moment."""
    questions = [QUESTIONS[i % len(QUESTIONS)] for i in range(people)]
    started = time.perf_counter()
    with ThreadPoolExecutor(people) as pool:
        lasts = [timing.last for timing in pool.map(turn, questions)]
    seconds = time.perf_counter() - started
    return {
        "turns_a_minute": 60 * people / seconds,
        "slowest_to_median": max(lasts) / statistics.median(lasts),
    }


def decode_speeds(model: Path, threads: int, rounds: int = 3) -> tuple[float, float]:
    """Return tokens a second of one sequence alone: the engine's, and bare llama_decode's.

    Both are open at once and take turns, so that other work on the machine slows both alike.
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
    return statistics.median(s[0] for s in speeds), statistics.median(s[1] for s in speeds)


def _speed(step: Callable[[], None], tokens: int = 16) -> float:
    step()
    started = time.perf_counter()
    for _ in range(tokens):
        step()
    return tokens / (time.perf_counter() - started)


def bandwidth(threads: int) -> float:
    """Return the bytes a second that `threads` threads read from memory."""
    parts = [np.ones(2**26, np.float32) for _ in range(threads)]  # 256 MiB each
    with ThreadPoolExecutor(threads) as pool:
        started = time.perf_counter()
        for _ in range(3):
            list(pool.map(lambda part: float(part.sum()), parts))
        return 3 * sum(part.nbytes for part in parts) / (time.perf_counter() - started)


def constraint_cost(folder: Path) -> float:
    """Return the milliseconds a token of the literal constraint, of 150,000 tokens."""
    path = folder / "wide.gguf"
    if not path.is_file():
        write_model(path, Shape(layers=1, vocabulary=150_000))
    text = "Please call the clinic at the hospital and ask who to call for parking"
    with Engine(path) as engine:
        grammar = literal_grammar([f"403-555-{n:04d}" for n in range(80)])
        constraint = Constraints(engine).start(grammar)
        constraint.mask()
        logits = np.zeros(engine.n_vocab, np.float32)
        spent = []
        for token in engine.tokenize(text):
            started = time.perf_counter()
            int(np.argmax(np.where(constraint.mask(), logits, -np.inf)))
            constraint.accept([token])
            spent.append(time.perf_counter() - started)
    return 1000 * statistics.median(spent)


def measure(arguments: argparse.Namespace) -> dict[str, Any]:
    """Run everything; return what is saved as JSON."""
    texts = passages(ROOT / "examples")
    model = timing_model(arguments.model, texts, replace(OPEN_LLAMA_3B, layers=arguments.layers))
    library = Library(texts, arguments.model.parent)
    threads = arguments.threads
    rows: dict[str, Any] = {"threads": threads, "model_bytes": model.stat().st_size}
    say("the baseline")
    rows["baseline"] = summary(baseline(model, library, arguments.turns, threads))
    with Engine(model, threads=threads) as engine:
        say("verbatim turns")
        decider = Straight(engine, "3b", OrganisationSettings(name="Kestrel Valley"))
        verbatim_turn(decider, library, "Good morning")  # the first turn reads the prefix
        turns = [verbatim_turn(decider, library, q) for q in QUESTIONS[: arguments.turns]]
        rows["verbatim"] = summary(turns)
        # Other questions each time: what was read for the first would be remembered for the second.
        asked = [QUESTIONS[: arguments.turns], QUESTIONS[-arguments.turns :]]
        for name, drafting in (("grounded", False), ("grounded_drafting", True)):
            say(f"turns: {name}")
            chat = GGUFChatModel(engine=engine, drafting=drafting)
            rows[name] = summary([grounded_turn(chat, library, q) for q in asked[drafting]])
        say("people at once")
        rows["together"] = together(
            lambda question: verbatim_turn(decider, library, question), arguments.people
        )
    say("decoding alone")
    own, bare = decode_speeds(model, threads)
    rows |= {"decode_tokens_a_second": own, "plain_decode_tokens_a_second": bare}
    rows["bandwidth_bytes_a_second"] = bandwidth(threads)
    rows["constraint_ms_a_token"] = constraint_cost(arguments.model.parent)
    return rows


def say(stage: str) -> None:
    """Show what is being measured, on stderr: with the 3 B model a stage takes minutes."""
    print(f"{time.strftime('%H:%M:%S')} {stage}", file=sys.stderr, flush=True)


def summary(timings: list[Timing]) -> dict[str, float]:
    """Return the medians of `timings`."""
    return {
        "first_seconds": statistics.median(timing.first for timing in timings),
        "last_seconds": statistics.median(timing.last for timing in timings),
        "tokens": statistics.median(timing.tokens for timing in timings),
    }


def table(rows: dict[str, Any]) -> str:
    """Return the results as a Markdown table beside what is wanted."""
    base, alone = rows["baseline"], 60 / rows["baseline"]["last_seconds"]
    lines = [("baseline", f"{base['first_seconds']:.1f} / {base['last_seconds']:.1f} s", "")]
    for name in ("verbatim", "grounded", "grounded_drafting"):
        first, last = rows[name]["first_seconds"], rows[name]["last_seconds"]
        shares = f"{first / base['first_seconds']:.2f} / {last / base['last_seconds']:.2f}"
        lines += [
            (f"{name}: first / last token", f"{first:.1f} / {last:.1f} s", ""),
            (f"{name}: share of the baseline", shares, "0.33 / 0.25"),
            (f"{name}: tokens written", f"{rows[name]['tokens']:.0f}", ""),
        ]
    people = rows["together"]
    own, plain = rows["decode_tokens_a_second"], rows["plain_decode_tokens_a_second"]
    read = own * rows["model_bytes"] / rows["bandwidth_bytes_a_second"]
    lines += [
        ("together: times the baseline", f"{people['turns_a_minute'] / alone:.1f}", ">= 2.0"),
        ("together: slowest / median", f"{people['slowest_to_median']:.2f}", "<= 2.0"),
        ("decode alone", f"{own:.2f} tokens/s", ""),
        ("decode, share of plain llama.cpp", f"{own / plain:.2f}", ">= 0.95"),
        ("decode, share of memory bandwidth", f"{read:.2f}", ""),
        ("constraint a token", f"{rows['constraint_ms_a_token']:.2f} ms", "< 0.3"),
    ]
    body = "\n".join(f"| {name} | {value} | {wanted} |" for name, value, wanted in lines)
    return f"| measured | value | wanted |\n|---|---|---|\n{body}"


def main() -> None:
    """Measure, print the table, save the JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, default=ROOT / ".frontdesk/bench/random-3b-q4_0.gguf")
    parser.add_argument("--layers", type=int, default=26, help="fewer, to try the script out")
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--people", type=int, default=8)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--json", type=Path, default=ROOT / "docs/benchmarks/runtime.json")
    arguments = parser.parse_args()
    rows = measure(arguments)
    print(table(rows))
    arguments.json.parent.mkdir(parents=True, exist_ok=True)
    arguments.json.write_text(json.dumps(rows, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
