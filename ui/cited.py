"""The text of an answer as HTML: sentences with marks as buttons, or the quotes of an unsure answer."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from itertools import pairwise

from rag.types import Answer, Citation, Sentence
from ui.markup import MARKUP, escape, inline_html, text_html
from ui.texts import Texts

__all__ = ["answer_text_html", "quotes_html"]

MARKS = re.compile(r"(`[^`\n]+`[^\s\[`]*|\S*)((?:[ \t]*\[\d+\])+)")


def answer_text_html(answer: Answer, texts: Texts) -> str:
    """Return the text of an answer with its marks as buttons and its unsupported sentences labelled."""
    cited = {citation.mark: citation for citation in answer.citations}
    weak = _unsupported(answer)
    note = f'<span class="note"> {escape(texts("unsupported"))}</span>'

    def inline(start: int, end: int) -> str:
        cuts = sorted({start, end, *(min(max(cut, start), end) for span in weak for cut in span)})
        return "".join(piece(first, last) for first, last in pairwise(cuts))

    def piece(first: int, last: int) -> str:
        shown = _marked(answer.answer[first:last], cited, texts)
        is_weak = any(begin <= first and last <= end for begin, end in weak)
        return f'<span class="weak">{shown}{note}</span>' if is_weak else shown

    return text_html(answer.answer, inline)


def quotes_html(quotes: Sequence[Sentence], answer: Answer, texts: Texts) -> str:
    """Return verbatim quotes, each with its marks."""
    cited = {citation.mark: citation for citation in answer.citations}
    items = "".join(f'<li dir="auto">{_quote(quote, cited, texts)}</li>' for quote in quotes)
    return f'<ul class="quotes">{items}</ul>' if items else ""


def _quote(quote: Sentence, cited: Mapping[int, Citation], texts: Texts) -> str:
    words = f"“{quote.text}”"
    last = "”" if MARKUP.search(words) else words.rsplit(maxsplit=1)[-1]
    marks = "".join(_mark(cited[mark], texts) for mark in quote.citations if mark in cited)
    begin, end = (f'<span class="words">{inline_html(part)}</span>' for part in (words.removesuffix(last), last))
    return begin + _together(end, last, marks)


def _unsupported(answer: Answer) -> list[tuple[int, int]]:
    """Return the offsets of the sentences that have no source."""
    spans, position = [], 0
    for sentence in answer.sentences:
        start = answer.answer.find(sentence.text, position)
        if start >= 0:
            position = start + len(sentence.text)
            if not sentence.citations:
                spans.append((start, position))
    return spans


def _marked(text: str, cited: Mapping[int, Citation], texts: Texts) -> str:
    """Return ``text`` escaped, with a button for each mark that has a source, kept on the line of its word."""
    pieces, position = [], 0
    for match in MARKS.finditer(text):
        marks = [int(digits) for digits in re.findall(r"\d+", match[2])]
        if not all(mark in cited for mark in marks):
            continue
        pieces.append(inline_html(text[position : match.start()]))
        buttons = "".join(_mark(cited[mark], texts) for mark in marks)
        pieces.append(_together(inline_html(match[1]), match[1], buttons))
        position = match.end()
    return "".join(pieces) + inline_html(text[position:])


def _together(html: str, word: str, marks: str) -> str:
    """Return a word with its marks, on one line unless the word is very long."""
    return f'<span class="together">{html}{marks}</span>' if len(word) < 25 else html + marks


def _mark(citation: Citation, texts: Texts) -> str:
    name = texts("source", mark=citation.mark, title=citation.title or citation.document)
    return (
        f'<button type="button" class="mark" data-opens="{citation.mark}" aria-label="{escape(name)}">'
        f"{citation.mark}</button>"
    )
