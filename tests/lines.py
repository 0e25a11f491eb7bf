"""What is shown of an answer from the documents' own lines."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from rag.citations import Checked, cite
from rag.collection.catalogue import Catalogue
from rag.collection.directory import Directory
from rag.collection.overview import Overview
from rag.config import Config
from rag.embedding import HashEmbedder
from rag.index import Index
from rag.ingest import ingest

EMBEDDER = HashEmbedder()


class Lines:
    """Documents in an index, and what their lines answer."""

    def __init__(self, index: Index, files: Path, config: Config) -> None:
        self.index = index
        self._files = files
        self._config = config
        catalogue = Catalogue(index)
        self._directory = Directory(index, catalogue)
        self._overview = Overview(index, catalogue)

    def add(self, texts: Mapping[str, str]) -> None:
        """Write ``texts`` as files beside the others, and index them."""
        for name, text in texts.items():
            (self._files / name).write_text(text)
        ingest([self._files], self.index, EMBEDDER, self._config)

    def ask(
        self, question: str, earlier: str = "", among: Collection[str] | None = None
    ) -> tuple[str, list[str]] | None:
        """Return what single lines answer, as text, and the quotations behind it; ``None`` where they do not."""
        return self._quoted(self._directory.answer(question, earlier, among))

    def ask_of_all(self, question: str, among: Collection[str] | None = None) -> tuple[str, list[str]] | None:
        """Return what the documents answer together, as :meth:`ask` does."""
        return self._quoted(self._overview.answer(question, among))

    def _quoted(self, checked: Checked) -> tuple[str, list[str]] | None:
        if not checked:
            return None
        text, _, citations = cite(*zip(*checked, strict=True))
        for citation in citations:
            assert self.index.text(citation.document, citation.start, citation.end) == citation.quote
        return text, [citation.quote for citation in citations]


@contextmanager
def lines_of(texts: Mapping[str, str], folder: Path, config: Config) -> Iterator[Lines]:
    """Index ``texts`` as files in ``folder``."""
    files = folder / "files"
    files.mkdir()
    with Index.create(folder / "index", EMBEDDER, config.passage_tokens) as index:
        lines = Lines(index, files, config)
        lines.add(texts)
        yield lines
