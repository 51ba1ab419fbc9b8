"""Prompt-lookup drafting: what is being copied from the prompt is guessed, several tokens at once.

Saxena, "Prompt Lookup Decoding" (2023): the last tokens written are looked up in the prompt; what
followed them there is a draft, which one pass of the model verifies.
"""

_GRAM = 3  # tokens that must match before the following ones are believed
_LARGEST = 8  # tokens a draft: on two cores a batch of 9 takes four times as long as one of 1
_MISSES = 3  # useless drafts in a row after which drafting rests
_REST = 24  # tokens


class PromptLookup:
    """Drafts for one generation; sizes follow what was accepted, down to none where nothing is."""

    def __init__(self, prompt: list[int]) -> None:
        self._tokens = list(prompt)
        self._ends: dict[tuple[int, ...], int] = {}
        for end in range(_GRAM, len(prompt)):
            self._ends[tuple(prompt[end - _GRAM : end])] = end
        self._size, self._misses, self._resting = _LARGEST // 2, 0, 0
        self.drafted = self.accepted = 0

    def extend(self, tokens: list[int]) -> None:
        """Take note of what was written."""
        for token in tokens:
            if len(self._tokens) >= _GRAM:
                self._ends[tuple(self._tokens[-_GRAM:])] = len(self._tokens)
            self._tokens.append(token)
        self._resting = max(0, self._resting - len(tokens))

    def draft(self, following: list[int]) -> list[int]:
        """Return what may come after the text so far and `following`; often nothing."""
        if self._resting:
            return []
        last = (self._tokens[-_GRAM:] + following)[-_GRAM:]
        end = self._ends.get(tuple(last))
        return [] if end is None else self._tokens[end : end + self._size]

    def learn(self, drafted: int, accepted: int) -> None:
        """Take into account how much of a draft was right."""
        self.drafted += drafted
        self.accepted += accepted
        if accepted == drafted:
            self._size, self._misses = min(_LARGEST, self._size * 2), 0
        elif accepted:
            self._size, self._misses = max(2, accepted), 0
        else:
            self._size, self._misses = 2, self._misses + 1
            if self._misses >= _MISSES:
                self._resting, self._misses = _REST, 0
