"""Rebuild the index from the stored texts, beside the one in use, and swap them at the end.

For another embedder, another size of passages, or an index that an early version of Footnote made. Until the end the
old one is searched and may be changed; what changes meanwhile is followed. If interrupted, the next run goes on.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from rag.indexes import upkeep
from rag.indexes.upkeep import BESIDE, DATABASE, Kept
from rag.ingest import Progress, embedded
from rag.ports import Embedder, WritableIndex

__all__ = ["reindex"]


def reindex(folder: Path, embedder: Embedder, passage_tokens: int, progress: Progress) -> tuple[int, int]:
    """Cut and embed all documents of the index in ``folder`` again, and put the result in its place.

    Returns how many documents were embedded, and how many an earlier run had done.

    Raises:
        IndexMissing: there is none.
        IndexFault: it is damaged; nothing has changed.
        IndexBusy: another process is changing it.
    """
    upkeep.versions(folder)
    with upkeep.build_beside(folder, BESIDE, embedder, passage_tokens) as beside:
        done = 0
        while True:
            upkeep.prune(folder, beside)
            done += _build(folder, beside, embedder, passage_tokens, progress)
            with upkeep.held(folder) as live:
                upkeep.prune(folder, beside)
                there = upkeep.versions(beside.folder)
                if there == upkeep.versions(folder):
                    beside.close()
                    upkeep.take_over(live, beside.folder / DATABASE)
                    break
    shutil.rmtree(folder / BESIDE)
    return done, len(there) - done


def _build(folder: Path, beside: WritableIndex, embedder: Embedder, passage_tokens: int, progress: Progress) -> int:
    """Bring what is missing into ``beside``, a document at a time; return how many there were."""
    present, made = upkeep.versions(folder), upkeep.versions(beside.folder)
    done = 0
    for item in upkeep.salvage(folder):
        if not isinstance(item, Kept):
            raise upkeep.damaged(folder / DATABASE, "a document cannot be read")
        info = item.info
        if made.get(info.name) == (info.sha256, info.ingested_at):
            continue
        content = embedded(item.content.document, embedder, passage_tokens)
        with upkeep.held(folder):  # What was deleted meanwhile must not come back, not even for a moment.
            if upkeep.versions(folder, info.name).get(info.name) != (info.sha256, info.ingested_at):
                continue
            beside.restore(info, content)
        done += 1
        progress("rebuild", len(made) + done, len(present), info.name)
    return done
