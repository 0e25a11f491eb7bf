"""Execution of plans: from a plan to evidence and claims, for example which documents mention something.

Everything is based on spans: a line about a document cites the sentence that mentions the topic, the place of its date,
or what was read in it. If names can't be resolved or nothing is found, there is no outcome, and the question is
answered as an ordinary one.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import groupby
from statistics import fmean

from rag import citations
from rag.catalogue import matches, stems, title_of
from rag.citations import Checked, Claim, Span, Support
from rag.overview import Point, headings
from rag.planning.naming import SEARCHED, documents_meant, passages_meant, passages_of, sections_meant
from rag.planning.plans import Plan
from rag.planning.summary import SIZES, Part, parts_of, read_part, share, spread
from rag.planning.tools import Doing, Outcome, Tools
from rag.ports import DocumentInfo, Filter, Index
from rag.replies import Replies
from rag.text.sentences import sentences
from rag.text.words import content_words, found
from rag.types import Document, Evidence, Passage, Phase

__all__ = ["execute"]

MOST = 12
"""Most documents that are asked one by one; each takes seconds."""
LISTED = 40
"""Most lines of a list."""
FIRST_PASSAGES = 3
"""Passages at the start of a document in which its date is searched."""

HeadingOf = Callable[[Span], str]
"""Returns what is written above a fact from its span; empty if there is nothing."""


def execute(plan: Plan, tools: Tools) -> Doing:
    """Execute ``plan``; return its outcome, or ``None`` to answer an ordinary question instead."""
    documents = documents_meant(plan, tools)
    if not documents:
        return (yield from _compare_within(plan, tools)) if plan.operation == "compare" else None
    if plan.operation in {"mention", "count"}:
        return _mention(plan, documents, tools) if plan.topic else _count(plan, documents, tools)
    if plan.operation in {"first", "last", "order"}:
        return (yield from _by_date(plan, documents, tools))
    if plan.operation in {"compare", "each"} and plan.question:
        return (yield from _each(plan, documents, tools))
    return (yield from _summarise(plan, documents, tools))


# --- mention, count


def _mention(plan: Plan, documents: Sequence[DocumentInfo], tools: Tools) -> Outcome | None:
    """Return which of ``documents`` mention the topic, each with the shortest sentence that does."""
    lines = _mentions(plan.topic, documents, tools.index)
    holding = [info for info in documents if info.name in lines]
    if not holding:
        return None
    form = _share(len(holding), len(documents))
    counts = {"count": len(holding), "total": len(documents)}
    intro = tools.replies.listing(f"mention_{form}", **counts, those=_those(plan, documents, tools), topic=plan.topic)
    verbatim = fmean(plan.topic.lower() in citations.quote(lines[info.name]).lower() for info in holding)
    signals = {"verbatim": verbatim, "holding": len(holding) / len(documents)}
    entries = [(_label(info, tools.replies), lines[info.name]) for info in holding]
    return _list(plan, intro, entries, 0.5 + verbatim / 2, signals, tools.replies)


def _mentions(topic: str, documents: Sequence[DocumentInfo], index: Index) -> dict[str, Span]:
    """Return by document the shortest sentence with all words of ``topic``, preferring an exact match.

    Words in headings count if the sentence has one of the others.
    """
    words = content_words(f"x {topic}")  # A name at the start of a sentence may be an ordinary word.
    names = {info.name for info in documents}
    passages = index.passages([id for id, _ in index.search_lexical(topic, SEARCHED, Filter.of(names))])
    best = dict[str, tuple[tuple[bool, int, int], Span]]()
    for passage in passages:
        for start, end in sentences(passage.text):
            forms = stems(passage.text[start:end])
            if words and all(found(word, forms) or matches(word.form, forms) for word in words):
                literal = topic.lower() in passage.text[start:end].lower()
                rank = (not literal, end - start, passage.start + start)
                span = _span(passage, start, end)
                if passage.document not in best or rank < best[passage.document][0]:
                    best[passage.document] = rank, span
    return {name: span for name, (_, span) in best.items()}


def _count(plan: Plan, documents: Sequence[DocumentInfo], tools: Tools) -> Outcome | None:
    """Return the number of ``documents``."""
    total, replies = len(tools.titles().documents), tools.replies
    form = "one" if len(documents) == 1 else "some"
    if len(documents) == total:
        intro = replies.listing(f"there_{form}", total=total)
    else:
        names = replies.either(plan.documents)
        intro = replies.listing(f"match_{form}", count=len(documents), total=total, names=names)
    entries = [(_label(info, replies), _title_span(info, tools.index)) for info in documents]
    return _list(plan, intro, entries, 1.0, {}, replies)


# --- first, last, order


def _by_date(plan: Plan, documents: Sequence[DocumentInfo], tools: Tools) -> Doing:
    """Return the first, the last or all of ``documents`` by date."""
    meant = documents
    if plan.topic:
        lines = _mentions(plan.topic, documents, tools.index)
        documents = [info for info in documents if info.name in lines]
    dated = sorted((info for info in documents if info.date), key=lambda info: (info.date, info.name))
    if len(dated) < 2:
        return None
    those = _those(plan, meant, tools)
    outcome = _in_order(plan, dated, len(documents), those, tools)
    undated = [title_of(info) for info in documents if not info.date]
    notes = (tools.replies.note("undated", titles="; ".join(undated)),) if undated else ()
    if outcome and plan.question:
        outcome = yield from _asked_of_one(plan, _at_end(plan, dated), outcome, tools)
    return outcome and replace(outcome, notes=notes)


def _in_order(plan: Plan, dated: Sequence[DocumentInfo], count: int, those: str, tools: Tools) -> Outcome | None:
    """Return the result for the ``dated`` ones of ``count`` documents, ``those``."""
    replies = tools.replies
    about = those + (replies.listing("mentioning", topic=plan.topic) if plan.topic else "")
    spans = {info.name: _date_span(info, tools.index) for info in dated}
    signals = {"dated": len(dated) / count, "shown": fmean(shown for _, shown in spans.values())}
    evidence = signals["dated"] * (0.5 + signals["shown"] / 2)
    if plan.operation == "order":
        lines = [(f"{replies.date(info.date)}: {title_of(info)}", spans[info.name][0]) for info in dated]
        intro = replies.listing("order", count=len(dated), those=about)
        return _list(plan, intro, lines, evidence, signals, replies)
    ends = [info for info in dated if info.date == _at_end(plan, dated).date]
    names = f" {replies.listing('and')} ".join(f"“{title_of(info)}”" for info in ends)
    form = f"{plan.operation}_{'one' if len(ends) == 1 else 'some'}"
    date = replies.date(ends[0].date)
    text = replies.listing(form, count=len(dated), those=about, names=names, date=date)
    checked = [(Claim(text), Support(tuple(spans[info.name][0] for info in ends), 1.0))]
    return _outcome(plan, checked, evidence, signals)


def _at_end(plan: Plan, dated: Sequence[DocumentInfo]) -> DocumentInfo:
    return dated[0 if plan.operation == "first" else -1]


def _asked_of_one(plan: Plan, info: DocumentInfo, outcome: Outcome, tools: Tools) -> Doing:
    """Return what the document answers, after the sentence that says which one it is."""
    evidence = tools.retrieve(plan.question, [info.name])
    confidence, checked = yield from tools.read(plan.question, evidence)
    if not checked:
        return None
    first, *others = checked
    told = [*outcome.checked, (replace(first[0], before=first[0].before or " "), first[1]), *others]
    signals = {**outcome.signals, "read": confidence}
    return _outcome(plan, told, min(confidence, outcome.confidence), signals, evidence)


# --- compare, each


def _each(plan: Plan, documents: Sequence[DocumentInfo], tools: Tools) -> Doing:
    """Return what each of ``documents`` answers, with its title."""
    if not 1 < len(documents) <= MOST:
        return None
    told: Checked = []
    silent, confidences, seen = list[str](), list[float](), list[Evidence]()
    labels = _labels(documents, tools.replies)
    for number, info in enumerate(documents, start=1):
        if tools.stopped():
            break
        yield Phase("reading", f"Reading document {number} of {len(documents)}")
        evidence = tools.retrieve(plan.question, [info.name])
        confidence, checked = yield from tools.read(plan.question, evidence, f"\n- {labels[info.name]}: ")
        confidences.append(confidence)
        seen += evidence
        told += citations.under(labels[info.name], checked)
        silent += [] if checked or tools.stopped() else [labels[info.name]]
    if not told:
        return None
    notes = (tools.replies.note("silent", titles="; ".join(silent)),) if silent else ()
    signals = {"read": fmean(confidences), "told": len(told) / len(confidences)}
    return replace(_outcome(plan, told, signals["read"], signals, seen), notes=notes)


def _compare_within(plan: Plan, tools: Tools) -> Doing:
    """Return the facts on what ``plan`` names, which are no documents: what is compared is inside of them."""
    titles = {info.name: title_of(info) for info in tools.titles().documents}
    parts = list[Part]()
    for name, of_it in groupby(passages_meant(plan, tools), key=lambda passage: passage.document):
        parts += parts_of(titles[name], list(of_it), SIZES[0])
    return (yield from _facts(plan, parts, lambda _: _innermost, tools))


def _innermost(span: Span) -> str:
    """Return the innermost heading above ``span``, or the title of its document."""
    passage = span.evidence.passage
    return passage.section.rpartition(" > ")[2] or passage.title


# --- summarise


def _summarise(plan: Plan, documents: Sequence[DocumentInfo], tools: Tools) -> Doing:
    """Return the most important facts of each part of ``documents``; for a topic, of those on it."""
    labels = _labels(documents, tools.replies)
    heading = _outline if len(documents) == 1 else lambda document: lambda _: labels[document.name]
    return (yield from _facts(plan, _all_parts(documents, plan, tools), heading, tools))


def _facts(plan: Plan, every: Sequence[Part], heading: Callable[[Document], HeadingOf], tools: Tools) -> Doing:
    """Return the most important facts of the parts in ``every``, each below its ``heading`` in its document."""
    chosen = spread(every, tools.parts)
    told: Checked = []
    texts = {name: tools.index.document(name) for name in {part.passages[0].document for part in chosen}}
    above = {name: heading(document) for name, document in texts.items()}
    read, last = 0, ""
    for number, part in enumerate(chosen, start=1):
        if tools.stopped():
            break
        yield Phase("reading", f"Reading part {number} of {len(chosen)}")
        read += 1
        known = [claim for claim, _ in told]
        name, count = part.passages[0].document, share(len(chosen))
        statements = yield from read_part(
            part, texts[name].language, count, tools.summary, tools.complete, tools.min_support, known
        )
        for claim, support in statements:
            title = above[name](support.spans[0])
            before = f"\n\n**{title}**\n- " if title and title != last else "\n- "
            told.append((Claim(claim.text, before), support))
            last = title or last
    if not told:
        return None
    notes = (tools.replies.note("parts", read=read, parts=len(every)),) if read < len(every) else ()
    signals = {"support": fmean(support.score for _, support in told), "parts": read / len(every)}
    return replace(_outcome(plan, told, 0.5 + signals["support"] / 2, signals), notes=notes)


def _outline(document: Document) -> HeadingOf:
    """Return what finds the outermost heading above a span of ``document``."""
    outline = headings(document)
    return lambda span: _above(span, outline)


def _all_parts(documents: Sequence[DocumentInfo], plan: Plan, tools: Tools) -> list[Part]:
    """Return the parts of ``documents`` with all words of the topic; small parts if there are few."""
    words, parts = stems(plan.topic), list[Part]()
    texts = [(title_of(info), sections_meant(info, plan.documents, tools.index)) for info in documents]
    for size in SIZES:
        parts = [part for title, passages in texts for part in parts_of(title, passages, size) if _is_on(part, words)]
        if len(parts) <= tools.parts:
            break
    return parts


def _is_on(part: Part, words: Collection[str]) -> bool:
    known = stems(part.text) | stems(part.heading)
    return all(matches(word, known) for word in words)


def _above(span: Span, outline: Sequence[Point]) -> str:
    """Return the heading of ``outline`` above ``span``; empty if there is none."""
    place = bisect_right([point.start for point in outline], span.start)
    return outline[place - 1].text if place else ""


# --- lines and spans


def _list(
    plan: Plan,
    intro: str,
    lines: Sequence[tuple[str, Span]],
    evidence: float,
    signals: Mapping[str, float],
    replies: Replies,
) -> Outcome:
    """Return ``intro``, which is based on all ``lines``, and the lines."""
    shown = lines[:LISTED]
    frame = (Claim(intro), Support(tuple(dict.fromkeys(span for _, span in shown)), 1.0))
    checked = [frame, *((Claim(text, "\n- "), Support((span,), 1.0)) for text, span in shown)]
    outcome = replace(_outcome(plan, checked, evidence, signals), intro=intro)
    more = len(lines) - len(shown)
    return replace(outcome, notes=(replies.note("unlisted", count=more),)) if more else outcome


def _outcome(
    plan: Plan, checked: Checked, evidence: float, signals: Mapping[str, float], seen: Iterable[Evidence] = ()
) -> Outcome:
    """Return the outcome, with a confidence from the plan and its ``evidence``."""
    cited = [span.evidence for _, support in checked for span in support.spans]
    passages = dict.fromkeys(item.passage for item in [*cited, *seen])
    shown = tuple(Evidence(passage, 1.0, rank) for rank, passage in enumerate(passages, start=1))
    planned = plan.signals.get("operation", 1.0)
    every = {**plan.signals, **signals, "evidence": evidence}
    return Outcome(plan.operation, checked, planned * evidence, shown, signals=every)


def _label(info: DocumentInfo, replies: Replies) -> str:
    """Return the title of a document with its date, unless the title contains it."""
    title = title_of(info)
    written = replies.date(info.date)
    return title if not written or written in title or info.date in title else f"{title} ({written})"


def _labels(documents: Sequence[DocumentInfo], replies: Replies) -> dict[str, str]:
    """Return the titles of ``documents`` by name, with their dates where several have one title."""
    titles = [title_of(info) for info in documents]
    return {
        info.name: _label(info, replies) if titles.count(title) > 1 else title
        for info, title in zip(documents, titles, strict=True)
    }


def _those(plan: Plan, documents: Sequence[DocumentInfo], tools: Tools) -> str:
    """Return a description of the documents, unless they are all."""
    every = len(documents) == len(tools.titles().documents)
    return "" if every else tools.replies.listing("matching", names=tools.replies.either(plan.documents))


def _share(count: int, total: int) -> str:
    """Return which text says "three of the five documents".

    >>> _share(3, 5), _share(1, 5), _share(2, 2), _share(1, 1), _share(4, 4)
    ('some', 'one', 'both', 'only', 'all')
    """
    if count == total:
        return {1: "only", 2: "both"}.get(total, "all")
    return "one" if count == 1 else "some"


def _span(passage: Passage, start: int, end: int) -> Span:
    return Span(Evidence(passage, 1.0, 1), passage.start + start, passage.start + end)


def _title_span(info: DocumentInfo, index: Index) -> Span:
    """Return the position of a document's title, or its first line."""
    passage = passages_of(info, index)[0]
    spans = sentences(passage.text)
    wanted = stems(info.title)
    return _span(
        passage, *next((span for span in spans if wanted and wanted <= stems(passage.text[slice(*span)])), spans[0])
    )


def _date_span(info: DocumentInfo, index: Index) -> tuple[Span, bool]:
    """Return the position of a document's date, or its title, and whether it is the date."""
    for passage in passages_of(info, index)[:FIRST_PASSAGES]:
        for start, end in sentences(passage.text):
            if info.date in stems(f"x {passage.text[start:end]}"):
                return _span(passage, start, end), True
    return _title_span(info, index), False
