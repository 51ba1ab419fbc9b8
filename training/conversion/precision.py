"""The precisions of a GGUF file: as it is first written, and quantised by llama.cpp."""

from pathlib import Path
from typing import Literal, get_args

Precision = Literal["F32", "F16", "BF16"]
Quantisation = Literal["F16", "Q8_0", "Q4_0", "Q4_K_M"]
QUANTISATIONS: tuple[Quantisation, ...] = get_args(Quantisation)


def quantise(source: Path, target: Path, kind: str = "Q8_0") -> None:
    """Write `source` quantised; raises ValueError for a kind llama.cpp does not know."""
    import llama_cpp

    if kind not in QUANTISATIONS:
        raise ValueError(
            f"quantisation {kind!r} is not known; use one of {', '.join(QUANTISATIONS)}"
        )
    options = llama_cpp.llama_model_quantize_default_params()
    options.ftype = getattr(llama_cpp, f"LLAMA_FTYPE_MOSTLY_{kind}")
    options.nthread = 1
    code = llama_cpp.llama_model_quantize(str(source).encode(), str(target).encode(), options)
    if code != 0:
        raise ValueError(f"llama.cpp could not quantise {source} to {kind} (code {code})")
