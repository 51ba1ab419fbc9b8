"""What can go wrong in conversion; every message names the value seen and the way out."""


class ConversionError(ValueError):
    """A model cannot be converted, or what was converted differs."""
