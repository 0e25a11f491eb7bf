"""Plain BERT in ONNX Runtime: batches of about equal cost, one per thread."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from rag.embedders import bert
from rag.embedders.folders import FolderEmbedder
from rag.embedders.unicode import encodable
from rag.passages import FileTokenizer
from rag.ports import Vectors

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

__all__ = ["OnnxEmbedder"]

BATCH_TOKENS = 512
"""Tokens per forward pass: few enough that intermediate results stay in a core's cache."""
SORTED_TEXTS = 2048
"""Texts tokenized and sorted by length together; bounds memory."""


class OnnxEmbedder(FolderEmbedder):
    """Plain BERT without torch: loads in half a second; several threads may use it at once."""

    def _batches(self, texts: Sequence[str]) -> Iterator[tuple[Sequence[str], Vectors]]:
        session = self._session()
        for first in range(0, len(texts), SORTED_TEXTS):
            yield from self._encode(session, texts[first : first + SORTED_TEXTS])

    def _encode(self, session: InferenceSession, texts: Sequence[str]) -> Iterator[tuple[Sequence[str], Vectors]]:
        """Yield batches of about equal cost; each runs on one thread, so threads never wait for each other."""
        tokens = self._reader.numbers([encodable(text) for text in texts])
        order = sorted(range(len(texts)), key=lambda i: len(tokens[i]), reverse=True)

        def run(batch: Sequence[int]) -> Vectors:
            return _run(session, [tokens[i] for i in batch])

        batches = list(_of_tokens(order, tokens))
        done = _in_threads(run, batches, self._threads) if len(batches) > 1 else ((b, run(b)) for b in batches)
        for batch, vectors in done:
            yield [texts[i] for i in batch], vectors

    def _session(self) -> InferenceSession:
        with self._lock:  # Load only once, even if several threads bring the first text.
            return self._loaded

    @cached_property
    def _loaded(self) -> InferenceSession:
        try:
            return bert.session(self.folder)
        except Exception as error:  # The libraries share no narrower type.
            raise self._damaged(error) from error

    @cached_property
    def _reader(self) -> FileTokenizer:
        return FileTokenizer(self._file("tokenizer.json"), self._longest)


def _of_tokens(order: Sequence[int], tokens: Sequence[Sequence[int]]) -> Iterator[Sequence[int]]:
    """Yield ``order``, longest text first, in batches of up to ``BATCH_TOKENS`` tokens with their padding."""
    first = 0
    while first < len(order):
        last = first + max(1, BATCH_TOKENS // len(tokens[order[first]]))
        yield order[first:last]
        first = last


def _in_threads(
    run: Callable[[Sequence[int]], Vectors], batches: Iterable[Sequence[int]], threads: int
) -> Iterator[tuple[Sequence[int], Vectors]]:
    """Yield each of ``batches`` with the result of ``run``, working only a little ahead of the consumer."""
    with ThreadPoolExecutor(threads, "embedding") as pool:
        begun = deque[tuple[Sequence[int], Future[Vectors]]]()
        for batch in batches:
            begun.append((batch, pool.submit(run, batch)))
            if len(begun) > threads:
                first, vectors = begun.popleft()
                yield first, vectors.result()
        for first, vectors in begun:
            yield first, vectors.result()


def _run(session: InferenceSession, tokens: Sequence[Sequence[int]]) -> Vectors:
    """Return the unit vectors of one batch of texts, given by their tokens."""
    ids = np.zeros((len(tokens), max(map(len, tokens))), dtype=np.int32)
    mask = np.zeros_like(ids)
    for row, numbers in enumerate(tokens):
        ids[row, : len(numbers)] = numbers
        mask[row, : len(numbers)] = 1
    (vectors,) = session.run(["vectors"], {"ids": ids, "mask": mask})
    found: Vectors = vectors
    return found
