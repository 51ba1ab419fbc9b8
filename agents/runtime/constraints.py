"""What a model may write next: grammars compiled by llguidance into masks over the vocabulary.

    constraint = Constraints(engine).start(regex(r"[a-z]+ \\d"))
    logits[~constraint.mask()] = -inf; constraint.accept([token]); constraint.forced()

A mask costs 0.06 ms at 32,000 tokens; what a grammar leaves no choice about is forced, and needs no
pass of the model of its own.
"""

import ctypes
import json
from collections.abc import Iterable
from typing import Any, Self

import llama_cpp
import llguidance
import numpy as np
import numpy.typing as npt

from frontdesk.agents.errors import ConstraintError
from frontdesk.agents.runtime.engine import Engine

Mask = npt.NDArray[np.bool_]


class Constraint:
    """One text being written under one grammar."""

    def __init__(self, matcher: Any, n_vocab: int) -> None:
        self._matcher, self._n_vocab = matcher, n_vocab

    @property
    def finished(self) -> bool:
        """Whether nothing but the end may follow."""
        return bool(self._matcher.is_stopped())

    @property
    def accepting(self) -> bool:
        """Whether the text so far is complete."""
        return bool(self._matcher.is_accepting())

    def mask(self) -> Mask:
        """Return which tokens (n_vocab,) may come next; end tokens where the text is complete."""
        bits = np.frombuffer(self._matcher.compute_bitmask(), np.uint8)
        allowed = np.unpackbits(bits, count=self._n_vocab, bitorder="little").view(np.bool_)
        self._check()
        return allowed

    def forced(self) -> list[int]:
        """Return the tokens that must come next, if any; they are still to be accepted."""
        return [int(token) for token in self._matcher.compute_ff_tokens()]

    def accept(self, tokens: list[int]) -> None:
        """Go on after `tokens`.

        Raises:
            ConstraintError: the grammar forbids them.
        """
        self._matcher.consume_tokens(tokens)
        self._check()

    def copy(self) -> Self:
        """Return an independent constraint in the same place, to look ahead with."""
        return type(self)(self._matcher.deep_copy(), self._n_vocab)

    def _check(self) -> None:
        if self._matcher.is_error():
            raise ConstraintError(f"not allowed by the grammar: {self._matcher.get_error()}")


class Constraints:
    """Compiles grammars for the vocabulary of one engine; make it once (up to 1 s) and keep it."""

    def __init__(self, engine: Engine) -> None:
        self._n_vocab = engine.n_vocab
        self._engine = engine  # the tokenizer below points into its vocabulary
        self._tokenizer = _tokenizer(engine)

    def start(self, grammar: str) -> Constraint:
        """Return a constraint at the beginning of `grammar` (of `lark`, `regex`, `choices`, ...).

        Raises:
            ConstraintError: the grammar cannot be compiled.
        """
        # Errors are asked for below; llguidance would print them as well.
        matcher = llguidance.LLMatcher(self._tokenizer, grammar, log_level=0)
        if matcher.is_error():
            raise ConstraintError(f"the grammar cannot be compiled: {matcher.get_error()}")
        return Constraint(matcher, self._n_vocab)


def _tokenizer(engine: Engine) -> Any:
    """Return llguidance's view of the vocabulary.

    As `llguidance.llamacpp.lltokenizer_from_vocab` makes it, which calls a function that
    llama-cpp-python 0.3.36 deprecates, with a warning for each token.
    """
    tokens = []
    for token in range(engine.n_vocab):
        text = engine.piece(token, special=True)
        # llguidance reads a leading 0xff as "a special token, not these characters".
        tokens.append(b"\xff" + text if engine.is_special(token) else text)
    tokenize = ctypes.cast(llama_cpp.llama_cpp._lib.llama_tokenize, ctypes.c_void_p).value
    return llguidance.LLTokenizer.from_llamacpp(
        tokens=tokens,
        vocab_ptr=engine.vocab,
        tokenize_fptr=tokenize,
        eos_token=engine.end_tokens,
        slices=None,
    )


def lark(grammar: str) -> str:
    """Return a Lark grammar (llguidance's dialect) as `Constraints.start` takes it."""
    return str(llguidance.LLMatcher.grammar_from_lark(grammar))


def regex(pattern: str) -> str:
    """Return the grammar of the texts that match `pattern` as a whole."""
    return str(llguidance.LLMatcher.grammar_from_regex(pattern))


def choices(texts: Iterable[str]) -> str:
    """Return the grammar of exactly these texts."""
    return lark(f"start: {' | '.join(json.dumps(text) for text in texts)}")


def json_schema(schema: dict[str, Any]) -> str:
    """Return the grammar of the JSON texts of `schema`, written without spare white space."""
    options = {"whitespace_flexible": False, "item_separator": ", ", "key_separator": ": "}
    return str(llguidance.LLMatcher.grammar_from_json_schema(schema, overrides=options))


def quotes_grammar(sentences: Iterable[str], *, most: int = 3) -> str:
    """Return the grammar of one to `most` of `sentences`, word for word, a space between them.

    For verbatim answers of a model that types them: all but the choice between them is forced.
    """
    quotes = " | ".join(json.dumps(text, ensure_ascii=False) for text in dict.fromkeys(sentences))
    return lark(f'start: QUOTE (" " QUOTE){{0,{most - 1}}}\nQUOTE: {quotes}')


def literal_grammar(allowed: Iterable[str], *, cited: Iterable[int] = ()) -> str:
    """Return the grammar of free text whose literals all stand in `allowed`.

    Words are letters; nothing with a digit, "@", "://" or a dot between letters can be written
    unless it is one of `allowed`, as a word of its own: "811" does not let "8112", "811-1" or, with
    "1" allowed, "811 1" through, since two literals are kept apart by a word or by punctuation. The
    numbers in `cited` may be written as citations, [2]. What is spelt out ("twenty minutes",
    "Monday") is left to the check after decoding.
    """
    literals = sorted({text.strip() for text in allowed} - {""}, key=len, reverse=True)
    marks = [f'"[{n}]" /[.,;]?/' for n in sorted(set(cited))]
    words = ["OPEN? WORD CLOSE?", *marks, "/[-–—•*&+]|#{1,3}/"]
    rules = [
        "start: TEXT",
        r"WORD: /[\p{L}\p{M}]+([-'’\/&][\p{L}\p{M}]+)*/",
        r"SPACE: /[ \n]{1,2}/",
        "OPEN: /[(\"“‘'*]{1,2}/",
        "CLOSE: /[.,;:!?)\"”’'*…]{1,3}/",
        f"PLAIN: {' | '.join(words)}",
    ]
    if literals:
        rules += [
            f"LITERAL: {' | '.join(json.dumps(text, ensure_ascii=False) for text in literals)}",
            'BARE: "("? LITERAL',
            "ITEM: PLAIN | BARE CLOSE | BARE SPACE PLAIN",
            'TEXT: " "? (ITEM SPACE)* (ITEM | BARE)',
        ]
    else:
        rules.append('TEXT: " "? (PLAIN SPACE)* PLAIN')
    return lark("\n".join(rules))
