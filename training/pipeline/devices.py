"""Where training runs."""

from frontdesk.training.pipeline.errors import TrainingError


def choose_device(asked: str) -> str:
    """Return "cpu" or "cuda"; "auto" takes the GPU where there is one. Raises `TrainingError`."""
    import torch

    if asked not in ("auto", "cpu", "cuda"):
        raise TrainingError(f'device = {asked!r}: write "auto", "cpu" or "cuda"')
    there = torch.cuda.is_available()
    if asked == "cuda" and not there:
        built = "this torch was built without CUDA" if not torch.version.cuda else "no GPU is seen"
        raise TrainingError(f'device = "cuda" is asked for, but {built}; use device = "cpu"')
    return "cuda" if there and asked != "cpu" else "cpu"
