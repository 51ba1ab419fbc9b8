"""What can go wrong in the model runtime; every message names the value seen and the way out."""


class ModelError(Exception):
    """The model runtime could not do what was asked."""


class ModelFileError(ModelError):
    """The model or adapter file is missing, damaged or of a kind llama.cpp cannot run."""


class EngineBusy(ModelError):
    """As many people as allowed are being answered and the waiting line is full."""

    def __init__(self, answered: int, waiting: int) -> None:
        self.answered, self.waiting = answered, waiting
        super().__init__(
            f"{answered} people are being answered and {waiting} are waiting: try again in a moment"
        )


class EngineClosed(ModelError):
    """The engine was closed while, or before, work was asked of it."""


class ContextFull(ModelError):
    """The items asked for do not fit in the context that is left."""


class DeadlineExceeded(ModelError):
    """The time given for a sequence ran out."""


class SequenceCancelled(ModelError):
    """The sequence was cancelled, for instance because its client went away."""


class ConstraintError(ModelError):
    """A grammar cannot be compiled, or a token was given that it forbids."""


class ServerError(ModelError):
    """A model server could not be reached or refused the request."""


class ServerRefused(ServerError):
    """A model server answered a request with an error, for instance for a setting it lacks."""
