"""Verification: from a draft's claims to the spans that support them.

A claim is kept unless its source contradicts it or has too few of its words. Contradictions can be checked by hand:

- a number, date or name that the evidence doesn't have (numbers by value and unit: two days are 48 hours);
- a value that belongs to something else: another statement, with a value of the same kind, has more of the claim's and
  the question's words than any statement with the claim's value (the neighbouring row, last year's fee);
- a negation, or one of two opposites (before and after), if the supporting statement has none, or the other;
- evidence without the date that the question asks about.

It compares words and proves nothing: it says that the source has these words, names and numbers together, not that it
means the same.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence

from rag.citations import Claim, Span, Support, is_yes_or_no
from rag.text.language import YES_NO, language_of, month_name
from rag.text.names import HONORIFIC, NAME
from rag.text.words import Word, content_words, dates_in, found
from rag.types import Evidence
from rag.verification.alignment import WEIGHTS, Source, Stated, fit, has, is_value, source_of
from rag.verification.contradiction import contradicts

__all__ = ["support"]

ASKED = 0.25
"""Weight of a word that is in the question: an answer repeats it, but the source need not."""
CONTRADICTED = 0.0
"""Support of a contradicted claim."""
SPANS = 32
"""Most sentences quoted for one claim."""
GAIN = 0.12
"""Share of a claim's words that a further sentence must add to be quoted too."""
ENTRY = 1.5
"""Weight of words that is sufficient in a long claim: a list of twenty names is quoted name by name."""
IN_USE = 0.05
"""Bonus of a sentence whose passage is already quoted."""

YEARS = re.compile(r"\b(\d{4})\s?(?:[-–—]{1,2}|to|until|and)\s?(\d{4}|\d\d)\b")
"""A range of years."""
BEFORE_NAME = rf"(?:\A|[^\w\s]\s*|\n|{HONORIFIC}|\b[a-zà-þ\d][\w'’-]*\s)"
"""What precedes a shortened name: the beginning, punctuation, a title or a lower-case word."""


def support(claims: Sequence[Claim], evidence: Sequence[Evidence], question: str) -> list[Support | None]:
    """Return for each claim the spans that match it best, with a score from 0 to 1, or ``None`` if there are none.

    Spans are whole sentences of the source: the one with most of the claim, then those that add enough (greedy set
    cover); adjacent ones are merged. A bare yes or no is supported by the sentences that contain the question.
    """
    spoken = language_of(" ".join([question, *(claim.text for claim in claims)]))
    asked = {word.form: word for word in content_words(question, spoken)}
    sources = [source_of(item, spoken) for item in evidence]
    itself = Claim(question)
    return [
        _cover(itself, sources, {}, spoken) if is_yes_or_no(claim) else _cover(claim, sources, asked, spoken, question)
        for claim in claims
    ]


def _cover(
    claim: Claim, sources: Sequence[Source], asked: Mapping[str, Word], language: str, question: str = ""
) -> Support | None:
    """Return the spans that together contain as much of ``claim`` as possible; ``asked`` are words of ``question``."""
    words = {word.form: word for word in content_words(claim.text, language) if word.form not in YES_NO}.values()
    left = {word: WEIGHTS[word.kind] * (ASKED if word.form in asked else 1.0) for word in words}
    total = sum(left.values())
    chosen: list[tuple[Source, int]] = []
    while left and len(chosen) < SPANS:
        gains = [
            (sum(weight for word, weight in left.items() if has(word, forms)), source, place)
            for source in sources
            for place, forms in enumerate(source.forms)
        ]
        gain, source, place = max(gains, key=lambda item: _rank(item, chosen, total, asked), default=(0.0, None, 0))
        if source is None or gain <= 0 or (chosen and gain < min(GAIN * total, ENTRY)):
            break
        chosen.append((source, place))
        left = {word: weight for word, weight in left.items() if not has(word, source.forms[place])}
    if not chosen:
        return None
    score = 1 - sum(left.values()) / total
    contradicted = _is_unknown(claim, left, chosen, sources, asked)
    contradicted = contradicted or contradicts(sources, claim.text, asked, language, question)
    joint = _joint(claim, [item for source in sources for item in source.stated], asked, language)
    return Support(_spans(chosen), CONTRADICTED if contradicted else score, joint)


def _joint(claim: Claim, stated: Sequence[Stated], asked: Mapping[str, Word], language: str) -> float:
    """Return how much of the claim and the question one statement contains: one with the value, for each value it
    gives.
    """
    words = {word.form: word for word in content_words(claim.text, language)}
    values = [word for word in words.values() if is_value(word, asked)]
    context = {word.form: WEIGHTS[word.kind] for word in {**asked, **words}.values() if word not in values}
    total = sum(context.values())
    if not total:
        return 1.0
    holders = [[item for item in stated if has(value, item.forms)] for value in values] or [list(stated)]
    return min(max((fit(item, context) for item in items), default=0.0) for items in holders) / total


def _is_unknown(
    claim: Claim,
    left: Collection[Word],
    chosen: Sequence[tuple[Source, int]],
    sources: Sequence[Source],
    asked: Mapping[str, Word],
) -> bool:
    """Return whether the claim has a value that its passages lack (all, if the question is about it), or lacks its
    date.
    """
    here = frozenset().union(*(source.around for source, _ in chosen))
    anywhere = frozenset().union(*(source.around for source in sources))
    texts = [source.evidence.passage.text for source, _ in chosen]
    short = _in_short(claim.text, texts)
    known = all(
        word.kind == "word"
        or (_is_known(word, asked, anywhere, short, chosen) if word.form in asked else has(word, here))
        for word in left
    )
    return not known or not _is_then(here, texts, dates_in(asked.values()))


def _is_known(
    word: Word,
    asked: Mapping[str, Word],
    anywhere: frozenset[str],
    short: Collection[str],
    chosen: Sequence[tuple[Source, int]],
) -> bool:
    """Return whether the evidence has a word of the question, if only as the number of the quoted item or clause.

    One that the question doesn't capitalise is no name there.
    """
    if asked[word.form].kind == "word" or has(word, anywhere) or word.text in short:
        return True
    number = re.compile(rf"[\s(§]*{re.escape(word.text)}(?=[.):\s])")
    return word.kind == "number" and any(
        number.match(source.evidence.passage.text, *source.spans[place]) for source, place in chosen
    )


# --- dates and names


def _is_then(forms: frozenset[str], texts: Sequence[str], dates: Sequence[Word]) -> bool:
    """Return whether passages with ``forms`` contain one of the ``dates`` in the question, if there are any.

    A month of a year counts if its name is in the text of that year, and a year if it lies between two of ``texts``.
    """
    return not dates or any(
        found(date, forms) or _is_month_of(date, forms) or any(_is_within(date, text) for text in texts)
        for date in dates
    )


def _is_within(date: Word, text: str) -> bool:
    """Return whether the year ``date`` lies between two of ``text``, as 1947 does in 1946-49."""
    if not re.fullmatch(r"\d{4}", date.form):
        return False
    spans = ((first, first[: 4 - len(last)] + last) for first, last in YEARS.findall(text))
    return any(first < date.form < last for first, last in spans)


def _is_month_of(date: Word, forms: frozenset[str]) -> bool:
    year, _, month = date.form.partition("-")
    if len(month) != 2 or not any(form == year or form.startswith(f"{year}-") for form in forms):
        return False
    return any(word.form in forms for word in content_words(f"in {month_name(int(month))}"))


def _in_short(claim: str, texts: Sequence[str]) -> set[str]:
    """Return the words of names in ``claim`` that ``texts`` only use in part, as they do once somebody is known.

    >>> sorted(_in_short("Ann Lee said that Bo Ek left.", ["Lee said that Eva Ek left."]))
    ['Ann', 'Lee']
    """
    said = " ".join(texts)
    names = [match[0].split() for match in NAME.finditer(claim)]
    return {word for name in names if any(_stands_alone(part, said) for part in name) for word in name}


def _stands_alone(part: str, text: str) -> bool:
    """Return whether ``text`` contains ``part`` of a name without another capitalised word before or after it."""
    return re.search(rf"{BEFORE_NAME}{re.escape(part)}\b(?! ?[A-ZÀ-Þ])", text) is not None


# --- spans


def _rank(
    item: tuple[float, Source, int], chosen: Sequence[tuple[Source, int]], total: float, asked: Mapping[str, Word]
) -> tuple[float, float, int, int]:
    """Return the sort key of a span: its gain, a passage already quoted, words of the question, better evidence."""
    gain, source, place = item
    in_use = any(source is other for other, _ in chosen)
    on_it = sum(WEIGHTS[word.kind] for word in asked.values() if has(word, source.forms[place]))
    return gain / total + (IN_USE if in_use else 0.0), on_it, -source.evidence.rank, -place


def _spans(chosen: Sequence[tuple[Source, int]]) -> tuple[Span, ...]:
    """Return the spans of the chosen sentences, in the order of evidence and text; adjacent ones are merged."""
    spans: list[Span] = []
    last: tuple[Source, int] | None = None
    for source, place in sorted(chosen, key=lambda item: (item[0].evidence.rank, item[1])):
        offset = source.evidence.passage.start
        start, end = source.spans[place]
        if last and last[0] is source and last[1] == place - 1:
            spans[-1] = Span(source.evidence, spans[-1].start, offset + end)
        else:
            spans.append(Span(source.evidence, offset + start, offset + end))
        last = source, place
    return tuple(spans)
