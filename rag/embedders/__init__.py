"""The embedders: ONNX Runtime, sentence-transformers, a model server, hashed words. One is chosen by configuration."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rag import models
from rag.servers.address import is_address, parse, without

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from rag.config import Config
    from rag.embedders.folders import FolderEmbedder
    from rag.ports import Embedder

__all__ = ["open_embedder", "open_folder"]


def open_embedder(config: Config) -> Embedder:
    """Return the embedder that ``config`` names; local weights are loaded with the first text.

    Raises:
        ModelUnknown: no embedder of that name is registered.
        ModelMissing: the weights aren't on this machine.
        ModelDamaged: the weights are damaged.
        ServerError: its server can't be used.
    """
    if is_address(config.embedder):
        return _on_server(config)
    folder = models.locate(config.embedder, config.models, "embedder")
    fingerprint = models.fingerprint(config.embedder, config.models)
    prompts = models.model(config.embedder).prompts
    return open_folder(folder, config.threads, config.embedder, fingerprint, prompts)


def _on_server(config: Config) -> Embedder:
    """Return the embedder at an address; if that ends in ``/embed``, the server is TEI."""
    from rag.embedders.http import HttpEmbedder, OpenAIEmbeddings, TextEmbeddingsInference
    from rag.servers.connections import connect

    address, tei = without(parse(config.embedder), "/embed")
    servers = connect(address, config, "embedder_key")
    dialect = (TextEmbeddingsInference if tei else OpenAIEmbeddings)(servers, address.model)
    known = models.registry().get(dialect.name.rpartition("/")[2].lower())
    return HttpEmbedder(servers, dialect, known.prompts if known else None)


def open_folder(
    folder: Path,
    threads: int = 0,
    name: str = "",
    fingerprint: str = "",
    prompts: Mapping[str, str] | None = None,
) -> FolderEmbedder:
    """Return the embedder for the model in ``folder``: the fast one if it supports the model."""
    from rag.embedders import bert
    from rag.embedders.onnx import OnnxEmbedder
    from rag.embedders.sentence_transformer import SentenceTransformerEmbedder

    kind = OnnxEmbedder if bert.is_plain(folder) else SentenceTransformerEmbedder
    return kind(folder, threads, name, fingerprint, prompts)
