"""Which documents are older versions of another one: found in the background, once for each version of the index."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping
from types import MappingProxyType

from rag.errors import FootnoteError
from rag.ports import DocumentInfo, Index
from rag.versions import families, newest_of

__all__ = ["NONE", "Newest", "Versions"]

Newest = Mapping[str, DocumentInfo]
"""The newest version of each document that is an older one, by public names."""
NONE: Newest = MappingProxyType({})
Family = tuple[tuple[str, str, str, str], ...]
"""What the versions of a family depend on: names, contents, titles and dates of its documents."""

log = logging.getLogger(__name__)


class Versions:
    """The older versions among the documents of an index. A family that has not changed is not compared again."""

    def __init__(self, pause: Callable[[], object]) -> None:
        """Call ``pause`` before each document is read, so that answers come first."""
        self._pause = pause
        self._lock = threading.Lock()
        self._found = threading.Event()
        self._generation = -1
        self._newest = NONE
        self._families: dict[Family, dict[str, str]] = {}

    def newest(self, index: Index, patience: float = 0.0) -> Newest:
        """Return what is known now, or in at most ``patience`` seconds; what has changed is found in the background."""
        generation = index.generation
        with self._lock:
            if generation != self._generation:
                self._generation = generation
                self._found.clear()
                threading.Thread(target=self._find, args=(index, generation), name="versions", daemon=True).start()
        self._found.wait(patience)
        return self._newest

    def _find(self, index: Index, generation: int) -> None:
        known, newest = self._families, self._newest
        try:
            infos = {info.name: info for info in index.documents()}
            known = self._compared(index, list(infos.values()), generation)
            newest = {name: infos[newer] for found in known.values() for name, newer in found.items()}
        except FootnoteError:  # A document was deleted meanwhile: the next version of the index has its own families.
            pass
        except Exception:
            log.exception("Older versions of documents could not be found.")
        with self._lock:
            if generation == self._generation:
                self._families, self._newest = known, newest
                self._found.set()

    def _compared(self, index: Index, infos: list[DocumentInfo], generation: int) -> dict[Family, dict[str, str]]:
        """Return the newest versions in each family; what has been compared is kept even if the work is given up."""

        def text(name: str) -> str:
            self._pause()
            return index.text(name)

        known: dict[Family, dict[str, str]] = {}
        for family in families(infos):
            if generation != self._generation:
                break
            key = tuple((info.name, info.sha256, info.title, info.date) for info in family)
            if key not in self._families:
                self._families[key] = newest_of(family, text)
            known[key] = self._families[key]
        return known
