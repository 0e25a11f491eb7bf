"""llama.cpp alone: how fast this machine can read and write with the weights, which is the limit.

The same as pp and tg in ``llama-bench``, but at the length of a real prompt, since the cost of attention grows with it.
"""

from __future__ import annotations

import time
from typing import Any

import numpy as np

from rag.config import Config, usable_cores

__all__ = ["BareLlama"]


class BareLlama:
    """A separate context on the weights of ``llama``, with llama.cpp's defaults.

    Raises:
        MemoryError: there is not enough memory for the context.
    """

    def __init__(self, llama: Any, config: Config) -> None:
        import llama_cpp

        self._api, self._llama = llama_cpp, llama
        params = llama_cpp.llama_context_default_params()
        params.n_ctx = config.context
        params.n_threads = params.n_threads_batch = config.threads or usable_cores()
        self._batch = params.n_batch
        self._context = llama_cpp.llama_init_from_model(llama.model, params)
        if not self._context:
            raise MemoryError(f"not enough memory for a context of {config.context} tokens")
        self._memory = llama_cpp.llama_get_memory(self._context)
        self._vocabulary = llama.n_vocab()

    def run(self, prompt: str, length: int) -> dict[str, float]:
        """Decode ``prompt``, then the ``length`` likeliest tokens one at a time; return both rates."""
        tokens = self._llama.tokenize(prompt.encode(), add_bos=False)
        self._api.llama_memory_clear(self._memory, True)
        begin = time.perf_counter()
        for first in range(0, len(tokens), self._batch):
            likeliest = self._decode(tokens[first : first + self._batch])
        read = time.perf_counter()
        for _ in range(length):
            likeliest = self._decode([likeliest])
        end = time.perf_counter()
        return {
            "prompt_tokens": len(tokens),
            "reading_s": read - begin,
            "reading_rate": len(tokens) / (read - begin),
            "writing_s": end - read,
            "writing_rate": length / (end - read),
        }

    def _decode(self, tokens: list[int]) -> int:
        array = (self._api.llama_token * len(tokens))(*tokens)
        if self._api.llama_decode(self._context, self._api.llama_batch_get_one(array, len(tokens))):
            raise RuntimeError(f"llama.cpp could not decode {len(tokens)} tokens")
        logits = self._api.llama_get_logits_ith(self._context, -1)
        return int(np.argmax(np.ctypeslib.as_array(logits, shape=(self._vocabulary,))))

    def close(self) -> None:
        """Free the context; the weights belong to ``llama``."""
        self._api.llama_free(self._context)
