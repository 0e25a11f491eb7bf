"""From a draft's claims to the spans that stand behind them, and the decision to answer or to abstain.

Everything here can be checked by hand: a claim is supported by the share of its content words that are found in the
span, where numbers, dates and names weigh more and must be found in the passage at all. It is lexical support, not
proof: it says that the source has these words, names and figures together, not that it means the same.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from rag.citations import Claim, Support
from rag.sentences import sentences
from rag.types import Evidence
from rag.words import Word, content_words, found

__all__ = ["confidence", "load_coefficients", "missing_words", "signals", "support"]

COEFFICIENTS = Path(__file__).parent / "data" / "abstention.json"

WEIGHTS = {"word": 1.0, "name": 2.0, "number": 2.0, "date": 2.0}
ASKED = 0.25
"""Weight of a word that the question already holds: an answer repeats it, and the source need not."""
UNFOUND = 0.3
"""Highest support of a claim with a number, date or name that its passage does not hold."""
WINDOW = 3
"""Most neighbouring sentences that are quoted together."""
LONGER = 0.02
"""What each further sentence must gain to be quoted too."""
NAMED = 0.05
"""What the model's own mark counts for its passage."""


@dataclass(frozen=True, slots=True)
class _Source:
    """A passage of evidence cut into sentences: their spans in the passage and the forms of their words."""

    evidence: Evidence
    spans: list[tuple[int, int]]
    forms: list[frozenset[str]]
    around: frozenset[str]


def support(claims: Sequence[Claim], evidence: Sequence[Evidence], question: str) -> list[Support | None]:
    """Return for each claim the span that matches it best, with its score from 0 to 1; ``None`` where nothing does."""
    asked = {word.form for word in content_words(question)}
    sources = [_source(item) for item in evidence]
    return [_best(claim, sources, asked) for claim in claims]


def _source(evidence: Evidence) -> _Source:
    passage = evidence.passage
    spans = sentences(passage.text)
    forms = [frozenset(word.form for word in content_words(passage.text[a:b])) for a, b in spans]
    around = frozenset(word.form for word in content_words(f"{passage.title}. {passage.section}."))
    return _Source(evidence, spans, forms, around.union(*forms))


def _best(claim: Claim, sources: Sequence[_Source], asked: set[str]) -> Support | None:
    words = content_words(claim.text)
    best: tuple[float, Support] | None = None
    for source in sources:
        named = NAMED if source.evidence.rank in claim.marks else 0.0
        for length in range(1, WINDOW + 1):
            for first in range(len(source.spans) - length + 1):
                score = _score(words, frozenset().union(*source.forms[first : first + length]), source.around, asked)
                rank = score + named - LONGER * (length - 1)
                if score > 0 and (best is None or rank > best[0]):
                    offset = source.evidence.passage.start
                    start, end = source.spans[first][0], source.spans[first + length - 1][1]
                    best = rank, Support(source.evidence, offset + start, offset + end, score)
    return best[1] if best else None


def _score(words: Sequence[Word], span: frozenset[str], around: frozenset[str], asked: set[str]) -> float:
    """Return the weighted share of ``words`` found in ``span``, capped where one that matters is nowhere around."""
    total = got = 0.0
    cap = 1.0
    for word in words:
        weight = WEIGHTS[word.kind] * (ASKED if word.form in asked else 1.0)
        total += weight
        if found(word, span):
            got += weight
        elif word.kind != "word" and not found(word, around):
            cap = UNFOUND
    return min(got / total, cap) if total else 0.0


def signals(
    question: str, evidence: Sequence[Evidence], frequency: Callable[[str], int], yes: float
) -> dict[str, float]:
    """Return what speaks for and against the evidence holding an answer to ``question``.

    ``yes`` is the difference of the model's log-probabilities of yes and no when asked; ``dense`` the best cosine;
    ``missing`` the weighted share of the question's content words that the evidence lacks; ``unknown`` is 1 where a
    name, number or date of the question occurs nowhere in the index, ``unknown_word`` where another word does not.
    """
    words = content_words(question)
    missing = missing_words(question, evidence)
    nowhere = [word for word in missing if frequency(word.text) == 0]
    total = sum(WEIGHTS[word.kind] for word in words)
    return {
        "yes": yes,
        "dense": max((item.dense for item in evidence), default=0.0),
        "missing": sum(WEIGHTS[word.kind] for word in missing) / total if total else 0.0,
        "unknown": float(any(word.kind != "word" for word in nowhere)),
        "unknown_word": float(any(word.kind == "word" for word in nowhere)),
    }


def missing_words(question: str, evidence: Sequence[Evidence]) -> list[Word]:
    """Return the content words of ``question`` that no passage of ``evidence`` holds, in order, each once."""
    texts = [f"{item.passage.title}. {item.passage.section}. {item.passage.text}" for item in evidence]
    forms = frozenset(word.form for text in texts for word in content_words(text))
    return list({word.form: word for word in content_words(question) if not found(word, forms)}.values())


def confidence(values: Mapping[str, float], coefficients: Mapping[str, float]) -> float:
    """Return the probability that the documents answer the question: a logistic function of the signals.

    ``1 / (1 + exp(-(intercept + sum of coefficient times signal)))``
    """
    total = coefficients["intercept"] + sum(coefficients[name] * value for name, value in values.items())
    return 1 / (1 + math.exp(-max(-50.0, min(50.0, total))))


def load_coefficients(file: Path = COEFFICIENTS) -> dict[str, float]:
    """Return the coefficients of :func:`confidence`; the file says how, on what and when they were fitted."""
    table: dict[str, float] = json.loads(file.read_text(encoding="utf-8"))["coefficients"]
    return table
