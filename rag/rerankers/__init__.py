"""The rerankers: a cross-encoder, or common words. One is chosen by configuration, or none."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rag import models

if TYPE_CHECKING:
    from rag.config import Config
    from rag.ports import Reranker

__all__ = ["open_reranker"]


def open_reranker(config: Config) -> Reranker | None:
    """Return the reranker that ``config`` names, if any; weights on this machine are read at the first text.

    Raises:
        ModelUnknown: no reranker of that name is registered.
        ModelMissing: the weights are not on this machine.
        ModelDamaged: the weights are not what they should be.
    """
    if not config.reranker:
        return None
    from rag.rerankers.cross_encoder import CrossEncoderReranker

    folder = models.locate(config.reranker, config.models, "reranker")
    fingerprint = models.fingerprint(config.reranker, config.models)
    return CrossEncoderReranker(folder, config.threads, config.reranker, fingerprint)
