"""Whether to answer: how likely it is that the evidence holds an answer, from signals that anybody can look at."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from rag.collection.catalogue import words_of
from rag.types import Evidence, Prompt
from rag.words import Word, content_words, found

__all__ = ["confidence", "load_coefficients", "missing_words", "signals"]

COEFFICIENTS = Path(__file__).parent / "data" / "abstention.json"

WHAT_IS = re.compile(r"(?:what|who)(?:'s|’s| is| are| was| were)(?: an?| the)? (.{2,60}?)\s*[?.]*", re.IGNORECASE)
IS_ONE = (
    r"[\"”’)]*(?:\s\([^)]*\))?(?:\s+[-–—]\s+|,\s+|\s+(?:is|are|was|were|means|refers to|stands for)\s+)"
    r"(?:also |now |still )?(?:an?|the|one of|any|those)\b"
)
"""What follows a name in a sentence that says what it is."""


def signals(prompt: Prompt, frequency: Callable[[str], int], yes: float) -> dict[str, float]:
    """Return what speaks for and against the evidence in ``prompt`` holding an answer to its question.

    ``yes`` is the difference of the model's log-probabilities of yes and no when asked, which is lower where it reads
    one passage ``alone`` (1, otherwise 0), and where the question comes ``after`` another that it refers back to
    (1, otherwise 0); ``dense`` is the best cosine; ``defined`` is 1 where it is asked what something is and a sentence
    says that it is this or that; ``unknown`` is 1 where a name, number or date of the question occurs nowhere in the
    index, whose passages with a word ``frequency`` counts.
    """
    evidence = prompt.evidence
    missing = missing_words(prompt.query, evidence)
    return {
        "yes": yes,
        "alone": float(len(evidence) == 1),
        "after": float(bool(prompt.earlier)),
        "dense": max((item.dense for item in evidence), default=0.0),
        "defined": float(any(_defines(item.passage.text, prompt.question) for item in evidence)),
        "unknown": float(any(word.kind != "word" and frequency(word.text) == 0 for word in missing)),
    }


def _defines(text: str, question: str) -> bool:
    """Tell whether ``text`` says what that is for which ``question`` asks.

    >>> _defines("Nightrider - a service that volunteers run.", "What is the Nightrider?")
    True
    """
    asked = WHAT_IS.fullmatch(question.strip())
    if not asked:
        return False
    name = r"\s+".join(map(re.escape, asked[1].split()))
    return re.search(rf"\b{name}s?{IS_ONE}", text, re.IGNORECASE) is not None


def missing_words(question: str, evidence: Sequence[Evidence]) -> list[Word]:
    """Return the content words of ``question`` that no passage of ``evidence`` holds, in order, each once."""
    forms = frozenset[str]().union(*(words_of(item.passage) for item in evidence))
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
