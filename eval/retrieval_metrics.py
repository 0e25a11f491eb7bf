"""Retrieval metrics: was the right passage found? Ranking metrics on passages, and on characters of the gold spans.

Spans decide what is relevant (``holds``), so that any way of splitting passages can be measured with the same
questions. The ranking metrics are those of trec_eval, computed by ir-measures.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from eval.questions import Question
from eval.spans import Located, overlap, shared_characters, total_characters

__all__ = [
    "DOCUMENT_CUTOFFS",
    "RANKING_METRICS",
    "distractor_share",
    "distracts",
    "document_found",
    "gold_found",
    "holds",
    "passage_id",
    "passage_qrels",
    "ranking_scores",
    "retrieval_scores",
    "span_precision",
    "span_recall",
    "trec_order",
]

RANKING_METRICS = {
    "hit@1": "Success@1",
    "hit@3": "Success@3",
    "hit@5": "Success@5",
    "hit@10": "Success@10",
    "recall@5": "R@5",
    "recall@10": "R@10",
    "recall@20": "R@20",
    "mrr@10": "RR@10",
    "ndcg@10": "nDCG@10",
}
"""Our names of the ranking metrics, and those of ir-measures."""

DOCUMENT_CUTOFFS = (1, 3)
"""Cutoffs at which a passage of a right document is looked for."""

_NOWHERE = "(no passage contains it)"


def holds(passage: Located, gold: Located) -> bool:
    """Return whether ``passage`` is relevant: it contains the gold span, or enough of a long one.

    A gold span no longer than the passage must be contained. Half of a longer one is enough, or the whole passage if
    even half of the span is longer than the passage.

    >>> from eval.sets import Span
    >>> holds(Span("a", 0, 100), Span("a", 90, 100)), holds(Span("a", 0, 100), Span("a", 95, 105))
    (True, False)
    >>> holds(Span("a", 0, 100), Span("a", 40, 160)), holds(Span("a", 0, 100), Span("a", 41, 161))
    (True, False)
    """
    length, size = gold.end - gold.start, passage.end - passage.start
    wanted = length if length <= size else min(length / 2, size)
    return overlap(passage, gold) >= wanted


def passage_id(passage: Located) -> str:
    """Return the id of a passage in qrels and runs: ``document:start-end``."""
    return f"{passage.document}:{passage.start}-{passage.end}"


def passage_qrels(questions: Iterable[Question], passages: Iterable[Located]) -> dict[str, dict[str, int]]:
    """Return for each question with gold the passages that contain any of it, with the highest grade.

    If there is none (the gold crosses a boundary), a passage that is never found takes its place, so that the question
    counts as a miss instead of disappearing.

    >>> from eval.sets import Question, Span
    >>> question = Question("q", "?", True, gold=(Span("a", 5, 9), Span("a", 95, 105)))
    >>> passage_qrels([question], [Span("a", 0, 100), Span("a", 100, 200)])
    {'q': {'a:0-100': 1}}
    """
    by_document: dict[str, list[Located]] = {}
    for passage in passages:
        by_document.setdefault(passage.document, []).append(passage)
    qrels = {}
    for question in questions:
        judged: dict[str, int] = {}
        for gold in question.gold:
            for passage in by_document.get(gold.document, ()):
                if holds(passage, gold):
                    key = passage_id(passage)
                    judged[key] = max(gold.grade, judged.get(key, 0))
        if question.gold:
            qrels[question.id] = judged or {_NOWHERE: 1}
    return qrels


def gold_found(passages: Iterable[Located], question: Question) -> bool:
    """Return whether the passages contain enough gold: any of the spans, or all of them if all are needed."""
    found = [any(holds(passage, gold) for passage in passages) for gold in question.gold]
    return bool(found) and (all(found) if question.need == "all" else any(found))


def document_found(passages: Iterable[Located], question: Question) -> bool:
    """Return whether one of the passages belongs to a document that holds the answer.

    >>> from eval.questions import Span
    >>> document_found([Span("a", 0, 9), Span("b", 0, 9)], Question("q", "?", True, documents=("b",)))
    True
    """
    return any(passage.document in question.sources for passage in passages)


def distracts(passage: Located, question: Question) -> bool:
    """Return whether ``passage`` contains no gold character of the question."""
    return not any(overlap(passage, gold) for gold in question.gold)


def distractor_share(passages: Sequence[Located], question: Question) -> float | None:
    """Return the share of ``passages`` that are distractors, or None without passages.

    One of two passages contains gold:

    >>> from eval.sets import Question, Span
    >>> distractor_share([Span("a", 0, 9), Span("a", 9, 20)], Question("q", "?", True, gold=(Span("a", 4, 6),)))
    0.5
    """
    return sum(distracts(passage, question) for passage in passages) / len(passages) if passages else None


def span_recall(passages: Iterable[Located], gold: Iterable[Located]) -> float:
    """Return the share of the gold characters that are in the passages.

    ``|R ∩ G| / |G|`` where R and G are the sets of characters retrieved and gold (LegalBench-RAG; Chroma's evaluation
    of chunking). Here 10 of 20 gold characters were retrieved, and 10 of 40 retrieved ones are gold:

    >>> from eval.sets import Span
    >>> passages, gold = [Span("a", 0, 30), Span("a", 20, 40)], [Span("a", 30, 50)]
    >>> span_recall(passages, gold), span_precision(passages, gold)
    (0.5, 0.25)
    """
    gold = list(gold)
    return shared_characters(passages, gold) / max(1, total_characters(gold))


def span_precision(passages: Iterable[Located], gold: Iterable[Located]) -> float:
    """Return the share of the retrieved characters that are gold, ``|R ∩ G| / |R|`` (0 for nothing)."""
    passages = list(passages)
    return shared_characters(passages, gold) / max(1, total_characters(passages))


def ranking_scores(
    qrels: Mapping[str, Mapping[str, int]], runs: Mapping[str, Sequence[str]]
) -> dict[str, dict[str, float]]:
    """Return the ``RANKING_METRICS`` of each question of ``qrels``; ``runs`` hold its passages, best first.

    With ``g_i`` the grade of the passage at rank i (0 where not judged) and R the relevant passages of the question:

    - ``hit@k = 1`` where a ``g_i > 0`` with i <= k, else 0;
    - ``recall@k = |{i <= k: g_i > 0}| / |R|``;
    - ``mrr@10 = 1 / (the first i <= 10 with g_i > 0)``, or 0;
    - ``ndcg@10 = DCG / ideal DCG``, ``DCG = sum over i <= 10 of g_i / log2(i + 1)``, the ideal one being that of R in
      descending grades (Järvelin and Kekäläinen 2002, with linear gain as in trec_eval).

    Two passages are relevant; one is found, at rank 2: ndcg is (1 / log2 3) / (1 + 1 / log2 3) = 0.631 / 1.631.

    >>> scores = ranking_scores({"q": {"b": 1, "z": 1}}, {"q": ["a", "b", "c"]})["q"]
    >>> scores["hit@1"], scores["hit@3"], scores["recall@5"], scores["mrr@10"], round(scores["ndcg@10"], 3)
    (0.0, 1.0, 0.5, 0.5, 0.387)

    A question without a run scores 0. A passage named twice counts at its first rank.
    """
    import ir_measures

    names = {ir_measures.parse_measure(theirs): ours for ours, theirs in RANKING_METRICS.items()}
    scored = {
        question: {id_: float(-rank) for rank, id_ in enumerate(dict.fromkeys(run))}
        for question, run in runs.items()
        if run and question in qrels
    }
    scores = {question: dict.fromkeys(RANKING_METRICS, 0.0) for question in qrels}
    if scored:
        judged = {question: dict(qrels[question]) for question in scored}
        for metric in ir_measures.iter_calc(list(names), judged, scored):
            scores[metric.query_id][names[metric.measure]] = float(metric.value)
    return scores


def retrieval_scores(
    questions: Sequence[Question],
    runs: Mapping[str, Sequence[Located]],
    passages: Iterable[Located],
    cutoffs: Sequence[int] = (3, 5, 10),
) -> dict[str, dict[str, float]]:
    """Return every retrieval metric of every question that has gold.

    ``runs`` are the retrieved passages by question id, best first; ``passages`` all those of the collection. In
    addition to ``RANKING_METRICS``, each of the ``cutoffs`` has ``span_recall@k``, ``span_precision@k`` and
    ``all_gold@k``: 1 if each of the gold spans is in one of the first k passages.
    """
    ids = {question: [passage_id(passage) for passage in run] for question, run in runs.items()}
    scores = ranking_scores(passage_qrels(questions, passages), ids)
    for question in questions:
        run = runs.get(question.id, ())
        for k in cutoffs if question.gold else ():
            top = run[:k]
            held = all(any(holds(passage, gold) for passage in top) for gold in question.gold)
            scores[question.id][f"all_gold@{k}"] = float(held)
            scores[question.id][f"span_recall@{k}"] = span_recall(top, question.gold)
            scores[question.id][f"span_precision@{k}"] = span_precision(top, question.gold)
    return scores


def trec_order(scores: Mapping[str, float]) -> list[str]:
    """Sort ids as trec_eval does: by score, and by id if scores are equal, both descending.

    For runs of other tools; ours are already sorted.

    >>> trec_order({"a": 1.0, "b": 2.0, "c": 1.0})
    ['b', 'c', 'a']
    """
    return sorted(scores, key=lambda id_: (scores[id_], id_), reverse=True)
