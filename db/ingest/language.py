"""The language of a text, as ISO 639-1."""

_FEWEST_WORDS = 12  # below this the guess is worth nothing


def detect(text: str) -> str:
    """Guess the language of `text`; empty when there is too little of it."""
    if len(text.split()) < _FEWEST_WORDS and text.isascii():
        return ""
    import py3langid  # loads a model

    language, _ = py3langid.classify(text[:4000])
    return str(language)
