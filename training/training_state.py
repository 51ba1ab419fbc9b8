"""The state of a training between two epochs: kept on disk, so that a killed one ends the same."""

import random
from pathlib import Path
from typing import Any

import torch


class TrainingState:
    """Network, optimiser, schedule and every random state, with the best epoch so far."""

    def __init__(
        self,
        network: torch.nn.Module,
        optimiser: torch.optim.Optimizer,
        schedule: torch.optim.lr_scheduler.LRScheduler,
        rng: random.Random,
    ) -> None:
        self._network, self._optimiser, self._schedule = network, optimiser, schedule
        self._rng = rng
        self.losses: list[float] = []
        self.scores: list[float] = []
        self.seconds = 0.0
        self._best: dict[str, torch.Tensor] = {}

    @property
    def epoch(self) -> int:
        """How many epochs are done."""
        return len(self.losses)

    def ended(self, loss: float, score: float, seconds: float) -> None:
        """Count an epoch: its mean loss, held-out score and time."""
        if not self.scores or score > max(self.scores):
            self._best = {k: v.detach().clone() for k, v in self._weights().items()}
        self.losses.append(loss)
        self.scores.append(score)
        self.seconds += seconds

    def stopped(self, patience: int) -> bool:
        """Tell whether the last `patience` epochs brought nothing; 0 never stops."""
        if not patience or len(self.scores) <= patience:
            return False
        return max(self.scores[-patience:]) <= max(self.scores[:-patience])

    def restore_best(self) -> None:
        """Give the network the weights of its best epoch."""
        if self._best:
            self._network.load_state_dict(self._best, strict=False)

    def save(self, path: Path) -> None:
        """Write the state; the file appears whole or not at all."""
        part = path.with_name(f".{path.name}.part")
        torch.save(
            {
                "network": self._weights(),
                "best": self._best,
                "optimiser": self._optimiser.state_dict(),
                "schedule": self._schedule.state_dict(),
                "python": self._rng.getstate(),
                "torch": torch.get_rng_state(),
                "history": [self.losses, self.scores, [self.seconds]],
            },
            part,
        )
        part.replace(path)

    def load(self, path: Path) -> None:
        """Go on from what `save` wrote."""
        kept: dict[str, Any] = torch.load(path, weights_only=True)
        self._network.load_state_dict(kept["network"], strict=False)
        self._optimiser.load_state_dict(kept["optimiser"])
        self._schedule.load_state_dict(kept["schedule"])
        version, numbers, gauss = kept["python"]
        self._rng.setstate((version, tuple(numbers), gauss))
        torch.set_rng_state(kept["torch"])
        self._best = kept["best"]
        self.losses, self.scores, (self.seconds,) = kept["history"]

    def _weights(self) -> dict[str, torch.Tensor]:
        """Return the weights; the tied output layer is left out, the slots are not weights."""
        return {k: v for k, v in self._network.state_dict().items() if "lm_head" not in k}
