"""Prompt lookup decoding: guess the next tokens of a draft from the prompt, because answers repeat their sources.

If the last tokens of a draft occur in the prompt, the tokens that follow there are a good guess of what comes next. The
model checks a row of guesses in one decode (speculative decoding, arXiv 2211.17192, with a search in the prompt as the
small model). The output is exactly what the model would write without guesses.
"""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["GUESSES", "Lookup"]

GUESSES = 15
"""Tokens per guess: with the token before them sixteen rows, which the matrix kernels process together."""
MATCH = 8
"""Last tokens of the draft that must occur in the prompt; after fewer, guesses are wrong too often to pay off."""


class Lookup:
    """Guesses from ``source``, the tokens of the prompt, for one draft.

    >>> lookup = Lookup([*range(40)])
    >>> [lookup.guess(token) for token in (30, 1, 2, 3, 4, 5, 6, 7)]
    [[], [], [], [], [], [], [], []]
    >>> lookup.guess(8)
    [9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23]
    """

    def __init__(self, source: Sequence[int]) -> None:
        self._source = source
        last = len(source) - MATCH - GUESSES
        # From the end, so that the first of several places wins: the one in the best passage.
        self._places = {tuple(source[i : i + MATCH]): i + MATCH for i in range(last, -1, -1)}
        self._written: tuple[int, ...] = ()

    def guess(self, token: int) -> list[int]:
        """Add ``token`` to the draft; return a guess of what follows: ``GUESSES`` tokens, or none."""
        self._written = (*self._written, token)[-MATCH:]
        place = self._places.get(self._written)
        return [] if place is None else list(self._source[place : place + GUESSES])
