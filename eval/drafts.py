"""Evaluate the verification alone, on labelled drafts: right ones should pass, wrong ones should not.

``drafts.jsonl`` holds one draft per line:

    {"id", "document": "file.md", "question", "evidence": "what the passage says", "draft": "what a model answers",
     "right": true | false, "kind"?, "genre"?, "split"?}

``evidence`` is a part of the text of ``document``: its words, with any characters between them. If the documents are in
``documents/`` next to the file, a draft is judged as in a real answer: with title, date and section of the passage.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from eval.abstention_metrics import Rate
from eval.checker import checker_hash, judged
from eval.questions import SetError, located, read_json_lines, text_of
from eval.statistics import wilson
from eval.tables import aligned, percent
from rag import citations, documents
from rag.errors import DocumentError
from rag.types import Document, Passage

__all__ = ["GROUPED", "LabelledDraft", "check_drafts", "drafts_file", "drafts_table", "passes", "read_drafts"]

FILE = "drafts.jsonl"
GROUPED = ("kind", "genre", "split")
"""Fields that drafts are grouped by."""
LABELS = {"right": True, "wrong": False}


@dataclass(frozen=True, slots=True)
class LabelledDraft:
    """A draft that answers ``question`` from ``passage``, and whether it is ``right``; ``kind`` says what it tests."""

    id: str
    question: str
    passage: Passage
    text: str
    right: bool
    kind: str = ""
    genre: str = ""
    split: str = ""


def drafts_file(path: Path) -> Path | None:
    """Return the file of drafts at ``path`` or in that folder; None if it holds claims, or nothing."""
    file = path / FILE if path.is_dir() else path
    if not file.is_file():
        return None
    first = next(read_json_lines(file), None)
    return file if first and "draft" in first[1] else None


def read_drafts(file: Path) -> tuple[LabelledDraft, ...]:
    """Read one draft per line. Raises ``SetError`` naming file and line."""
    folder = file.parent / "documents"

    @cache
    def document(name: str) -> Document | None:
        return documents.read(folder / name, name) if folder.is_dir() else None

    drafts = []
    for number, row in read_json_lines(file):
        with located(f"{file}, line {number}"):
            drafts.append(_draft(row, document))
    if not drafts:
        raise SetError(f"There are no drafts in {file}.")
    return tuple(drafts)


def passes(draft: LabelledDraft, min_support: float) -> bool:
    """Return whether a draft would be shown in full: each of its sentences has enough support."""
    claims = citations.parse(draft.text)
    scores = judged(claims, draft.passage, draft.question)
    return bool(claims) and all(score >= min_support for score in scores)


def check_drafts(name: str, drafts: Sequence[LabelledDraft], min_support: float) -> dict[str, Any]:
    """Return an entry of ``checker.json``: how many right drafts pass, how many wrong ones are rejected.

    ``figures`` covers all drafts and each group of ``GROUPED``; ``mistaken`` holds the ids of the rest, and isn't
    saved.
    """
    found = [(draft, passes(draft, min_support) == draft.right) for draft in drafts]
    groups = {
        grouping: {group: _figures([pair for pair in found if getattr(pair[0], grouping) == group]) for group in names}
        for grouping in GROUPED
        if any(names := list(dict.fromkeys(getattr(draft, grouping) for draft in drafts)))
    }
    return {
        "set": name,
        "drafts": len(drafts),
        "min_support": min_support,
        "when": date.today().isoformat(),
        "checker": checker_hash(),
        "figures": {"all": _figures(found), **groups},
        "mistaken": {
            name: [draft.id for draft, rightly in found if not rightly and draft.right == label]
            for name, label in LABELS.items()
        },
    }


def drafts_table(checked: Mapping[str, Any]) -> str:
    """Return the results for a terminal, and the drafts that were judged wrongly."""
    rows = [["Drafts", "right", "pass", "95 %", "wrong", "do not", "95 %"], _cells("all", checked["figures"]["all"])]
    for grouping in GROUPED:
        groups = checked["figures"].get(grouping, {})
        rows += [[""], [f"By {grouping}"]] if groups else []
        rows += [_cells(f"  {name or '(none)'}", figures) for name, figures in sorted(groups.items())]
    told = [f"{checked['set']}: {checked['drafts']} drafts", "", *aligned(rows, right=range(1, 7)), ""]
    for label, verb in {"right": "did not pass", "wrong": "passed"}.items():
        told += [f"{label.capitalize()}, and {verb}: {', '.join(checked['mistaken'][label]) or 'none'}", ""]
    least = f"{checked['min_support']:g}"
    told.append(f"A draft passes if each of its sentences has a support of at least {least} (min_support).")
    return "\n".join(told)


def _draft(row: Mapping[str, Any], document: Callable[[str], Document | None]) -> LabelledDraft:
    right = row.get("right")
    if not isinstance(right, bool):
        raise ValueError("right must be true or false")
    passage = _passage(text_of(row, "document"), text_of(row, "evidence"), document)
    groups = {grouping: str(row.get(grouping, "")) for grouping in GROUPED}
    return LabelledDraft(text_of(row, "id"), text_of(row, "question"), passage, text_of(row, "draft"), right, **groups)


def _passage(name: str, evidence: str, document: Callable[[str], Document | None]) -> Passage:
    """Return the passage of ``evidence`` with its headings in the document, if the document is there."""
    try:
        read = document(name)
    except DocumentError as error:
        raise ValueError(f"{name} {error}") from error
    if read is None:
        return Passage(name, 0, len(evidence), evidence)
    start, end = _found(evidence, read.text)
    if start == end:
        raise ValueError(f"evidence must be part of the text of {name}")
    return Passage(name, start, end, read.text[start:end], read.title, _section(read, start), date=read.date)


def _found(evidence: str, text: str) -> tuple[int, int]:
    """Return the position of ``evidence`` in ``text``: word for word, or with other characters between its words.

    >>> _found("b: c.", "a b: c. d"), _found("• b | c.", "a b: c. d"), _found("c b", "a b: c. d")
    ((2, 7), (2, 7), (0, 0))
    """
    if (start := text.find(evidence)) >= 0:
        return start, start + len(evidence)
    words = r"\W+".join(map(re.escape, re.findall(r"\w+", evidence)))
    match = re.search(rf"\b{words}\b[^\w\s]*", text)
    return match.span() if words and match else (0, 0)


def _section(document: Document, start: int) -> str:
    """Return the headings above ``start``, outermost first, without the title."""
    above: list[tuple[int, str]] = []
    for heading in document.headings:
        if heading.end <= start:
            name = " ".join(document.text[heading.start : heading.end].split())
            above = [*(outer for outer in above if outer[0] < heading.level), (heading.level, name)]
    return " > ".join(name for _, name in above if name and name != document.title)


def _figures(found: Sequence[tuple[LabelledDraft, bool]]) -> dict[str, Any]:
    """Return how many right drafts, and how many wrong ones, were judged correctly, with Wilson intervals."""
    figures = {}
    for name, label in LABELS.items():
        judgements = [rightly for draft, rightly in found if draft.right == label]
        rate = Rate(sum(judgements), len(judgements))
        interval = wilson(rate.count, rate.total)
        figures[name] = asdict(rate) | {"low": round(interval.low, 6), "high": round(interval.high, 6)}
    return figures


def _cells(name: str, figures: Mapping[str, Any]) -> list[str]:
    cells = [name]
    for label in LABELS:
        rate = figures[label]
        share = percent(rate["count"] / max(1, rate["total"]))
        ends = f"{100 * rate['low']:.0f} – {100 * rate['high']:.0f}"
        cells += [str(rate["total"]), share, ends] if rate["total"] else ["–", "–", ""]
    return cells
