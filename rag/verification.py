"""From a draft's claims to the spans that stand behind them.

Everything here can be checked by hand: a claim is supported by the share of its content words that are found in the
span, where numbers, dates and names weigh more and must be found in the passage at all. It is lexical support, not
proof: it says that the source has these words, names and figures together, not that it means the same.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from rag.citations import Claim, Span, Support, is_yes_or_no
from rag.collection.catalogue import heading
from rag.collection.records import ROW, TOP, Record, records
from rag.dates import MONTH_NAMES
from rag.sentences import sentences
from rag.types import Evidence, Passage
from rag.words import STEMLESS, Word, content_words, dates_in, found

__all__ = ["support"]


WEIGHTS = {"word": 1.0, "name": 2.0, "number": 2.0, "date": 2.0}
ASKED = 0.25
"""Weight of a word that the question already holds: an answer repeats it, and the source need not."""
UNFOUND = 0.3
"""Highest support of a claim with a number, date or name that its passage does not hold (no passage, if asked for),
of one that rests on lines about something else alone, and of one from passages without the date that is asked about."""
SPANS = 32
"""Most sentences that are quoted for one claim."""
GAIN = 0.12
"""Share of a claim's words that a further sentence must add to be quoted too."""
ENTRY = 1.5
"""Weight of words that is enough in a claim of many words: a list of twenty names is quoted name by name."""
IN_USE = 0.05
"""What it counts for a sentence that its passage is quoted already."""

YEARS = re.compile(r"\b(\d{4})\s?(?:[-–—]{1,2}|to|until|and)\s?(\d{4}|\d\d)\b")
"""From one year to another."""
NAME = re.compile(r"[A-ZÀ-Þ][\w'’-]+(?: [A-ZÀ-Þ][\w'’-]+)+")
CAPITALISED = re.compile(r"[A-ZÀ-Þ][\w'’-]*(?: [A-ZÀ-Þ][\w'’-]*)*")
BEFORE_NAME = r"(?:\A|[^\w\s]\s*|\n|\b(?:Dr|Mr|Mrs|Ms|Prof|Professor)\.?\s|\b[a-zà-þ\d][\w'’-]*\s)"
"""What stands before a name that is given in short: the beginning, a stop, a title or a word in small letters."""


@dataclass(frozen=True, slots=True)
class _Source:
    """A passage of evidence cut into sentences: their spans in the passage and the forms of their words."""

    evidence: Evidence
    spans: list[tuple[int, int]]
    forms: list[frozenset[str]]
    around: frozenset[str]
    strange: frozenset[int]
    """Places of the sentences that are lines of a list or a table, on something else than what is asked about."""


def support(claims: Sequence[Claim], evidence: Sequence[Evidence], question: str) -> list[Support | None]:
    """Return for each claim the spans that match it best, with a score from 0 to 1; ``None`` where nothing does.

    Spans are whole sentences of the source: the one that holds most of the claim, then those that add enough to it
    (greedy set cover); neighbours become one span. Behind a bare yes or no stands what holds the question itself.
    """
    words = content_words(question)
    asked = {word.form: word for word in words}
    names = _names(question, {word.text for word in words if word.kind == "name"})
    sources = [_source(item, names) for item in evidence]
    itself = Claim(question)
    return [_cover(itself, sources, {}) if is_yes_or_no(claim) else _cover(claim, sources, asked) for claim in claims]


def _names(question: str, words: Collection[str]) -> list[list[str]]:
    """Return the names in ``question``, each in those of its words that are among ``words``, possessives without.

    >>> _names("What is Ann Lee's number, and who runs the Old Ward?", {"Ann", "Lee's", "Old", "Ward"})
    [['Ann', 'Lee'], ['Old', 'Ward']]
    """
    runs = ([word for word in match[0].split() if word in words] for match in CAPITALISED.finditer(question))
    return [[STEMLESS.sub("", word) for word in run] for run in runs if run]


def _source(evidence: Evidence, names: Sequence[list[str]]) -> _Source:
    passage = evidence.passage
    spans = sentences(passage.text)
    forms = [_forms(passage.text[a:b], passage.date) for a, b in spans]
    around = frozenset(word.form for word in content_words(heading(passage)))
    return _Source(evidence, spans, forms, around.union(*forms), _strange(passage, spans, names))


def _forms(text: str, date: str) -> frozenset[str]:
    """Return the forms of the words of ``text``; a day without its year is of the year of the document's ``date``."""
    forms = frozenset(word.form for word in content_words(text))
    return forms | {date} if date and any(form.startswith("--") for form in forms) else forms


def _strange(passage: Passage, spans: Sequence[tuple[int, int]], names: Sequence[list[str]]) -> frozenset[int]:
    """Return the places of the lines of lists and tables that have none of ``names`` whole in them or above them.

    A small model takes the number of the next row, or the organisation of the next speaker.
    """
    if not names:
        return frozenset()
    asked = [[_letters(word) for word in name] for name in names]
    found = records([passage])
    lines = dict[int, str]()
    for record in found:  # A sentence that lists several people is on each of them.
        at = record.start - passage.start
        lines[at] = f"{lines.get(at, '')} {_about(record)}"
    for start, end in spans:  # The first row of a table that another passage begins stands under no header.
        if ROW.fullmatch(passage.text[start:end]):
            lines.setdefault(start, f"{passage.section} {passage.text[start:end]}")
    known = {start: _letters(f"{passage.title} {about}") for start, about in lines.items()}
    strange = {start for start, text in known.items() if not any(all(word in text for word in name) for name in asked)}
    return frozenset(place for place, (a, b) in enumerate(spans) if any(a <= start < b for start in strange))


def _about(record: Record) -> str:
    """Return what tells on what a line is; what stands at the top of a document is said of all of it."""
    at_top = record.key and not record.name and record.start < TOP
    return record.passage.text if at_top else f"{record.text} {record.label} {record.block}"


def _letters(text: str) -> str:
    """Return ``text`` in small letters without what lies between them: Fair Shares is Fairshares."""
    return "".join(character for character in text.lower() if character.isalnum())


def _cover(claim: Claim, sources: Sequence[_Source], asked: Mapping[str, Word]) -> Support | None:
    """Return the spans that together hold as much of ``claim`` as possible."""
    words = {word.form: word for word in content_words(claim.text)}.values()
    left = {word: WEIGHTS[word.kind] * (ASKED if word.form in asked else 1.0) for word in words}
    total = sum(left.values())
    chosen: list[tuple[_Source, int]] = []
    telling: list[bool] = []  # Of the spans that hold more than the question does: whether they are on what is asked.
    while left and len(chosen) < SPANS:
        gains = [
            (sum(weight for word, weight in left.items() if found(word, forms)), source, place)
            for source in sources
            for place, forms in enumerate(source.forms)
        ]
        gain, source, place = max(gains, key=lambda item: _rank(item, chosen, total, asked), default=(0.0, None, 0))
        if source is None or gain <= 0 or (chosen and gain < min(GAIN * total, ENTRY)):
            break
        chosen.append((source, place))
        if any(word.form not in asked and found(word, source.forms[place]) for word in left):
            telling.append(place not in source.strange)
        left = {word: weight for word, weight in left.items() if not found(word, source.forms[place])}
    if not chosen:
        return None
    here = frozenset().union(*(source.around for source, _ in chosen))
    anywhere = frozenset().union(*(source.around for source in sources))
    texts = [source.evidence.passage.text for source, _ in chosen]
    short = _in_short(claim.text, texts)
    known = all(
        word.kind == "word"
        or (found(word, anywhere) or word.text in short if word.form in asked else found(word, here))
        for word in left
    )
    known = known and (any(telling) or not telling) and _is_then(here, texts, dates_in(asked.values()))
    score = 1 - sum(left.values()) / total
    return Support(_spans(chosen), score if known else min(score, UNFOUND))


def _is_then(forms: frozenset[str], texts: Sequence[str], dates: Sequence[Word]) -> bool:
    """Tell whether passages with ``forms`` have one of the ``dates`` that are asked about, if there are any.

    A month of a year is there too where its name stands in what is of that year, and a year between two of ``texts``.
    """
    return not dates or any(
        found(date, forms) or _is_month_of(date, forms) or any(_is_within(date, text) for text in texts)
        for date in dates
    )


def _is_within(date: Word, text: str) -> bool:
    """Tell whether the year ``date`` lies between two of ``text``, as 1947 does in 1946-49."""
    if not re.fullmatch(r"\d{4}", date.form):
        return False
    spans = ((first, first[: 4 - len(last)] + last) for first, last in YEARS.findall(text))
    return any(first < date.form < last for first, last in spans)


def _is_month_of(date: Word, forms: frozenset[str]) -> bool:
    year, _, month = date.form.partition("-")
    if len(month) != 2 or not any(form == year or form.startswith(f"{year}-") for form in forms):
        return False
    return any(word.form in forms for word in content_words(f"in {MONTH_NAMES[int(month) - 1]}"))


def _in_short(claim: str, texts: Sequence[str]) -> set[str]:
    """Return the words of names in ``claim`` of which ``texts`` use a part alone, as they do once somebody is known.

    >>> sorted(_in_short("Ann Lee said that Bo Ek left.", ["Lee said that Eva Ek left."]))
    ['Ann', 'Lee']
    """
    said = " ".join(texts)
    names = [match[0].split() for match in NAME.finditer(claim)]
    return {word for name in names if any(_stands_alone(part, said) for part in name) for word in name}


def _stands_alone(part: str, text: str) -> bool:
    """Tell whether ``text`` has ``part`` of a name without another capitalised word before or after it."""
    return re.search(rf"{BEFORE_NAME}{re.escape(part)}\b(?! ?[A-ZÀ-Þ])", text) is not None


def _rank(
    item: tuple[float, _Source, int], chosen: Sequence[tuple[_Source, int]], total: float, asked: Mapping[str, Word]
) -> tuple[float, float, int, int]:
    """Return what decides between spans: what they add, the passage in use, words of the question, better evidence."""
    gain, source, place = item
    in_use = any(source is other for other, _ in chosen)
    on_it = sum(WEIGHTS[word.kind] for word in asked.values() if found(word, source.forms[place]))
    return gain / total + (IN_USE if in_use else 0.0), on_it, -source.evidence.rank, -place


def _spans(chosen: Sequence[tuple[_Source, int]]) -> tuple[Span, ...]:
    """Return the spans of the chosen sentences, in the order of evidence and text; neighbours are one."""
    spans: list[Span] = []
    last: tuple[_Source, int] | None = None
    for source, place in sorted(chosen, key=lambda item: (item[0].evidence.rank, item[1])):
        offset = source.evidence.passage.start
        start, end = source.spans[place]
        if last and last[0] is source and last[1] == place - 1:
            spans[-1] = Span(source.evidence, spans[-1].start, offset + end)
        else:
            spans.append(Span(source.evidence, offset + start, offset + end))
        last = source, place
    return tuple(spans)
