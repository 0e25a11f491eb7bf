"""Which documents, sections or passages the names in a plan refer to."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from itertools import islice

from rag.catalogue import Titles, called, is_kind, matches, stems, words_of
from rag.overview import Point, headings
from rag.planning import cues
from rag.planning.plans import Plan
from rag.planning.tools import Tools
from rag.ports import DocumentInfo, Filter, Index
from rag.text.words import content_words, dates_in
from rag.types import Passage

__all__ = ["SEARCHED", "documents_meant", "passages_meant", "passages_of", "sections_meant"]

SEARCHED = 400
"""Most passages searched for a name or topic."""
OPENING = 400
"""Characters at the start of a document in which it may say what it is."""
OPENED = 200
"""Most documents whose beginning is read."""
MEANT = 2 / 3
"""Least share of the words of a name that are in the passages closest to it, if these show which document is meant."""
COMPARED = 4
"""Most documents compared side by side."""
TOGETHER, EACH = 2, 3
"""Most passages read that have all that is compared, and on each of it."""
LEVELS = 9
"""Levels of headings that may name a section."""
NO_NAMES = frozenset(stem for word in cues.words("summarise") | cues.EVERYTHING for stem in stems(word))
"""Stems that tell no document from another."""


def documents_meant(plan: Plan, tools: Tools) -> list[DocumentInfo]:
    """Return the documents that ``plan`` refers to, by date; empty if one of its names matches none."""
    titles = tools.titles()
    kinds = _kinds(plan.documents, titles)
    groups = [_named(name, kinds, plan, tools) for name in plan.documents]
    if not all(groups):
        return []
    chosen = {info.name for group in groups for info in group}
    documents = [info for info in titles.documents if info.name in chosen] if groups else titles.documents
    return documents if plan.operation != "compare" or 1 < len(documents) <= COMPARED else []


def _kinds(names: Sequence[str], titles: Titles) -> str:
    """Return the words for kinds of documents in several ``names``: "lease" in "Ashford" and "Dover lease"."""
    words = [word for name in names for word in content_words(f"x {name}") if word.kind in {"word", "name"}]
    return " ".join(word.text for word in words if titles.names_kind(word.form)) if len(names) > 1 else ""


def _named(name: str, kinds: str, plan: Plan, tools: Tools) -> list[DocumentInfo]:
    titles = tools.titles()
    resolved = titles.resolve(f"{name} {kinds}") or titles.resolve(name)
    if resolved:
        return _with_names(name, resolved, tools.index, [date.form for date in dates_in(content_words(name))])
    opened = _by_opening(name, titles, tools.index)
    if opened or plan.operation != "summarise":
        return _with_names(name, opened, tools.index)
    return titles.documents if all(map(_names_none, stems(name))) else _by_content(name, tools)


def _with_names(
    name: str, documents: Sequence[DocumentInfo], index: Index, known: Collection[str] = ()
) -> list[DocumentInfo]:
    """Return those of ``documents`` that have the proper names in ``name``, except for the ``known`` ones.

    There are none for "the Leeds roadshow" if no text of a roadshow names Leeds.
    """
    kept = list(documents)
    for word in content_words(f"x {name}"):
        called_so = [info for info in kept if matches(word.form, called(info))]
        tells = word.kind in {"name", "number"} and not is_kind(word.form) and word.form not in known
        if tells and len(called_so) < len(kept):
            hits = index.search_lexical(word.text, SEARCHED, Filter.of([info.name for info in kept]))
            naming = {passage.document for passage in index.passages([id for id, _ in hits])}
            kept = [info for info in kept if info.name in naming or info in called_so]
    return kept


def _names_none(stem: str) -> bool:
    """Return whether ``stem`` tells no document from another: "overview", "main points", "the reports"."""
    return stem in NO_NAMES or is_kind(stem)


def _by_opening(name: str, titles: Titles, index: Index) -> list[DocumentInfo]:
    """Return the documents that call themselves ``name`` at the start."""
    wanted = stems(name)
    if not wanted or len(titles.documents) > OPENED:
        return []
    return [
        info
        for info in titles.documents
        if (opening := stems(index.text(info.name, 0, OPENING))) and all(matches(stem, opening) for stem in wanted)
    ]


def _by_content(name: str, tools: Tools) -> list[DocumentInfo]:
    """Return the document that a search for ``name`` leads to: most words of it are in its closest passages."""
    documents = tools.titles().documents
    found = tools.retrieve(name, [info.name for info in documents])
    wanted = _telling(name)
    for info in documents:
        closest = [item.passage for item in found if item.passage.document == info.name]
        known = called(info).union(*map(words_of, closest))
        if closest and _covered(wanted, known) >= MEANT:
            return [info]
    return []


def _covered(wanted: Sequence[str], known: Collection[str]) -> float:
    """Return the share of the ``wanted`` stems that are ``known``; none if there are none."""
    return sum(matches(stem, known) for stem in wanted) / max(1, len(wanted))


# --- inside of documents


def sections_meant(info: DocumentInfo, names: Sequence[str], index: Index) -> list[Passage]:
    """Return the passages of a document, only those of some sections if one of ``names`` has words of their headings.

    "The rules on leave in the handbook" are its section "3. Leave", "from 7.6 to 8.2" are the sections of these
    versions and all between. Words with which the document begins name it whole.
    """
    passages = passages_of(info, index)
    own = called(info) | stems(index.text(info.name, 0, OPENING))
    words = {stem for name in names for stem in stems(name) if not is_kind(stem)} - own
    if not words and not any(len(_numbers(name)) > 1 for name in names):
        return passages
    document = index.document(info.name)
    outline = headings(document, LEVELS)
    places = _range(outline, names) or [place for place, point in enumerate(outline) if words & stems(point.text)]
    spans = [(outline[place].start, _end(outline, place, len(document.text))) for place in places]
    meant = [
        passage for passage in passages if any(passage.end > start and passage.start < end for start, end in spans)
    ]
    return meant or passages


def _range(outline: Sequence[Point], names: Sequence[str]) -> Sequence[int]:
    """Return the places in ``outline`` from one number of a name to another; the number of a section comes first."""
    numbers = [_numbers(point.text)[:1] for point in outline]
    for name in names:
        places = [place for place, own in enumerate(numbers) if set(own) & set(_numbers(name))]
        if len({numbers[place] for place in places}) > 1:
            return range(places[0], places[-1] + 1)
    return ()


def _end(outline: Sequence[Point], place: int, length: int) -> int:
    """Return where the section at ``place`` ends: at the next heading that isn't below it."""
    level = outline[place].level
    return next((point.start for point in outline[place + 1 :] if point.level <= level), length)


def _numbers(text: str) -> tuple[str, ...]:
    return tuple(word.form for word in content_words(f"x {text}") if word.kind == "number")


def passages_meant(plan: Plan, tools: Tools) -> list[Passage]:
    """Return the passages about what ``plan`` names inside of documents; empty if one of its names is found nowhere.

    These are passages with all names, a table of both for example, and those closest to each of them with what is
    asked.
    """
    every = [info.name for info in tools.titles().documents]
    names = [name for name in plan.documents if _telling(name)]
    chosen = dict.fromkeys(_holding(names, every, TOGETHER, tools.index) if len(names) > 1 else ())
    for name in names:
        close = [item.passage for item in tools.retrieve(f"{name} {plan.question}", every)]
        on_it = [passage for passage in close if _holds(passage, name, alone=len(names) == 1)]
        on_it = on_it or _holding([name], every, EACH, tools.index)
        if not on_it:
            return []
        chosen |= dict.fromkeys(on_it)
    return sorted(chosen, key=lambda passage: (every.index(passage.document), passage.start))


def _holding(names: Sequence[str], documents: Collection[str], most: int, index: Index) -> list[Passage]:
    """Return up to ``most`` passages that have all ``names``, best first."""
    hits = index.search_lexical(" ".join(names), SEARCHED, Filter.of(documents))
    found = index.passages([id for id, _ in hits])
    return list(islice((passage for passage in found if all(_holds(passage, name) for name in names)), most))


def _holds(passage: Passage, name: str, alone: bool = False) -> bool:
    """Return whether a passage has most words of ``name``.

    Those in its document's title count only if they are ``alone``: they tell no part of it from another.
    """
    words, title = _telling(name), stems(passage.title)
    own = stems(passage.section) | stems(passage.header) | stems(passage.text)
    others = [stem for stem in words if not matches(stem, title)]
    return _covered(others or words, own | title if alone else own) >= MEANT


def _telling(name: str) -> list[str]:
    """Return the stems of ``name`` that are not words for any document."""
    return [stem for stem in stems(name) if not is_kind(stem)]


def passages_of(info: DocumentInfo, index: Index) -> list[Passage]:
    """Return the passages of a document in order."""
    return index.passages(index.passage_ids(Filter.of([info.name])))
