"""The results of a search as HTML: each with a short context in which the words searched for are marked.

Pure functions; text from outside is escaped, never interpreted.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from rag.text.language import language_of
from rag.text.sentences import sentences
from rag.text.terms import spans_of
from rag.types import Evidence, Passage
from ui.evidence import details_html, reader_address
from ui.markup import escape
from ui.texts import Texts

__all__ = ["results_html"]

CONTEXT = 300
"""Most characters of a passage that are shown."""

Spans = Sequence[tuple[int, int]]


def results_html(question: str, found: Sequence[Evidence], texts: Texts) -> str:
    """Return the list of what was found for ``question``, best first."""
    items = "".join(_result(question, item.passage, texts) for item in found)
    return f'<ol class="results">{items}</ol>'


def _result(question: str, passage: Passage, texts: Texts) -> str:
    words = spans_of(question, passage.text, language_of(passage.text))
    units = sentences(passage.text)
    best = max(units, key=lambda unit: (_held(passage, unit, words), -unit[0]), default=(0, 0))
    address = escape(reader_address(passage.document, passage.start + best[0], passage.start + best[1]))
    section = f'<p class="section"><bdi>{escape(passage.section)}</bdi></p>' if passage.section else ""
    title = f"<bdi>{escape(passage.title or passage.document)}</bdi>"
    title += f'<span class="hidden"> {escape(texts("opens_tab"))}</span>'
    return (
        f'<li class="piece"><h3><a class="title" href="{address}#quote" target="_blank" rel="noopener">{title}</a>'
        f"{details_html(passage.date, passage.page, texts)}</h3>{section}"
        f'<blockquote class="passage" dir="auto">{_context(passage.text, units, best, words)}</blockquote>'
        f'<p class="file"><bdi>{escape(passage.document)}</bdi></p></li>'
    )


def _held(passage: Passage, unit: tuple[int, int], words: Spans) -> int:
    """Return how many different words of the question a sentence holds, as they are written."""
    start, end = unit
    return len({passage.text[a:b].casefold() for a, b in words if start <= a and b <= end})


def _context(text: str, units: Spans, best: tuple[int, int], words: Spans) -> str:
    """Return the best sentence and as many after it as there is room for, cut at words, with ``words`` marked."""
    first, last = best
    inside = [span for span in words if first <= span[0] < last]
    if last - first > CONTEXT and inside and inside[0][0] - first > CONTEXT // 2:
        first = text.rfind(" ", first, inside[0][0] - CONTEXT // 3) + 1 or first
    last = max([end for _, end in units if best[1] <= end <= first + CONTEXT], default=last)
    if last - first > CONTEXT:
        last = max(text.rfind(" ", first, first + CONTEXT), first + CONTEXT // 2)
    shown = _marked(text, first, last, words)
    return ("… " if text[:first].strip() else "") + shown + (" …" if text[last:].strip() else "")


def _marked(text: str, first: int, last: int, words: Spans) -> str:
    inside = [(start, end) for start, end in words if first <= start and end <= last]
    cuts = sorted({first, last, *(cut for span in inside for cut in span)})
    starts = {start for start, _ in inside}
    pieces = ((start in starts, escape(text[start:end])) for start, end in pairwise(cuts))
    return "".join(f"<mark>{piece}</mark>" if is_word else piece for is_word, piece in pieces)
