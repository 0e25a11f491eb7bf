"""The rerankers: a cross-encoder, a model server, or common words. One is chosen by configuration, or none."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rag import models
from rag.servers.address import is_address, parse, without

if TYPE_CHECKING:
    from rag.config import Config
    from rag.ports import Reranker

__all__ = ["open_reranker"]


def open_reranker(config: Config) -> Reranker | None:
    """Return the reranker that ``config`` names, if any; local weights are loaded with the first text.

    Raises:
        ModelUnknown: no reranker of that name is registered.
        ModelMissing: the weights aren't on this machine.
        ModelDamaged: the weights are damaged.
        ServerError: its server can't be used.
    """
    if not config.reranker:
        return None
    if is_address(config.reranker):
        return _on_server(config)
    from rag.rerankers.cross_encoder import CrossEncoderReranker

    folder = models.locate(config.reranker, config.models, "reranker")
    fingerprint = models.fingerprint(config.reranker, config.models)
    return CrossEncoderReranker(folder, config.threads, config.reranker, fingerprint)


def _on_server(config: Config) -> Reranker:
    """Return the reranker at an address; if that ends in ``/rerank``, the server is TEI."""
    from rag.rerankers.http import HttpReranker
    from rag.servers.connections import connect

    address, tei = without(parse(config.reranker), "/rerank")
    return HttpReranker(connect(address, config, "reranker_key"), address.model, tei)
