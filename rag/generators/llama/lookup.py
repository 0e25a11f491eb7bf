"""Foretelling what a draft copies: answers repeat their sources.

Where the last tokens of a draft stand in the prompt, the ones that follow there are a good guess of what comes next;
a model checks a row of guesses in one decode (prompt look-up decoding: speculative decoding, arXiv 2211.17192, whose
small model is a search in the prompt). What comes out is what the model itself says at every step.
"""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["GUESSES", "Lookup"]

GUESSES = 15
"""Tokens in a guess: with the one before them sixteen rows, which the matrix kernels take in one go."""
MATCH = 8
"""Last tokens of the draft that must stand in the prompt; a guess after fewer is wrong too often to pay."""


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
        # From the end: the first of several places wins, which is that in the best passage.
        self._places = {tuple(source[i : i + MATCH]): i + MATCH for i in range(last, -1, -1)}
        self._written: tuple[int, ...] = ()

    def guess(self, token: int) -> list[int]:
        """Return what may follow now that the draft goes on with ``token``: ``GUESSES`` tokens, or none."""
        self._written = (*self._written, token)[-MATCH:]
        place = self._places.get(self._written)
        return [] if place is None else list(self._source[place : place + GUESSES])
