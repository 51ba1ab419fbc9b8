"""The runtime's results as one Markdown table beside what is wanted of them."""

from collections.abc import Callable, Iterator
from typing import Any

Row = tuple[str, str, str]


def table(rows: dict[str, Any]) -> str:
    """Return a line for every number of the parts that were measured."""
    lines = ["| measured | value | wanted |", "|---|---|---|"]
    for name, told in PARTS.items():
        if name in rows:
            result = rows[name]["result"]
            context = {part: row["result"] for part, row in rows.items()}
            lines += [f"| {' | '.join(line)} |" for line in told(result, context)]
    return "\n".join(lines)


def _turns(result: Any, _: Any) -> Iterator[Row]:
    base = result["baseline"]
    yield ("baseline: first / last token", _pair(base), "")
    for name in ("verbatim", "grounded"):
        row = result[name]
        first, last = row["first"] / base["first"], row["last"] / base["last"]
        yield (f"{name}: first / last token", _pair(row), "")
        yield (f"{name}: share of the baseline", f"{first:.2f} / {last:.2f}", "0.33 / 0.25")
        read = f"{row['evaluated']:.0f} / {row['reused']:.0f}"
        yield (f"{name}: tokens read / kept a turn", read, "")


def _crowd(result: Any, others: Any) -> Iterator[Row]:
    for row in result:
        people = row["people"]
        wanted = people == 8
        if "turns" in others:
            alone = 60 / others["turns"]["baseline"]["last"]
            times = f"{row['turns_a_minute'] / alone:.1f}"
            yield (f"{people} at once: times the baseline", times, ">= 2.0" if wanted else "")
        share = f"{row['slowest_to_median']:.2f}"
        yield (f"{people} at once: slowest / median", share, "<= 2.0" if wanted else "")


def _speed(result: Any, _: Any) -> Iterator[Row]:
    yield ("decode alone", f"{result['tokens_a_second']:.2f} tokens/s", "")
    yield ("decode, share of plain llama.cpp", f"{result['share_of_plain']:.3f}", ">= 0.95")
    read = f"{result['bandwidth_gigabytes_a_second']:.1f} GB/s"
    yield (f"decode, share of the memory's {read}", f"{result['share_of_bandwidth']:.2f}", "")


def _constraint(result: Any, _: Any) -> Iterator[Row]:
    value = f"{result['milliseconds_a_token']:.2f} ms"
    yield (f"constraint a token, {result['vocabulary']} tokens", value, "< 0.3 ms")


def _drafting(result: Any, _: Any) -> Iterator[Row]:
    for row in result:
        gain = row["plain_seconds"] / row["drafted_seconds"]
        yield (f"drafting, {row['copied']:.0%} copied: times as fast", f"{gain:.2f}", "")


def _overhead(result: Any, _: Any) -> Iterator[Row]:
    value = f"{result['share']:.1%} ({1000 * result['other_seconds']:.0f} ms)"
    yield ("not llama.cpp, of a turn of the 3 B model", value, "<= 5 %")


def _stress(result: Any, _: Any) -> Iterator[Row]:
    ends = ", ".join(f"{count} {name}" for name, count in sorted(result["ends"].items()))
    left = result["left_over"]
    yield (f"{result['turns']} mixed turns", f"{ends}; {left} left over", "no crash")


def _bundled(result: Any, _: Any) -> Iterator[Row]:
    warm, crowd = result["warm"], result["crowd"]
    yield ("bundled: warm turn, p50", f"{warm['p50_ms']:.0f} ms", "<= 120 ms")
    yield ("bundled: warm turn, p95", f"{warm['p95_ms']:.0f} ms", "<= 250 ms")
    name = f"bundled: {crowd['people']} at once, p95"
    yield (name, f"{crowd['p95_seconds']:.2f} s", "<= 3 s")
    yield ("peak memory, database included", f"{result['peak_memory_mb']['total']} MB", "<= 1 GB")


def _cold(result: Any, _: Any) -> Iterator[Row]:
    yield ("cold `ask` to the first token", f"{result['median_seconds']:.2f} s", "<= 2.5 s")


def _pair(row: dict[str, float]) -> str:
    return f"{row['first']:.1f} / {row['last']:.1f} s"


PARTS: dict[str, Callable[[Any, Any], Iterator[Row]]] = {
    "turns": _turns,
    "crowd": _crowd,
    "speed": _speed,
    "constraint": _constraint,
    "drafting": _drafting,
    "overhead": _overhead,
    "stress": _stress,
    "bundled": _bundled,
    "cold": _cold,
}
