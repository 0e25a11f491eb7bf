"""What is shown of an answer from the documents' own lines."""

from __future__ import annotations

from rag.citations import Checked, cite
from rag.index import Index


def quoted(index: Index, checked: Checked) -> tuple[str, list[str]] | None:
    """Return the text and the quotations of what was ``checked``, each as the index holds it; ``None`` of nothing."""
    if not checked:
        return None
    text, _, citations = cite(*zip(*checked, strict=True))
    for citation in citations:
        assert index.text(citation.document, citation.start, citation.end) == citation.quote
    return text, [citation.quote for citation in citations]
