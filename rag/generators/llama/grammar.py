"""The likeliest token that a grammar allows: llama.cpp's own sampler for GBNF, and nothing drawn by lot."""

from __future__ import annotations

import ctypes
from typing import TYPE_CHECKING, Any

import numpy as np

from rag.errors import GenerationError

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Grammar"]

CANDIDATE = np.dtype([("id", np.int32), ("logit", np.float32), ("p", np.float32)])
"""A ``llama_token_data``."""


class Grammar:
    """A grammar in GBNF, whose rule ``root`` the tokens chosen so far and those to come have to match.

    Raises:
        GenerationError: ``text`` is no grammar.
    """

    def __init__(self, api: Any, vocab: Any, text: str) -> None:
        self._api = api
        self._sampler = api.llama_sampler_init_grammar(vocab, text.encode(), b"root")
        if not self._sampler:
            raise GenerationError(f"llama.cpp cannot read the grammar that begins '{text[:60]}'.")

    def choose(self, logits: NDArray[np.float32]) -> int | None:
        """Return the allowed token with the highest of ``logits``, the first of equals; ``None`` where none is."""
        # Mostly the likeliest of all is allowed, and testing one is a thousand times quicker than testing all.
        best = self._allowed(logits, np.array([np.argmax(logits)]))
        return self._allowed(logits, np.arange(len(logits))) if best is None else best

    def accept(self, token: int) -> None:
        """Go on behind ``token``, which was chosen and does not end the reply."""
        self._api.llama_sampler_accept(self._sampler, token)

    def free(self) -> None:
        """Free what the sampler takes up; it cannot be used afterwards."""
        if self._sampler:
            self._api.llama_sampler_free(self._sampler)
            self._sampler = None

    def _allowed(self, logits: NDArray[np.float32], tokens: NDArray[np.intp]) -> int | None:
        candidates = np.zeros(len(tokens), CANDIDATE)
        candidates["id"], candidates["logit"] = tokens, logits[tokens]
        api = self._api
        data = ctypes.cast(candidates.ctypes.data, api.llama_token_data_p)
        array = api.llama_token_data_array(data, len(tokens), -1, False)
        api.llama_sampler_apply(self._sampler, ctypes.byref(array))
        place = int(np.argmax(candidates["logit"]))
        return int(candidates["id"][place]) if np.isfinite(candidates["logit"][place]) else None
