"""Keeps the libraries' notes to developers off the terminal of whoever trains a model."""

import logging
import warnings


def hush() -> None:
    """Silence notes, progress bars and deprecations of transformers and bitsandbytes.

    Errors are still told.
    """
    from transformers.utils import logging as transformers_log

    transformers_log.set_verbosity_error()
    transformers_log.disable_progress_bar()
    logging.getLogger("bitsandbytes").setLevel(logging.ERROR)
    warnings.filterwarnings("ignore", category=FutureWarning, module="transformers")
