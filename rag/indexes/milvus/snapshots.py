"""What is valid in an index in Milvus: read once for each state of it."""

from __future__ import annotations

import json
from typing import Any

from rag.indexes.milvus.rows import Snapshot, Version
from rag.indexes.milvus.store import Store

__all__ = ["Snapshots"]


class Snapshots:
    """The valid documents behind ``store``, remembered until the notes of the index are others."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._known: Snapshot | None = None

    def notes(self) -> dict[str, Any]:
        """Return the notes of the index about itself; nothing where there is no index."""
        found = self._store.get("meta", [0], ("data",))
        return dict(json.loads(found[0]["data"])) if found else {}

    def now(self) -> Snapshot:
        """Return what is valid now."""
        meta, known = self.notes(), self._known
        while known is None or known.meta != meta:
            condition = f"died > {meta['generation']} and id < {meta['next']}"
            found = map(Version.of, self._store.select("documents", condition, ("data",)))
            known = Snapshot(meta, {version.info.name: version for version in found})
            meta = self.notes()  # Changed meanwhile, it may have lost rows that were valid before.
        self._known = known
        return known

    def write(self, snapshot: Snapshot) -> None:
        """Write the notes of ``snapshot``, which makes all of it valid."""
        self._store.put("meta", [{"id": 0, "data": json.dumps(dict(snapshot.meta))}])
        self._known = snapshot
