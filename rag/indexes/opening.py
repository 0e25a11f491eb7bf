"""Opens the index that the configuration names: its engine, and those who are told when something is removed."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from rag import feedback
from rag.archive import UNANSWERED, Archive
from rag.config import Config
from rag.errors import IndexBusy
from rag.generators.llama import states
from rag.indexes import upkeep
from rag.maintenance import backup
from rag.ports import Described, Listener, WritableIndex

__all__ = ["broken_states", "create_index", "open_index"]


def open_index(config: Config, embedder: Described | None = None, read_only: bool = False) -> WritableIndex:
    """Open the index that exists; without an ``embedder`` for listing, reading and deleting, but not for searching.

    Raises:
        IndexMissing: there is none.
        IndexMismatch: another embedder or another version made it.
    """
    if config.index_url:
        from rag.indexes.milvus.index import MilvusIndex

        return MilvusIndex.open(config.index, config.index_url, config.index_token, embedder, _listeners(config))
    from rag.indexes.sqlite.index import SqliteIndex

    if not read_only:
        _finish(config.index)
    return SqliteIndex.open(config.index, embedder, read_only, _listeners(config))


def create_index(config: Config, embedder: Described) -> WritableIndex:
    """Open the index, made where there is none, for passages of up to ``config.passage_tokens`` tokens.

    Raises:
        IndexMismatch: there is one, made by another embedder or version, or with other passages.
    """
    if config.index_url:
        from rag.indexes.milvus.index import MilvusIndex

        return MilvusIndex.create(
            config.index, config.index_url, config.index_token, embedder, config.passage_tokens, _listeners(config)
        )
    from rag.indexes.sqlite.index import SqliteIndex

    _finish(config.index)
    return SqliteIndex.create(config.index, embedder, config.passage_tokens, _listeners(config))


def broken_states(folder: Path) -> list[Path]:
    """Return the files of damaged attention states in the index's ``folder``."""
    return list(states.broken(folder / states.FOLDER))


def _finish(folder: Path) -> None:
    """Finish putting back a backup, unless another process is at it."""
    with suppress(IndexBusy):
        backup.finish(folder)


def _listeners(config: Config) -> tuple[Listener, ...]:
    folder = config.index
    kept = [Archive(folder).listen, Archive(folder, folder=UNANSWERED).listen]
    return feedback.listener(folder), *kept, states.listener(folder), upkeep.listener(folder)
