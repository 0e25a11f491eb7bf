"""The embedders: ONNX Runtime, sentence-transformers, a model server, hashed words. One is chosen by configuration."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rag import models

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from rag.config import Config
    from rag.embedders.folders import FolderEmbedder
    from rag.ports import Embedder

__all__ = ["open_embedder", "open_folder"]


def open_embedder(config: Config) -> Embedder:
    """Return the embedder that ``config`` names; weights on this machine are read at the first text.

    Raises:
        ModelUnknown: no embedder of that name is registered.
        ModelMissing: the weights are not on this machine.
        ModelDamaged: the weights are not what they should be.
    """
    folder = models.locate(config.embedder, config.models, "embedder")
    fingerprint = models.fingerprint(config.embedder, config.models)
    prompts = models.model(config.embedder).prompts
    return open_folder(folder, config.threads, config.embedder, fingerprint, prompts)


def open_folder(
    folder: Path,
    threads: int = 0,
    name: str = "",
    fingerprint: str = "",
    prompts: Mapping[str, str] | None = None,
) -> FolderEmbedder:
    """Return the embedder for the model in ``folder``, the fast one where it can run it."""
    from rag.embedders import bert
    from rag.embedders.onnx import OnnxEmbedder
    from rag.embedders.sentence_transformer import SentenceTransformerEmbedder

    kind = OnnxEmbedder if bert.is_plain(folder) else SentenceTransformerEmbedder
    return kind(folder, threads, name, fingerprint, prompts)
