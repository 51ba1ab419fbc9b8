"""Run the benchmarks one after the other: what `make bench` does.

    python tests/bench/run.py                   # ask, directory, retrieval, runtime: half an hour
    python tests/bench/run.py --only ask
    python tests/bench/run.py --only ingest     # a site of 1,000 pages, twice
    python tests/bench/run.py --only prompting  # strategies, on an instruct model (--help there)
    python tests/bench/run.py --only scale      # a million chunks: about an hour, 18 GB of disk

Each prints a table and keeps its numbers in docs/benchmarks/NAME.json; machine.json there says
where they were measured. SciFact is measured when ../shared/data/scifact is there.
"""

import argparse
import json
import os
import platform
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
KEPT = ROOT / "docs" / "benchmarks"
SCIFACT = ROOT.parent / "shared" / "data" / "scifact"
USUAL = ("ask", "directory", "retrieval", "runtime")
LONG = ("ingest", "prompting", "scale")
TOLD = ("llama-cpp-python", "numpy", "langgraph", "psycopg")


def arguments(name: str) -> list[str]:
    """Return the options of a benchmark besides --json."""
    if name in ("retrieval", "scale") and SCIFACT.is_dir():
        return ["--scifact", str(SCIFACT)]
    if name == "directory":
        return ["--data-dir", str(ROOT / ".frontdesk")]
    return []


def machine() -> dict[str, object]:
    """Return what the numbers depend on."""
    return {
        "processor": processor(),
        "cores": os.cpu_count(),
        "system": platform.platform(),
        "python": platform.python_version(),
        "libraries": {name: version(name) for name in TOLD},
    }


def processor() -> str:
    """Return the processor's name, as Linux tells it."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor()
    named = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return named[0] if named else platform.machine()


def main() -> int:
    """Run what is asked for; return 1 when one of them failed, after the others."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--only", choices=[*USUAL, *LONG], action="append")
    options = parser.parse_args()
    names = options.only or USUAL
    KEPT.mkdir(parents=True, exist_ok=True)
    (KEPT / "machine.json").write_text(json.dumps(machine(), indent=2) + "\n", encoding="utf-8")
    failed = []
    for name in names:
        print(f"\n## {name}\n", flush=True)
        line = [sys.executable, str(HERE / f"bench_{name}.py"), *arguments(name)]
        if subprocess.run([*line, "--json", str(KEPT / f"{name}.json")], check=False).returncode:
            failed.append(name)
    if failed:
        print(f"bench: {', '.join(failed)} failed", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
