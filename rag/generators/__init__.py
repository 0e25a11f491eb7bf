"""The language models: llama.cpp in this process, a model server, or a script. One is chosen by configuration."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from rag import models
from rag.servers.address import is_address, parse

if TYPE_CHECKING:
    from rag.config import Config
    from rag.generators.llama.states import Owner
    from rag.ports import Generator

__all__ = ["open_generator"]


def open_generator(config: Config, owner: Owner | None = None) -> Generator:
    """Return the loaded generator that ``config`` names; with ``owner``, it stores states in the folder of that index.

    Raises:
        ModelError: its weights are unknown, missing or damaged, or its server can't be used.
    """
    if is_address(config.generator):
        return _on_server(config)
    from rag.generators.llama import LlamaGenerator
    from rag.generators.llama.states import StateCache

    return LlamaGenerator(
        models.locate(config.generator, config.models),
        name=Path(config.generator).name,
        fingerprint=models.fingerprint(config.generator, config.models),
        context=config.context,
        threads=config.threads,
        gpu_layers=config.gpu_layers,
        states=StateCache(config.state_memory, config.state_disk, owner),
    )


def _on_server(config: Config) -> Generator:
    from rag.generators.http import HttpGenerator
    from rag.servers.connections import connect

    address = parse(config.generator)
    generator = HttpGenerator(connect(address, config, "generator_key"), address.model, config.context)
    _ = generator.capabilities  # Test the server now, not with the first question.
    return generator
