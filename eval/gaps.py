"""Gaps: the questions that got no sure answer, grouped by nearness, with the documents nearest to each group.

They come from the stored answers (``rag.archive``) if the setting ``keep_unanswered`` allows it, and from reader
feedback, which was sent to be looked at. Nothing says who asked.
"""

from __future__ import annotations

import csv
import io
import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from filelock import FileLock
from numpy.typing import NDArray

from eval.journal import write_whole
from rag import feedback
from rag.archive import UNANSWERED, Archive, Stored
from rag.config import Config
from rag.feedback import Feedback, Span
from rag.ports import Embedder, Vectors

__all__ = ["Asked", "Gap", "as_csv", "forget", "gaps", "note", "unanswered"]

UNRELATED = (
    "How do I reset my password?",
    "When was the bridge over the river built?",
    "What does the heron eat?",
    "Who won the football match on Saturday?",
    "Is parking at the hospital free?",
    "How many eggs are in the recipe?",
    "Which countries signed the treaty?",
    "Where can I buy a ticket for the concert?",
)
"""Questions about different things: how alike an embedder finds them is what it finds alike in any two questions."""
NEAR = 0.4
"""Mean likeness, from 0 (as two unrelated questions) to 1 (the same), from which questions are in one group.

On twelve subjects with three questions each, it separates all subjects and joins 72 % of the pairs within them.
"""
MOST = 2_000
"""Most different questions that are grouped, the newest first."""
PASSAGES = 3
FILE = "gaps.json"


@dataclass(frozen=True, slots=True)
class Asked:
    """A question without a sure answer. ``at`` is ISO 8601 (UTC); ``nearest`` are the closest passages, best first."""

    id: str
    question: str
    status: str
    at: str
    nearest: tuple[Span, ...] = ()


@dataclass(frozen=True, slots=True)
class Gap:
    """A group of questions. ``question`` is the most typical one; ``note`` says what is planned, in an admin's words.

    A note whose questions were deleted is a gap without any.
    """

    question: str
    asked: tuple[Asked, ...] = ()
    note: str = ""

    @property
    def last(self) -> str:
        """The date of the newest question, ISO 8601, or an empty string."""
        return max((one.at for one in self.asked), default="")[:10]

    @property
    def documents(self) -> list[str]:
        """The documents of the closest passages, those nearest to most questions first; at most three."""
        weights: defaultdict[str, float] = defaultdict(float)
        for one in self.asked:
            for rank, span in enumerate({span.document: span for span in one.nearest}.values(), 1):
                weights[span.document] += 1 / rank
        return sorted(weights, key=lambda name: -weights[name])[:3]

    @property
    def passages(self) -> list[Span]:
        """The closest passages of the most typical question."""
        typical = next((one for one in self.asked if one.question == self.question and one.nearest), None)
        return list(typical.nearest[:PASSAGES]) if typical else []


def unanswered(config: Config) -> list[Asked]:
    """Return all questions without a sure answer that may be shown, oldest first."""
    waiting = feedback.pending(config.index)
    asked = [_reported(said) for said in waiting if said.status in ("abstained", "unsure")]
    if config.keep_unanswered:
        reported = {said.answer_id for said in waiting}
        stored = (one for archive in _archives(config) for one in archive.stored())
        asked += [_kept(one) for one in stored if one.answer.status != "answered" and one.id not in reported]
    return sorted(asked, key=lambda one: one.at)


def gaps(config: Config, embedder: Embedder) -> list[Gap]:
    """Return the groups, those asked most and last first.

    Raises:
        ModelError: the embedder can't be used.
    """
    notes = _notes(config.index)
    groups = [_noted(gap, notes) for gap in _grouped(unanswered(config), embedder)]
    noted = {one.question for gap in groups for one in gap.asked}
    alone = [Gap(question, (), text) for question, text in notes.items() if question not in noted]
    return sorted([*groups, *alone], key=lambda gap: (len(gap.asked), gap.last), reverse=True)


def forget(config: Config, ids: Collection[str]) -> None:
    """Delete questions: the stored answers, so that links to them end, and feedback."""
    for archive in _archives(config):
        archive.remove(ids)
    feedback.remove(config.index, ids)


def note(folder: Path, questions: Sequence[str], text: str) -> None:
    """Keep ``text`` with a group, whose most typical question comes first, in place of its earlier notes.

    An empty text only deletes. ``folder`` is the index's.
    """
    with FileLock(folder / f"{FILE}.lock"):
        kept = {question: note for question, note in _notes(folder).items() if question not in questions}
        kept |= {questions[0]: text.strip()} if text.strip() else {}
        write_whole(folder / FILE, json.dumps(kept, ensure_ascii=False, indent=1) + "\n")


def as_csv(found: Iterable[Gap]) -> str:
    """Return the groups as CSV (RFC 4180), a line each; no cell is taken for a formula by a spreadsheet."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(["question", "count", "last", "nearest documents", "note", "all questions"])
    for gap in found:
        others = list(dict.fromkeys(one.question for one in gap.asked))
        cells = [gap.question, len(gap.asked), gap.last, "; ".join(gap.documents), gap.note, " | ".join(others)]
        writer.writerow(
            [f"'{cell}" if str(cell).startswith(("=", "+", "-", "@", "\t", "\r")) else cell for cell in cells]
        )
    return out.getvalue()


def _archives(config: Config) -> tuple[Archive, Archive]:
    return Archive(config.index), Archive(config.index, folder=UNANSWERED)


def _kept(stored: Stored) -> Asked:
    answer = stored.answer
    passages = (item.passage for item in answer.evidence)
    nearest = tuple(Span(passage.document, passage.start, passage.end, passage.text) for passage in passages)
    question = " ".join((answer.query or answer.question).split())
    return Asked(stored.id, question, answer.status, stored.at.isoformat(timespec="seconds"), nearest)


def _reported(said: Feedback) -> Asked:
    return Asked(said.id, " ".join(said.question.split()), said.status, said.at, said.citations)


def _grouped(asked: Sequence[Asked], embedder: Embedder) -> list[Gap]:
    """Return the groups of questions: average linkage (Sokal and Michener, 1958), cut at ``NEAR``."""
    from scipy.cluster.hierarchy import fcluster, linkage

    same: dict[str, list[Asked]] = {}
    for one in reversed(asked):  # The newest first.
        same.setdefault("".join(filter(str.isalnum, one.question.lower())), []).append(one)
    alike = list(same.values())[:MOST]
    if not alike:
        return []
    likeness = _likeness([group[0].question for group in alike], embedder)
    distances = 1 - likeness[np.triu_indices(len(alike), 1)]
    labels = fcluster(linkage(distances, "average"), 1 - NEAR, "distance") if len(alike) > 1 else np.ones(1)
    return [_gap(alike, likeness, np.flatnonzero(labels == label)) for label in np.unique(labels)]


def _likeness(questions: Sequence[str], embedder: Embedder) -> Vectors:
    """Return how alike each two questions are: 1 for the same, 0 for the mean of unrelated ones; at most 1."""
    vectors = embedder.embed_passages([*UNRELATED, *questions])
    apart, vectors = vectors[: len(UNRELATED)], vectors[len(UNRELATED) :]
    usual = (apart @ apart.T)[np.triu_indices(len(apart), 1)].mean()
    return np.asarray(np.minimum((vectors @ vectors.T - usual) / (1 - usual), 1), dtype=np.float32)


def _gap(alike: Sequence[Sequence[Asked]], likeness: Vectors, members: NDArray[np.intp]) -> Gap:
    """Return a group; its most typical question is the one most like the others, each as often as it was asked."""
    weights = np.array([len(alike[n]) for n in members])
    typical = members[np.argmax(likeness[np.ix_(members, members)] @ weights)]
    asked = sorted((one for n in members for one in alike[n]), key=lambda one: one.at, reverse=True)
    return Gap(alike[typical][0].question, tuple(asked))


def _noted(gap: Gap, notes: Mapping[str, str]) -> Gap:
    texts = dict.fromkeys(notes[one.question] for one in gap.asked if one.question in notes)
    return replace(gap, note="\n".join(texts))


def _notes(folder: Path) -> dict[str, str]:
    """Return the notes, by the question that they were made on."""
    file = folder / FILE
    return dict(json.loads(file.read_text(encoding="utf-8"))) if file.exists() else {}
