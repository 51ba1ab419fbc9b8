"""What can go wrong in fine-tuning; every message names the value seen and the way out."""


class FineTuningError(ValueError):
    """A model, a data set or a setting cannot be used as asked."""
