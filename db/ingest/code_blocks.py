"""Cut source code where its language begins something: a class, a function.

The separators of each language are LangChain's; only those that begin a line are used, so that
every line stays whole.
"""

from frontdesk.db.ingest.document import Block

_WORDS = 80  # what stays together even where the language would cut: a short class, its methods
_LANGUAGES = {
    "c": "c", "h": "c", "cc": "cpp", "cpp": "cpp", "hpp": "cpp", "cs": "csharp", "ex": "elixir",
    "exs": "elixir", "go": "go", "hs": "haskell", "java": "java", "js": "js", "jsx": "js",
    "mjs": "js", "kt": "kotlin", "lua": "lua", "php": "php", "proto": "proto", "ps1": "powershell",
    "py": "python", "r": "r", "rb": "ruby", "rs": "rust", "scala": "scala", "sol": "sol",
    "swift": "swift", "ts": "ts", "tsx": "ts",
}  # fmt: skip


def code_blocks(text: str, name: str) -> list[Block]:
    """Return the lines of the file `name` in blocks: joined by newlines they are `text` again."""
    language = _LANGUAGES.get(name.rpartition(".")[2].lower())
    if language is None:
        return [Block("code", text)]
    # Imports langchain_core, which only a source file needs.
    from langchain_text_splitters import Language, RecursiveCharacterTextSplitter

    separators = RecursiveCharacterTextSplitter.get_separators_for_language(Language(language))
    splitter = RecursiveCharacterTextSplitter(
        separators=[separator for separator in separators if separator.startswith("\n")],
        is_separator_regex=True,
        chunk_size=_WORDS,
        chunk_overlap=0,
        length_function=lambda piece: len(piece.split()),
        strip_whitespace=False,
    )
    return [Block("code", piece.removeprefix("\n")) for piece in splitter.split_text(text)]
