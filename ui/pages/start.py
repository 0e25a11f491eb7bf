"""What the chat page shows before the first question: the documents, questions about them, or how to add some."""

from __future__ import annotations

import json

from rag.formats.registry import BY_SUFFIX, FORMATS
from ui.suggested import Start, Suggested
from ui.texts import Texts

__all__ = ["start_json"]


def start_json(suggested: Suggested, texts: Texts) -> str:
    """Return the JSON for static/start.js."""
    start = suggested.start()
    formats = ", ".join(format.suffixes[0] for format in FORMATS)
    words = {
        "language": texts.language,
        "examples": texts("examples"),
        "drop": texts("documents.drop", formats=formats),
    }
    table = {
        "words": texts.under("documents") | texts.under("start") | words,
        "accept": ",".join(BY_SUFFIX),
        "empty": start.documents == 0,
        "holdings": _holdings(start, texts),
        "questions": list(start.questions),
    }
    return json.dumps(table).replace("<", "\\u003c")


def _holdings(start: Start, texts: Texts) -> str:
    """Return the number of documents with some of their titles."""
    if not start.documents:
        return ""
    count, titles = texts.count("documents", start.documents), "; ".join(start.titles)
    more = start.documents - len(start.titles)
    if not titles:
        return count
    return texts("start.more" if more else "start.titles", count=count, titles=titles, more=texts.number(more))
