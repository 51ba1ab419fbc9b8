"""The log of llama.cpp: silent by default, its last complaints kept for error messages."""

import ctypes
import threading
from collections import deque
from typing import Any

import llama_cpp

_ERROR_LEVEL = 3  # GGML_LOG_LEVEL_ERROR

_complaints: deque[str] = deque(maxlen=8)
_started = threading.Lock()
_is_started = False


@llama_cpp.llama_log_callback  # type: ignore[untyped-decorator]
def _keep_errors(level: int, text: bytes, _data: Any) -> None:
    if level == _ERROR_LEVEL:
        _complaints.append(text.decode("utf-8", "replace").strip())


def start_backend() -> None:
    """Initialise llama.cpp once per process and take its log away from the terminal."""
    global _is_started
    with _started:
        if not _is_started:
            llama_cpp.llama_log_set(_keep_errors, ctypes.c_void_p(0))
            llama_cpp.llama_backend_init()
            _is_started = True


def forget_complaints() -> None:
    """Drop what was kept, before an operation whose own complaints are wanted.

    Whoever else uses llama.cpp in this process may have taken the log: it is taken back.
    """
    llama_cpp.llama_log_set(_keep_errors, ctypes.c_void_p(0))
    _complaints.clear()


def complaints() -> str:
    """Return what llama.cpp said went wrong since `forget_complaints`, first cause first."""
    return "; ".join(line for line in _complaints if line)
