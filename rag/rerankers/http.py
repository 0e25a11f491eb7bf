"""A reranker on a server: by TEI's ``/rerank``, or by the one of vLLM and Infinity below ``/v1``."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from typing import Any

from rag.embedders.unicode import encodable
from rag.errors import ServerError
from rag.servers.connections import Servers
from rag.servers.models import model_on, stable, tei_model

__all__ = ["HttpReranker"]

BATCH_TEXTS = 32
"""Texts in a request: TEI takes no more unless told to."""
SUREST = 1e-6
"""A probability nearer to 0 or 1 says no more than this one."""


class HttpReranker:
    """The reranker ``model`` on ``servers``; ``tei`` says by which of the two APIs.

    Raises:
        ServerError: no server can be reached, or one sends what cannot be used.
    """

    def __init__(self, servers: Servers, model: str = "", tei: bool = False) -> None:
        self._servers, self._tei = servers, tei
        said = tei_model(servers, model) if tei else stable(model_on(servers, model))
        self.name = str(said["model_id" if tei else "id"])
        self.fingerprint = hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()

    def score(self, question: str, texts: Sequence[str]) -> list[float]:
        """Return a logit for each of ``texts`` (see :meth:`rag.ports.Reranker.score`)."""
        batches = [texts[first : first + BATCH_TEXTS] for first in range(0, len(texts), BATCH_TEXTS)]
        return [score for batch in batches for score in self._scores(encodable(question), batch)]

    def _scores(self, question: str, texts: Sequence[str]) -> list[float]:
        shown = [encodable(text) if text.strip() else "." for text in texts]  # Servers refuse an empty text.
        try:
            scores = dict(self._of_tei(question, shown) if self._tei else self._of_v1(question, shown))
            return [scores[place] for place in range(len(texts))]
        except (KeyError, TypeError, ValueError) as error:
            raise ServerError(
                f"The server of the reranker {self.name} sent no scores ({type(error).__name__}). Check its address."
            ) from error

    def _of_tei(self, question: str, texts: Sequence[str]) -> list[tuple[int, float]]:
        body = {"query": question, "texts": texts, "raw_scores": True, "truncate": True}
        return [(entry["index"], float(entry["score"])) for entry in self._servers.post("rerank", body)]

    def _of_v1(self, question: str, texts: Sequence[str]) -> list[tuple[int, float]]:
        body = {"model": self.name, "query": question, "documents": texts}
        results: list[Mapping[str, Any]] = self._servers.post("rerank", body)["results"]
        return [(entry["index"], _logit(float(entry["relevance_score"]))) for entry in results]


def _logit(probability: float) -> float:
    """Return the logit of ``probability``; of 0 and 1 too.

    >>> round(_logit(0.75), 3), round(_logit(0.0), 1)
    (1.099, -13.8)
    """
    inner = min(max(probability, SUREST), 1 - SUREST)
    return math.log(inner / (1 - inner))
