"""Which of PostgreSQL's stemmers reads a language."""

# PostgreSQL's own stemmers by ISO 639-1; any other language is indexed unstemmed.
_CONFIGURATIONS = {
    "ar": "arabic",
    "da": "danish",
    "de": "german",
    "en": "english",
    "": "english",
    "es": "spanish",
    "fi": "finnish",
    "fr": "french",
    "hu": "hungarian",
    "it": "italian",
    "nl": "dutch",
    "no": "norwegian",
    "pt": "portuguese",
    "ro": "romanian",
    "ru": "russian",
    "sv": "swedish",
    "tr": "turkish",
}


def configuration(language: str) -> str:
    """The text search configuration for an ISO 639-1 code; "simple" stems nothing."""
    return _CONFIGURATIONS.get(language, "simple")
