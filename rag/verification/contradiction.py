"""Contradictions between a claim and its source: a value that belongs to something else, or a negation."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable, Mapping, Sequence

from rag.text.language import BOUNDS, LACKING, NEGATIONS, OPPOSITES, UNITS, YES_NO
from rag.text.statements import clauses
from rag.text.words import Word, content_words
from rag.verification.alignment import AROUND, WEIGHTS, Source, Stated, fit, has, is_value, kind_of

__all__ = ["contradicts"]

MARGIN = 0.5
"""How much better another statement must match for the claim's value to belong to something else."""
MOST = 0.5
"""Share of a claim's words that such a statement must contain."""
TIMES = {"number": 1.0, "date": 1.0, "name": 2.0}
"""How many times better it must match; names also occur in sentences about others."""
SAME = 0.6
"""Share of a claim's words that a statement must contain for negations to be compared."""
ANSWER = re.compile(rf"\W*(?:{'|'.join(YES_NO)})\b(?=\s*(?:[,.:;–-]|$))")
"""A yes or no in front of an answer."""
SMALL = re.compile(r"\b[^\W\d_A-ZÀ-Þ]")
"""A lower-case word."""
PLAIN_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?")


def contradicts(
    sources: Sequence[Source], claim: str, asked: Mapping[str, Word], language: str, question: str = ""
) -> bool:
    """Return whether a statement of ``sources`` contradicts ``claim``, a sentence in ``language``.

    ``asked`` are the words of the ``question``. A negation that the claim takes from there negates nothing: "someone
    who isn't a member".
    """
    stated = [item for source in sources for item in source.stated]
    text = unicodedata.normalize("NFKC", claim)
    said, words = _plain_words(text, answers=True), content_words(text, language)
    repeats = _negates(_plain_words(question)) and _negates(said)
    # A name in a heading is the topic, not a value; a date or number in a heading can be a value.
    above = frozenset().union(*(source.above for source in sources))
    for part in clauses(text):
        own = _within(words, text, part)
        if _is_of_another(own, stated, asked, above) or _is_negated(part, own, said, stated, sources, repeats):
            return True
    return False


def _within(words: Sequence[Word], text: str, part: str) -> list[Word]:
    """Return the ``words`` of ``text`` that are in its ``part``."""
    start = text.find(part)
    return [word for word in words if start <= word.start < start + len(part)]


def _is_of_another(
    words: Sequence[Word], stated: Sequence[Stated], asked: Mapping[str, Word], above: Collection[str]
) -> bool:
    """Return whether a value among the ``words`` of a clause belongs to something else in the source."""
    values = [word for word in words if is_value(word, asked) and not (word.kind == "name" and word.form in above)]
    own = {word.form: word for word in words}
    context = own if len(own) > len(values) + 1 else {**asked, **own}
    return any(
        # Two values of the same kind in one clause, as in "from … to", don't contradict each other.
        _fits_another(
            value,
            {
                word.form: WEIGHTS[word.kind]
                for word in context.values()
                if word.form in asked or not (_is_alike(word, value) or word in _name_with(value, words))
            },
            stated,
            {*asked, *above, *own},
        )
        for value in values
    )


def _name_with(value: Word, words: Sequence[Word]) -> Sequence[Word]:
    """Return the ``words`` that form one name with ``value``: adjacent and capitalised."""
    first = last = words.index(value)
    while value.kind == "name" and first and _is_one_name(words[first - 1], words[first]):
        first -= 1
    while value.kind == "name" and last + 1 < len(words) and _is_one_name(words[last], words[last + 1]):
        last += 1
    return words[first : last + 1]


def _is_one_name(word: Word, following: Word) -> bool:
    beside = following.start == word.start + len(word.text) + 1
    return beside and word.text[0].isupper() and following.text[0].isupper()


def _is_alike(word: Word, value: Word) -> bool:
    """Return whether ``word`` is the ``value`` itself, its unit, or another value of the same kind."""
    unit = UNITS.get(word.text.lower())
    if unit and unit.dimension == kind_of(value):
        return True
    return word.form == value.form or (value.kind != "name" and kind_of(word) == kind_of(value))


def _fits_another(
    value: Word, context: Mapping[str, float], stated: Sequence[Stated], mentioned: Collection[str]
) -> bool:
    """Return whether a statement with another value of the same kind contains more of ``context`` than any with
    ``value``.

    It must contain most of it, otherwise it is about something else; and its value must not be ``mentioned``. Lines of
    keys and values describe one thing, so they are compared by their keys.
    """
    with_it = [item for item in stated if has(value, item.forms)]
    others = [
        item
        for item in stated
        if not has(value, item.forms)
        and any(kind == kind_of(value) and form not in mentioned for kind, form in item.kinds)
    ]
    keyed = [item for item in with_it if item.key]
    if keyed and any(_is_key_of(item, keyed, value, context) for item in others if item.key):
        return True
    others = [item for item in others if not (keyed and item.key)]
    if not with_it or not others:
        return False
    best = max(fit(item, context, _around(item)) for item in others)
    # The heading of a short line such as "Location: Leeds" says what its name refers to.
    here = max(fit(item, context, 1.0 if item.key else _around(item)) for item in with_it)
    return _is_better(best, here, value) and best >= MOST * sum(context.values())


def _is_better(best: float, here: float, value: Word) -> bool:
    return best >= here + MARGIN and best >= TIMES[value.kind] * here


def _is_key_of(item: Stated, keyed: Sequence[Stated], value: Word, context: Mapping[str, float]) -> bool:
    """Return whether the key of ``item`` has more of ``context`` than the keys that ``value`` stands behind."""
    best, *others = (sum(context.get(form, 0.0) for form in one.key) for one in (item, *keyed))
    return _is_better(best, max(others), value) and fit(item, context, 1.0) >= MOST * sum(context.values())


def _around(item: Stated) -> float:
    """Return the weight of the words around a statement: as much as its own if it is only a name in a list."""
    text = item.statement.text
    name = not item.statement.row and not text.islower() and not any(letter.isdigit() for letter in text)
    listed = name and len(SMALL.findall(text)) <= 1  # "the Ferry Club"
    return 1.0 if listed else AROUND


def _is_negated(
    part: str,
    words: Sequence[Word],
    said: frozenset[str],
    stated: Sequence[Stated],
    sources: Sequence[Source],
    repeats: bool,
) -> bool:
    """Return whether the closest matches for a ``part`` of a claim are negated and the claim isn't, or the reverse.

    A match is a statement with most of its ``words``, or a whole sentence with them. If the claim ``repeats`` a
    negation of the question, only opposites count.
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
    own, (told, *others) = _plain_words(part, answers=True), map(_plain_words, near)
    unclear = repeats or LACKING & (own | said | told)
    if not unclear and _negates(told) not in {_negates(own), _negates(said)}:
        return True
    # One of two lines that differ in nothing else, as in "with operator" and "without operator", is the right one.
    return all(_is_opposite(own, text) for text in (told, *others))


def _is_opposite(own: frozenset[str], told: frozenset[str]) -> bool:
    return any(_excludes(own, told, *pair) or _excludes(told, own, *pair) for pair in OPPOSITES)


def _nearest(words: Sequence[Word], texts: Iterable[tuple[Collection[str], str]]) -> list[str]:
    """Return those of ``texts`` with most of ``words``, if they have enough of them; each comes with its forms."""
    best, most = list[str](), 0.0
    total = sum(WEIGHTS[word.kind] for word in words)
    for forms, text in texts:
        held = sum(WEIGHTS[word.kind] for word in words if has(word, forms))
        if held > most:
            best, most = [], held
        if held == most > 0:
            best.append(text)
    says = len(words) > 2 or any(word.kind == "word" for word in words)  # a name alone says nothing
    return best if says and len(words) > 1 and most >= SAME * total else []


def _negates(words: Collection[str]) -> bool:
    """Return whether there is a negation among ``words``; "ne … que" isn't one."""
    negations = NEGATIONS & set(words)
    return bool(negations) and not (negations == {"ne"} and "que" in words)


def _excludes(said: Collection[str], told: Collection[str], one: str, other: str) -> bool:
    return one in said and one not in told and other in told and other not in said


def _plain_words(text: str, answers: bool = False) -> frozenset[str]:
    """Return the words of ``text`` in lower case without bounds; for an answer, without its yes or no."""
    text = text.lower().replace("’", "'")
    for phrase in BOUNDS:
        text = text.replace(phrase, "")
    words = PLAIN_WORD.findall(ANSWER.sub("", text) if answers else text)
    return frozenset("not" if word.endswith("n't") else word for word in words)
