"""A reranker on a server, through TEI's ``/rerank`` or that of vLLM and Infinity below ``/v1``."""

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
"""Texts per request, the default maximum of TEI."""
SUREST = 1e-6
"""Probabilities are kept this far from 0 and 1."""


class HttpReranker:
    """The reranker ``model`` on ``servers``, with TEI's API if ``tei``.

    Raises:
        ServerError: no server can be reached, or its response is invalid.
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
        shown = [encodable(text) if text.strip() else "." for text in texts]  # Servers reject empty texts.
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
    """Return the logit of ``probability``, which may be 0 or 1.

    >>> round(_logit(0.75), 3), round(_logit(0.0), 1)
    (1.099, -13.8)
    """
    inner = min(max(probability, SUREST), 1 - SUREST)
    return math.log(inner / (1 - inner))
