"""From a draft's claims to the spans that stand behind them.

A claim is kept unless its source contradicts it or has too few of its words. What contradicts can be checked by hand:

- a number, date or name that the evidence does not have (numbers by value and unit: two days are 48 hours);
- a value that the source gives of something else: another statement, with a value of the same kind, has more of what
  the claim and the question say than any statement with the claim's value (the neighbouring row, last year's fee);
- a negation, or one of two opposites (before and after), where the statement behind it has none, or the other;
- evidence without the date that is asked about.

It compares words and is no proof: it says that the source has these words, names and figures together, not that it
means the same.
"""

from __future__ import annotations

import functools
import re
import unicodedata
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from rag.citations import Claim, Span, Support, is_yes_or_no
from rag.dates import MONTH_NAMES
from rag.language import BOUNDS, LACKING, NEGATIONS, OPPOSITES, UNITS, YES_NO, language_of
from rag.sentences import sentences
from rag.statements import Statement, clauses, statements, without_bullet
from rag.types import Evidence, Passage
from rag.words import Word, content_words, dates_in, found

__all__ = ["WEIGHTS", "heading", "nearest", "support"]

WEIGHTS = {"word": 1.0, "name": 2.0, "number": 2.0, "date": 2.0}
ASKED = 0.25
"""Weight of a word that the question already holds: an answer repeats it, and the source need not."""
CONTRADICTED = 0.0
"""Support of a claim that its source contradicts."""
SPANS = 32
"""Most sentences that are quoted for one claim."""
GAIN = 0.12
"""Share of a claim's words that a further sentence must add to be quoted too."""
ENTRY = 1.5
"""Weight of words that is enough in a claim of many words: a list of twenty names is quoted name by name."""
IN_USE = 0.05
"""What it counts for a sentence that its passage is quoted already."""
AROUND = 0.5
"""Weight of a word that stands in the same sentence, or above it, but not in the statement itself."""
MARGIN = 0.5
"""By how much another statement must fit better to say that the claim's value is of something else."""
MOST = 0.5
"""Share of the words of a claim that such a statement must have."""
TIMES = {"number": 1.0, "date": 1.0, "name": 2.0}
"""How many times better it must fit; names stand in sentences about others, too."""
SAME = 0.6
"""Share of a claim's words that a statement must have for its negation to be compared."""

YEARS = re.compile(r"\b(\d{4})\s?(?:[-–—]{1,2}|to|until|and)\s?(\d{4}|\d\d)\b")
"""From one year to another."""
NAME = re.compile(r"[A-ZÀ-Þ][\w'’-]+(?: [A-ZÀ-Þ][\w'’-]+)+")
BEFORE_NAME = r"(?:\A|[^\w\s]\s*|\n|\b(?:Dr|Mr|Mrs|Ms|Prof|Professor)\.?\s|\b[a-zà-þ\d][\w'’-]*\s)"
"""What stands before a name that is given in short: the beginning, a stop, a title or a word in small letters."""
ANSWER = re.compile(rf"\W*(?:{'|'.join(YES_NO)})\b(?=\s*(?:[,.:;–-]|$))")
"""A yes or no before what it answers with."""
PLAIN_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?")


@dataclass(frozen=True, slots=True)
class _Stated:
    """A statement with the forms of its words, of its values by kind, and of what stands around it."""

    statement: Statement
    forms: frozenset[str]
    around: frozenset[str]
    kinds: frozenset[str]


@dataclass(frozen=True, slots=True)
class _Source:
    """A passage of evidence: the spans of its sentences, the forms of their words, and its statements."""

    evidence: Evidence
    spans: list[tuple[int, int]]
    forms: list[frozenset[str]]
    around: frozenset[str]
    stated: list[_Stated]


def support(claims: Sequence[Claim], evidence: Sequence[Evidence], question: str) -> list[Support | None]:
    """Return for each claim the spans that match it best, with a score from 0 to 1; ``None`` where nothing does.

    Spans are whole sentences of the source: the one that holds most of the claim, then those that add enough to it
    (greedy set cover); neighbours become one span. Behind a bare yes or no stands what holds the question itself.
    """
    spoken = language_of(" ".join([question, *(claim.text for claim in claims)]))
    asked = {word.form: word for word in content_words(question, spoken)}
    sources = [_source(item, spoken) for item in evidence]
    itself = Claim(question)
    return [
        _cover(itself, sources, {}, spoken) if is_yes_or_no(claim) else _cover(claim, sources, asked, spoken)
        for claim in claims
    ]


def nearest(question: str, evidence: Sequence[Evidence], most: int = 3) -> list[Span]:
    """Return up to ``most`` sentences of ``evidence`` that say most of what ``question`` asks about, the best first."""
    words = {word.form: word for word in content_words(question)}.values()
    scored = list[tuple[float, int, int, Span]]()
    spoken = language_of(question)
    for source in (_source(item, spoken) for item in evidence):
        passage = source.evidence.passage
        above = _forms(heading(passage), "", language_of(passage.text, spoken))
        for place, ((start, end), forms) in enumerate(zip(source.spans, source.forms, strict=True)):
            own = sum(WEIGHTS[word.kind] for word in words if _has(word, forms))
            fit = own + AROUND * sum(WEIGHTS[word.kind] for word in words if _has(word, above - forms))
            span = Span(source.evidence, passage.start + start, passage.start + end)
            scored.append((-fit if own else 0.0, source.evidence.rank, place, span))
    return [span for fit, _, _, span in sorted(scored, key=lambda item: item[:3])[:most] if fit]


def heading(passage: Passage) -> str:
    """Return what stands above a passage where it is read: it belongs to what the passage says."""
    return f"{passage.title}. {passage.date}. {passage.section}. {passage.header}"


def _source(evidence: Evidence, spoken: str) -> _Source:
    passage = evidence.passage
    language = language_of(passage.text, spoken)
    spans = sentences(passage.text)
    forms = [_forms(without_bullet(passage.text[a:b]), passage.date, language) for a, b in spans]
    around = _forms(heading(passage), "", language)
    by_start = dict(zip([start for start, _ in spans], forms, strict=True))
    stated = [_stated(statement, by_start[statement.start] | around, language) for statement in statements(passage)]
    return _Source(evidence, spans, forms, around.union(*forms), stated)


def _stated(statement: Statement, around: frozenset[str], language: str) -> _Stated:
    words = content_words(statement.text, language)
    own = _forms_of(words) | _forms(statement.about, "", language)
    return _Stated(statement, own, around, frozenset(map(_kind, words)))


def _kind(word: Word) -> str:
    """Return what kind of value ``word`` is: values of a kind exclude each other."""
    return word.measure.partition(":")[0] or word.kind


@functools.lru_cache(maxsize=4096)
def _forms(text: str, date: str, language: str) -> frozenset[str]:
    """Return the forms of the words of ``text``; a day without its year is of the year of the document's ``date``."""
    forms = _forms_of(content_words(text, language))
    return forms | {date} if date and any(form.startswith("--") for form in forms) else forms


def _forms_of(words: Iterable[Word]) -> frozenset[str]:
    """Return the forms of ``words``: of a number its value, and what it measures or that no unit stands there."""
    found_forms = set[str]()
    for word in words:
        found_forms.add(word.form)
        if word.kind == "number" or word.measure:
            found_forms.add(word.measure or f"={word.form}")
    return frozenset(found_forms)


def _has(word: Word, forms: Collection[str]) -> bool:
    """Tell whether ``word`` is among ``forms``: a number with a unit by what it measures, or where no unit stands."""
    if word.measure:
        return word.measure in forms or f"={word.form}" in forms
    return found(word, forms)


def _cover(claim: Claim, sources: Sequence[_Source], asked: Mapping[str, Word], language: str) -> Support | None:
    """Return the spans that together hold as much of ``claim`` as possible."""
    words = {word.form: word for word in content_words(claim.text, language) if word.form not in YES_NO}.values()
    left = {word: WEIGHTS[word.kind] * (ASKED if word.form in asked else 1.0) for word in words}
    total = sum(left.values())
    chosen: list[tuple[_Source, int]] = []
    while left and len(chosen) < SPANS:
        gains = [
            (sum(weight for word, weight in left.items() if _has(word, forms)), source, place)
            for source in sources
            for place, forms in enumerate(source.forms)
        ]
        gain, source, place = max(gains, key=lambda item: _rank(item, chosen, total, asked), default=(0.0, None, 0))
        if source is None or gain <= 0 or (chosen and gain < min(GAIN * total, ENTRY)):
            break
        chosen.append((source, place))
        left = {word: weight for word, weight in left.items() if not _has(word, source.forms[place])}
    if not chosen:
        return None
    score = 1 - sum(left.values()) / total
    contradicted = _is_unknown(claim, left, chosen, sources, asked) or _is_contradicted(claim, sources, asked, language)
    joint = _joint(claim, [item for source in sources for item in source.stated], asked, language)
    return Support(_spans(chosen), CONTRADICTED if contradicted else score, joint)


def _joint(claim: Claim, stated: Sequence[_Stated], asked: Mapping[str, Word], language: str) -> float:
    """Return how much of the claim and the question one statement has: one with the value, for each that it gives."""
    words = {word.form: word for word in content_words(claim.text, language)}
    values = [word for word in words.values() if _is_value(word, asked)]
    context = {word.form: WEIGHTS[word.kind] for word in {**asked, **words}.values() if word not in values}
    total = sum(context.values())
    if not total:
        return 1.0
    holders = [[item for item in stated if _has(value, item.forms)] for value in values] or [list(stated)]
    return min(max((_fit(item, context) for item in items), default=0.0) for items in holders) / total


def _is_value(word: Word, asked: Mapping[str, Word]) -> bool:
    """Tell whether ``word`` is a number, date or name that the question does not give itself."""
    return word.kind != "word" and word.form not in asked and word.text.lower() not in UNITS


def _is_unknown(
    claim: Claim,
    left: Collection[Word],
    chosen: Sequence[tuple[_Source, int]],
    sources: Sequence[_Source],
    asked: Mapping[str, Word],
) -> bool:
    """Tell whether the claim has a value that its passages lack (all, if it was asked about), or not its date."""
    here = frozenset().union(*(source.around for source, _ in chosen))
    anywhere = frozenset().union(*(source.around for source in sources))
    texts = [source.evidence.passage.text for source, _ in chosen]
    short = _in_short(claim.text, texts)
    known = all(
        word.kind == "word" or (_has(word, anywhere) or word.text in short if word.form in asked else _has(word, here))
        for word in left
    )
    return not known or not _is_then(here, texts, dates_in(asked.values()))


# --- contradictions


def _is_contradicted(claim: Claim, sources: Sequence[_Source], asked: Mapping[str, Word], language: str) -> bool:
    """Tell whether a statement of ``sources`` says otherwise than ``claim``."""
    stated = [item for source in sources for item in source.stated]
    text = unicodedata.normalize("NFKC", claim.text)
    said, words = _plain_words(text, answers=True), content_words(text, language)
    for part in clauses(text):
        own = _within(words, text, part)
        if _is_of_another(own, stated, asked) or _is_negated(part, own, said, stated, sources):
            return True
    return False


def _within(words: Sequence[Word], text: str, part: str) -> list[Word]:
    """Return those of the ``words`` of ``text`` that stand in its ``part``."""
    start = text.find(part)
    return [word for word in words if start <= word.start < start + len(part)]


def _is_of_another(words: Sequence[Word], stated: Sequence[_Stated], asked: Mapping[str, Word]) -> bool:
    """Tell whether a value among the ``words`` of a clause is, in the source, that of something else."""
    values = [word for word in words if _is_value(word, asked)]
    own = {word.form: word for word in words}
    context = own if len(own) > len(values) + 1 else {**asked, **own}
    return any(
        # Two values of a kind in one clause, as from … to, say nothing of each other.
        _fits_another(
            value,
            {
                word.form: WEIGHTS[word.kind]
                for word in context.values()
                if word.form in asked or not _is_alike(word, value)
            },
            stated,
        )
        for value in values
    )


def _is_alike(word: Word, value: Word) -> bool:
    return word.form == value.form or (value.kind != "name" and _kind(word) == _kind(value))


def _fits_another(value: Word, context: Mapping[str, float], stated: Sequence[_Stated]) -> bool:
    """Tell whether a statement with another value of the kind of ``value`` has more of ``context`` than any with it.

    It must have most of it, or it is about something else anyway.
    """
    with_it = [item for item in stated if _has(value, item.forms)]
    others = [item for item in stated if _kind(value) in item.kinds and not _has(value, item.forms)]
    if not with_it or not others:
        return False
    best, here = (max(_fit(item, context) for item in items) for items in (others, with_it))
    return best >= here + MARGIN and best >= MOST * sum(context.values()) and best >= TIMES[value.kind] * here


def _fit(item: _Stated, context: Mapping[str, float]) -> float:
    """Return the weight of the words of ``context`` that a statement has; those around it count less."""
    own = sum(weight for form, weight in context.items() if form in item.forms)
    return own + AROUND * sum(weight for form, weight in context.items() if form in item.around - item.forms)


def _is_negated(
    part: str, words: Sequence[Word], said: frozenset[str], stated: Sequence[_Stated], sources: Sequence[_Source]
) -> bool:
    """Tell whether what the source says nearest to a ``part`` of a claim is negated where the claim is not, or so.

    That is a statement with most of its ``words``, or else a whole sentence with them.
    """
    near = _nearest(words, ((item.forms, item.statement.text) for item in stated))
    near = near or _nearest(
        words,
        (
            (forms, source.evidence.passage.text[a:b])
            for source in sources
            for forms, (a, b) in zip(source.forms, source.spans, strict=True)
        ),
    )
    if not near:
        return False
    own, told = _plain_words(part, answers=True), _plain_words(near)
    if not LACKING & (own | said | told) and _negates(told) not in {_negates(own), _negates(said)}:
        return True
    return any(_excludes(own, told, *pair) or _excludes(told, own, *pair) for pair in OPPOSITES)


def _nearest(words: Sequence[Word], texts: Iterable[tuple[Collection[str], str]]) -> str:
    """Return the one of ``texts`` that has most of ``words``, where it has most of them; each comes with its forms."""
    best, most = "", 0.0
    total = sum(WEIGHTS[word.kind] for word in words)
    for forms, text in texts:
        held = sum(WEIGHTS[word.kind] for word in words if _has(word, forms))
        if held > most:
            best, most = text, held
    says = len(words) > 2 or any(word.kind == "word" for word in words)  # a name alone says nothing
    return best if says and len(words) > 1 and most >= SAME * total else ""


def _negates(words: Collection[str]) -> bool:
    """Tell whether there is a negation among ``words``; "ne … que" is none."""
    negations = NEGATIONS & set(words)
    return bool(negations) and not (negations == {"ne"} and "que" in words)


def _excludes(said: Collection[str], told: Collection[str], one: str, other: str) -> bool:
    return one in said and one not in told and other in told and other not in said


def _plain_words(text: str, answers: bool = False) -> frozenset[str]:
    """Return the words of ``text`` in small letters, bounds left out; of what ``answers``, without its yes or no."""
    text = text.lower().replace("’", "'")
    for phrase in BOUNDS:
        text = text.replace(phrase, "")
    words = PLAIN_WORD.findall(ANSWER.sub("", text) if answers else text)
    return frozenset("not" if word.endswith("n't") else word for word in words)


# --- dates and names


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


# --- spans


def _rank(
    item: tuple[float, _Source, int], chosen: Sequence[tuple[_Source, int]], total: float, asked: Mapping[str, Word]
) -> tuple[float, float, int, int]:
    """Return what decides between spans: what they add, the passage in use, words of the question, better evidence."""
    gain, source, place = item
    in_use = any(source is other for other, _ in chosen)
    on_it = sum(WEIGHTS[word.kind] for word in asked.values() if _has(word, source.forms[place]))
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
