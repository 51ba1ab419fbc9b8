"""What stops a run: one line with the value seen and the way out."""


class TrainingError(ValueError):
    """A stage cannot do its work; the message is the line that people see."""
