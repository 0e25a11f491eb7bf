"""Choose the most likely token that a grammar allows, with llama.cpp's sampler for GBNF and without randomness."""

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
    """A grammar in GBNF; the chosen tokens together must match its rule ``root``.

    Raises:
        GenerationError: ``text`` isn't a valid grammar.
    """

    def __init__(self, api: Any, vocab: Any, text: str) -> None:
        self._api = api
        self._sampler = api.llama_sampler_init_grammar(vocab, text.encode(), b"root")
        if not self._sampler:
            raise GenerationError(f"llama.cpp can't read the grammar that begins with '{text[:60]}'.")

    def choose(self, logits: NDArray[np.float32]) -> int | None:
        """Return the allowed token with the highest of ``logits`` (the first if equal); ``None`` if none is."""
        # Usually the most likely token is allowed, and testing one is a thousand times faster than testing all.
        best = self._allowed(logits, np.array([np.argmax(logits)]))
        return self._allowed(logits, np.arange(len(logits))) if best is None else best

    def accept(self, token: int) -> None:
        """Continue after ``token``, which was chosen and doesn't end the reply."""
        self._api.llama_sampler_accept(self._sampler, token)

    def free(self) -> None:
        """Free the sampler's memory; it can't be used afterwards."""
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
