"""The plain recipe: the same libraries, models and passages, used as in the libraries' quick starts."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from typing import Any

from eval.questions import Question
from rag import models
from rag.config import Config, usable_cores
from rag.types import Evidence

__all__ = ["PlainRecipe", "open_encoder"]

PROMPT = """Answer the question using only the sources below. After each sentence, cite the sources it is based on by \
their numbers in brackets, like [1]. If the sources do not contain the answer, say so.

{sources}

Question: {question}"""


def open_encoder(config: Config) -> Any:
    """Load the SentenceTransformer that ``config`` names."""
    from sentence_transformers import SentenceTransformer
    from transformers.utils import logging

    logging.disable_progress_bar()  # type: ignore[no-untyped-call]  # or it would write over ours
    return SentenceTransformer(str(models.locate(config.embedder, config.models)), device="cpu", local_files_only=True)


class PlainRecipe:
    """SentenceTransformer.encode, faiss.IndexFlatIP and Llama.create_chat_completion, and nothing else.

    ``llama`` has the context and the number of threads of ``config``; everything else is the libraries' default.
    """

    def __init__(self, config: Config, texts: Sequence[str]) -> None:
        import faiss
        from llama_cpp import Llama

        threads = config.threads or usable_cores()
        self.encoder = open_encoder(config)
        self.llama: Any = Llama(
            str(models.locate(config.generator, config.models)),
            n_ctx=config.context,
            n_threads=threads,
            n_threads_batch=threads,
            n_gpu_layers=config.gpu_layers,
            verbose=False,
        )
        self._limit, self._nearest = config.answer_tokens, config.evidence
        vectors = self.encoder.encode(list(texts), normalize_embeddings=True, show_progress_bar=False)
        self._index: Any = faiss.IndexFlatIP(vectors.shape[1])
        self._index.add(vectors)

    def search(self, question: str) -> list[int]:
        """Return the numbers of the nearest texts."""
        vector = self.encoder.encode([question], normalize_embeddings=True, show_progress_bar=False)
        return [int(number) for number in self._index.search(vector, self._nearest)[1][0]]

    def ask(
        self, question: Question, evidence: Iterable[Evidence], limit: int | None = None
    ) -> tuple[dict[str, float], str]:
        """Return the measurements of an answer from ``evidence``, and the answer, of at most ``limit`` tokens.

        It searches too, but reads the given evidence, so that both sides read the same.
        """
        begin = time.perf_counter()
        self.search(question.question)
        values = {"retrieval_s": time.perf_counter() - begin}
        text = ""
        for piece in self._chat(question, evidence, limit or self._limit):
            values.setdefault("first_token_s", time.perf_counter() - begin)
            text += piece
        values["total_s"] = time.perf_counter() - begin
        if "first_token_s" in values:
            values["reading_s"] = values["first_token_s"] - values["retrieval_s"]
            values["writing_s"] = values["total_s"] - values["first_token_s"]
        return values, text

    def _chat(self, question: Question, evidence: Iterable[Evidence], limit: int) -> Iterable[str]:
        sources = "\n\n".join(f"[{number}] {item.passage.text}" for number, item in enumerate(evidence, start=1))
        messages = [{"role": turn.role, "content": turn.content} for turn in question.history]
        messages.append({"role": "user", "content": PROMPT.format(sources=sources, question=question.question)})
        for part in self.llama.create_chat_completion(messages, max_tokens=limit, temperature=0.0, stream=True):
            if piece := part["choices"][0]["delta"].get("content"):
                yield piece

    def count(self, text: str) -> int:
        """Return the number of tokens in ``text``."""
        return len(self.llama.tokenize(text.encode(), add_bos=False))

    def close(self) -> None:
        """Free the language model."""
        self.llama.close()
