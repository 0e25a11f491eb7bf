"""Run a test set: search, answer, score. Finished work is kept.

retrieval for every question -> answers for the chosen ones -> scores -> results
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from eval import collection, runs, scoring
from eval.asking import Asking
from eval.conditions import condition, evidence_under, has_gold
from eval.journal import Journal, RunError
from eval.questions import Question
from eval.retrieval_metrics import DOCUMENT_CUTOFFS, document_found, gold_found, retrieval_scores
from eval.sets import KnownAnswerSet, sample
from eval.summary import summarise
from rag import prompts
from rag.assistant import SETTINGS
from rag.config import Config
from rag.followups import search_query
from rag.ingest import Progress
from rag.ports import Embedder, Generator, Index, Reranker
from rag.rerankers import open_reranker
from rag.retrieval.hybrid import retrieve
from rag.retrieval.reranking import described
from rag.types import Evidence, Passage

__all__ = ["RETRIEVERS", "Selection", "default_folder", "identity_of", "run"]

RETRIEVERS = {"retrieval": None, "bm25": 0.0, "dense": 1.0}
"""Ways of searching, and the weight of the dense score in each; None is the configured weight."""
ROW = (
    *("id", "question", "kind", "genre", "language", "answerable", "cluster", "split"),
    *("answers", "facts", "never", "match", "documents"),
)
"""Fields of a question that are kept in ``questions.jsonl``."""
DEPTH = 20
"""Passages kept of each ranking."""


@dataclass(frozen=True, slots=True)
class Selection:
    """Which questions to use: those of a ``split``; to answer, ``limit`` of them chosen by ``seed``, or ``only`` these
    ids.

    With a ``condition`` (its name in ``eval.conditions``), those that have gold, answered from composed evidence.
    """

    split: str = ""
    limit: int | None = None
    seed: int = 0
    condition: str = ""
    only: tuple[str, ...] = ()

    def searched(self, known: KnownAnswerSet) -> tuple[Question, ...]:
        """Return the questions to search for. Raises ``RunError`` if there are none."""
        chosen = tuple(q for q in known.questions if not self.split or q.split == self.split)
        if not chosen:
            raise RunError(f"The set {known.name} has no question of the split {self.split!r}.")
        return chosen

    def answered(self, known: KnownAnswerSet) -> tuple[Question, ...]:
        """Return the questions to answer. Raises ``RunError`` if there are none."""
        if self.limit is not None and self.limit < 1:
            raise RunError(f"--limit must be at least 1, not {self.limit}. To run without a model, use --no-llm.")
        chosen = tuple(q for q in self.searched(known) if not self.only or q.id in self.only)
        if self.condition:
            condition(self.condition)  # report an unknown name early
            chosen = tuple(filter(has_gold, chosen))
            if not chosen:
                raise RunError(f"No question of the set {known.name} has gold to compose evidence from.")
        return chosen if self.limit is None else sample(chosen, self.limit, self.seed)


def identity_of(
    known: KnownAnswerSet, selection: Selection, config: Config, embedder: Embedder, generator: Generator | None
) -> dict[str, Any]:
    """Return the identity of a run: only a run with the same one can be continued."""
    questions = [dataclasses.asdict(question) for question in selection.searched(known)]
    return {
        "set": known.name,
        "documents": collection.content_hash(known.documents),
        "questions": hashlib.sha256(json.dumps(questions, sort_keys=True).encode()).hexdigest(),
        "selection": dataclasses.asdict(selection),
        "embedder": {"name": embedder.name, "sha256": embedder.fingerprint},
        "generator": {"name": generator.name, "sha256": generator.fingerprint} if generator else None,
        **described(open_reranker(config), config),
        "prompt": prompts.load(config.prompt).fingerprint if generator else None,
        "settings": {name: getattr(config, name) for name in SETTINGS},
    }


def default_folder(parent: Path, identity: Mapping[str, Any]) -> Path:
    """Return the folder of the run with this identity and the current code: the same command finds it again."""
    made = json.dumps([identity, collection.code_hash()], sort_keys=True)
    names = [identity["set"], identity["selection"]["condition"], hashlib.sha256(made.encode()).hexdigest()[:8]]
    return parent / "-".join(filter(None, names))


def run(
    known: KnownAnswerSet,
    selection: Selection,
    config: Config,
    embedder: Embedder,
    generator: Generator | None,
    folder: Path,
    indexes: Path,
    progress: Progress | None = None,
    given: Mapping[str, Sequence[Evidence]] | None = None,
) -> runs.Run:
    """Start or continue the run in ``folder``, and return it when finished.

    Without a ``generator`` no question is answered. ``given`` is the evidence of each question by id, instead of
    retrieved or composed evidence. ``indexes`` is where the index of the set's documents is kept.

    Raises:
        RunError: the folder holds another run, or the set's documents can't be read.
    """
    tell = progress or _silent
    selection.answered(known)  # report a mistake in it early
    if selection.condition and generator is None:
        raise RunError("A condition needs answers. Leave out --condition or --no-llm.")
    identity = identity_of(known, selection, config, embedder, generator)
    with (
        runs.started(folder, identity, {"machine": runs.machine(config)}, collection.code_hash()),
        collection.opened_index(known, config, embedder, indexes, tell) as index,
    ):
        searched = selection.searched(known)
        passages, texts = collection.every_passage(index), collection.Texts(index)
        found = _search(searched, index, config, embedder, folder, tell)
        answered = dict[str, Any]()
        if generator:
            questions, composed = selection.answered(known), selection.condition and condition(selection.condition)
            if composed and given is None:
                given = {q.id: evidence_under(composed, q, passages, index, embedder, config) for q in questions}
            answered = Asking(index, embedder, generator, config).ask(questions, folder / runs.ANSWERS, tell, given)
        searched_scores = _retrieval_scores(searched, found, passages, config.evidence)
        rows = [_row(q, searched_scores[q.id], answered.get(q.id), texts) for q in searched]
        return runs.finish(folder, rows, summarise(rows, found, answered, generator is not None))


def _search(
    questions: Sequence[Question],
    index: Index,
    config: Config,
    embedder: Embedder,
    folder: Path,
    tell: Progress,
) -> dict[str, Any]:
    """Search for each question in every way, and return the records by id."""
    remembering = cast(Embedder, collection.CachedQuery(embedder))
    remembering.embed_query("warm up")  # otherwise the first question would pay for loading the model
    reranker = open_reranker(config)
    with Journal(folder / runs.RETRIEVAL) as journal:
        for number, question in enumerate(questions, start=1):
            if question.id not in journal.records:
                journal.append(_searched(question, index, config, remembering, reranker))
            tell("retrieval", number, len(questions), question.id)
        return journal.records


def _searched(
    question: Question, index: Index, config: Config, embedder: Embedder, reranker: Reranker | None
) -> dict[str, Any]:
    query = search_query(question.question, question.history)
    record: dict[str, Any] = {"id": question.id, "query": query}
    for name, weight in RETRIEVERS.items():
        share = config.dense_weight if weight is None else weight
        ordered_by = (reranker, config.reranked) if weight is None else ()
        begin = time.perf_counter()
        found = retrieve(query, index, embedder, DEPTH, max(config.candidates, DEPTH), share, None, *ordered_by)
        record.setdefault("cost", {"seconds": round(time.perf_counter() - begin, 4)})
        record[name] = [
            [item.passage.document, item.passage.start, item.passage.end, round(item.score, 6)] for item in found
        ]
    record["cost"] = record.pop("cost")
    return record


def _retrieval_scores(
    questions: Sequence[Question], found: Mapping[str, Any], passages: Sequence[Passage], evidence: int
) -> dict[str, scoring.Scores]:
    """Return the scores of every way of searching by question id; ``found`` says whether the evidence is sufficient."""
    scores: dict[str, scoring.Scores] = {question.id: {} for question in questions}
    for name in RETRIEVERS:
        rankings = {id_: _run(record[name]) for id_, record in found.items()}
        for id_, metrics in retrieval_scores(questions, rankings, passages).items():
            scores[id_] |= {f"{name}.{metric}": value for metric, value in metrics.items()}
        for question in questions:
            ranking = rankings[question.id]
            if question.gold:
                scores[question.id][f"{name}.found"] = float(gold_found(ranking[:evidence], question))
            if question.sources:
                among = {k: document_found(ranking[:k], question) for k in DOCUMENT_CUTOFFS}
                scores[question.id] |= {f"{name}.document@{k}": float(is_there) for k, is_there in among.items()}
    return scores


def _row(
    question: Question,
    scores: scoring.Scores,
    record: Mapping[str, Any] | None,
    texts: Mapping[str, str],
) -> dict[str, Any]:
    """Return the record of a question for ``questions.jsonl``: outcome, failed stage, and all scores."""
    row = {name: getattr(question, name) for name in ROW}
    row["gold"] = [[span.document, span.start, span.end] for span in question.gold]
    if record is None:
        return row | {"status": None, "path": None, "confidence": None, "lost": None, "scores": _rounded(scores)}
    answer = scoring.answer_from(record)
    # Scored again, so that a metric can be fixed without asking the model again.
    scores = scores | scoring.answer_scores(question, answer, texts)
    return row | {
        "status": answer.status if answer else "failed",
        "path": answer.path if answer else "failed",
        "confidence": answer.confidence if answer else None,
        "lost": scoring.lost(question, answer, scores),
        "scores": _rounded(scores),
    }


def _rounded(scores: scoring.Scores) -> scoring.Scores:
    return {name: None if value is None else round(value, 6) for name, value in scores.items()}


def _run(found: Iterable[Sequence[Any]]) -> list[Passage]:
    return [Passage(document, start, end, "") for document, start, end, _ in found]


def _silent(step: str, done: int, total: int, name: str) -> None:
    """Ignore progress."""
