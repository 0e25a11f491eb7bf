"""From a draft to sentences with marks, and from checked sentences to the displayed text. Pure functions.

The model chooses the words; verification decides which span supports a sentence. Marks such as ``[2]`` that the model
copied from somewhere are dropped; displayed marks are numbered in order of appearance.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rag.text.language import YES_NO
from rag.text.sentences import sentences as split_sentences
from rag.text.statements import header_above
from rag.types import Citation, Evidence, Sentence

__all__ = [
    "Checked",
    "Claim",
    "Span",
    "Support",
    "as_quotes",
    "cite",
    "is_yes_or_no",
    "parse",
    "quote",
    "under",
    "whole",
    "without_marks",
]

NUMBERS = r"(?:sources?\s*)?\d{1,2}(?:\s*(?:,|-|–|and|&)\s*\d{1,2})*"
FILE = r"[\w &.-]+\.(?=\w*[a-z])\w{2,5}"
MARK = re.compile(rf"[ \t]*(?:\[|【)\s*(?:{NUMBERS}|{FILE})\s*(?:\]|】)(?!\()", re.IGNORECASE)
"""Numbers of sources in brackets, or the name of a file; with an address behind it, it is a link."""
YES_OR_NO = re.compile(rf"(?:{'|'.join(YES_NO)})[.!]?", re.IGNORECASE)
BULLET = re.compile(r"(?:[-*•–]|\d{1,2}[.)])\s+|#+\s+")
FENCE = "```"
CODE = re.compile(r"^[ \t]*```.*?(?:^[ \t]*```[ \t]*$|\Z)", re.MULTILINE | re.DOTALL)
"""A block of code in Markdown, whose end may be cut off."""
FIGURE = re.compile(r"\d[.,]\Z")
OF_SOURCES = re.compile(
    r"(?:according to the (?:document|passage|source|text)s?,|"
    r"the (?:document|passage|source|text)s? (?:states?|says?|mentions?|indicates?|explains?|notes?) that)\s+(?=\w)",
    re.IGNORECASE,
)
"""Phrases that a model puts before its answer and no source contains."""


@dataclass(frozen=True, slots=True)
class Claim:
    """One sentence of a draft: ``text`` without marks; ``before`` is the white space and bullet in front of it."""

    text: str
    before: str = ""


@dataclass(frozen=True, slots=True)
class Span:
    """Whole sentences of one passage of evidence, as offsets into its document."""

    evidence: Evidence
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Support:
    """What supports a claim: spans, and how much of the claim they contain, 0 to 1.

    ``joint`` is how much of the claim and the question the statements with the claim's values contain, 0 to 1.
    """

    spans: tuple[Span, ...]
    score: float
    joint: float = 1.0


Checked = list[tuple[Claim, Support]]
"""Claims with their support."""


def parse(draft: str) -> list[Claim]:
    """Return the sentences and blocks of code of ``draft``, without marks.

    >>> parse("It was in Cardiff [1]. Spice hosted it. [2, 3]")
    [Claim(text='It was in Cardiff.', before=''), Claim(text='Spice hosted it.', before=' ')]
    >>> parse("The source states that it was in Cardiff.")
    [Claim(text='It was in Cardiff.', before='')]
    """
    plain = without_marks(draft.replace("**", ""))
    claims, last = [], 0
    for start, end in _parts(plain):
        bullet = BULLET.match(plain, start, end)
        begin = bullet.end() if bullet else start
        if not any(character.isalnum() for character in plain[begin:end]):
            continue
        framed = OF_SOURCES.match(plain, begin, end)
        said = plain[framed.end() : end] if framed else plain[begin:end]
        if CODE.fullmatch(said) and not said.endswith(FENCE):
            said = f"{said}\n{FENCE}"  # the draft was cut off
        claims.append(Claim(said[0].upper() + said[1:] if framed else said, plain[last:begin]))
        last = end
    return claims


def _parts(text: str) -> Iterator[tuple[int, int]]:
    """Yield the spans of the sentences of ``text``; a block of code is one of them."""
    last = 0
    for block in CODE.finditer(text):
        yield from split_sentences(text, last, block.start())
        yield block.span()
        last = block.end()
    yield from split_sentences(text, last)


def whole(draft: str) -> str:
    """Return the whole sentences of ``draft``, which was cut off anywhere.

    A number before the last full stop may go on, and a colon announces what was cut off.

    >>> [whole(draft) for draft in ("In Leeds. It was he", "In Leeds. For £3.", "In Leeds. ", "They are:\\n- Tru")]
    ['In Leeds.', 'In Leeds.', 'In Leeds.', '']
    """
    *spans, (begin, _) = split_sentences(draft if FIGURE.search(draft) else f"{draft} Next")
    while spans and draft[: spans[-1][1]].endswith(":"):
        begin = spans.pop()[0]
    return draft[:begin].rstrip()


def is_yes_or_no(claim: Claim) -> bool:
    """Return whether ``claim`` only says yes or no."""
    return YES_OR_NO.fullmatch(claim.text) is not None


def as_quotes(spans: Sequence[Span]) -> Checked:
    """Return each of ``spans`` as a list item that consists of its text in quotation marks."""
    return [(Claim(f"“{' '.join(quote(span).split())}”", "\n- "), Support((span,), 1.0)) for span in spans]


def under(title: str, checked: Checked) -> Checked:
    """Return ``checked`` as one list item, prefixed with the ``title`` of its document.

    >>> under("Leeds", [(Claim("Two came:"), Support((), 1.0)), (Claim("Ann", "\\n- "), Support((), 0.9))])
    [(Claim(text='Leeds: Two came: Ann', before='\\n- '), Support(spans=(), score=0.9, joint=1.0))]
    """
    text = ""
    for claim, _ in checked:
        apart = "; " if claim.before.startswith("\n") and text and text[-1].isalnum() else " "
        text = f"{text}{apart}{claim.text}".strip()
    spans = dict.fromkeys(span for _, support in checked for span in support.spans)
    score = min((support.score for _, support in checked), default=0.0)
    return [(Claim(f"{title}: {text}", "\n- "), Support(tuple(spans), score))] if checked else []


def without_marks(text: str) -> str:
    """Return ``text`` without marks: numbers from an earlier answer or a source mean nothing in the next answer."""
    return MARK.sub("", text)


def cite(claims: Sequence[Claim], supports: Sequence[Support | None]) -> tuple[str, list[Sentence], list[Citation]]:
    """Return the answer's text with its marks, its sentences and its citations.

    A span that supports several sentences is one citation. A claim without support gets no mark.
    """
    text, citations, shown = "", dict[tuple[str, int, int], Citation](), []
    for claim, support in zip(claims, supports, strict=True):
        marks: tuple[int, ...] = ()
        if support:
            marks = tuple(_citation(span, citations).mark for span in support.spans)
        apart = "\n" if claim.text.endswith(FENCE) else " "
        text += claim.before + claim.text + (apart + "".join(f"[{mark}]" for mark in marks) if marks else "")
        shown.append(Sentence(claim.text, marks, round(support.score, 4) if support else 0.0))
    return text.strip(), shown, list(citations.values())


def quote(span: Span) -> str:
    """Return the stored text of a span."""
    passage = span.evidence.passage
    return passage.text[span.start - passage.start : span.end - passage.start]


def _citation(span: Span, citations: dict[tuple[str, int, int], Citation]) -> Citation:
    """Return the citation of a span; a new one is added to ``citations`` with the next mark."""
    passage = span.evidence.passage
    key = (passage.document, span.start, span.end)
    if key not in citations:
        citations[key] = Citation(
            len(citations) + 1,
            passage.document,
            passage.title,
            span.start,
            span.end,
            quote(span),
            passage.page,
            header_above(passage, span.start),
        )
    return citations[key]
