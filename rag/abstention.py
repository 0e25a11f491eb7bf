"""Abstention: two probabilities that decide whether to answer, from signals that anyone can check.

After the evidence is read: how likely is it that the documents answer the question? If it is unlikely, no draft is
written. After the draft: how likely is it that this answer is right?
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from rag.catalogue import words_of
from rag.citations import Checked, Claim, quote
from rag.text.language import YES_NO
from rag.text.words import Word, content_words, found
from rag.types import Evidence, Prompt
from rag.verification.alignment import WEIGHTS, heading

__all__ = [
    "Coefficients",
    "confidence",
    "draft_signals",
    "have_same_signals",
    "is_hollow",
    "load_coefficients",
    "missing_words",
    "signals",
    "without_echoes",
]

COEFFICIENTS = Path(__file__).parent / "data" / "abstention.json"

Coefficients = dict[str, dict[str, float]]
"""For each stage, ``read`` and ``drafted``, the coefficients of its signals and an ``intercept``."""


def signals(prompt: Prompt, frequency: Callable[[str], int], yes: float) -> dict[str, float]:
    """Return signals that the evidence in ``prompt`` holds an answer to its question.

    - ``yes``: the difference between the model's log-probabilities of yes and no when asked whether it does;
    - ``alone``: 1 if only one passage is read, which lowers that difference; otherwise 0;
    - ``after``: 1 if the question refers back to another one, which lowers it too;
    - ``dense``: the best cosine of a passage;
    - ``unknown``: 1 if a name, number or date is nowhere in the index; ``frequency`` counts the passages with a word.
    """
    missing = missing_words(prompt.searched, prompt.evidence)
    return {
        "yes": yes,
        "alone": float(len(prompt.evidence) == 1),
        "after": float(bool(prompt.earlier)),
        "dense": max((item.dense for item in prompt.evidence), default=0.0),
        "unknown": float(any(word.kind != "word" and frequency(word.text) == 0 for word in missing)),
    }


def draft_signals(prompt: Prompt, claims: Sequence[Claim], kept: Checked) -> dict[str, float]:
    """Return signals from the ``claims`` of a draft, of which those in ``kept`` have support.

    - ``supported``: the mean support of the claims, 0 for those that were dropped;
    - ``joint``: how much of the question one statement with the draft's values contains (see :class:`Support`);
    - ``on_it``: the share of the question's words in the cited sentences and their headings;
    - ``hollow``: 1 if the draft only repeats the question.
    """
    spans = [span for _, support in kept for span in support.spans]
    cited = [f"{heading(span.evidence.passage)} {quote(span)}" for span in spans]
    forms = frozenset(word.form for text in cited for word in content_words(text))
    asked = content_words(prompt.searched)
    return {
        "supported": sum(support.score for _, support in kept) / max(1, len(claims)),
        "joint": sum(support.joint for _, support in kept) / max(1, len(claims)),
        "on_it": _weight([word for word in asked if found(word, forms)]) / max(1.0, _weight(asked)),
        "hollow": float(is_hollow([claim for claim, _ in kept], prompt)),
    }


def is_hollow(claims: Sequence[Claim], prompt: Prompt) -> bool:
    """Return whether ``claims`` only repeat the question.

    >>> asked = Prompt("", (), "When was the fair in Leeds?")
    >>> [is_hollow([Claim(text)], asked) for text in ("The fair was in Leeds.", "In May.", "Yes, it was in Leeds.")]
    [True, False, False]
    """
    words = [word for claim in claims for word in content_words(claim.text)]
    known = {word.form for word in content_words(prompt.query)}
    decides = any(claim.text.lower().split(",")[0].strip(" .!") in YES_NO for claim in claims)
    return not decides and all(found(word, known) for word in words)


def without_echoes(claims: Sequence[Claim], prompt: Prompt) -> list[Claim]:
    """Return ``claims`` without those that only repeat the question, unless all do; one with a colon introduces others.

    >>> asked = Prompt("", (), "We hire a van. What does the deposit cost?")
    >>> [claim.text for claim in without_echoes([Claim("We hire a van."), Claim("The deposit costs £50.")], asked)]
    ['The deposit costs £50.']
    """
    telling = [claim for claim in claims if claim.text.endswith(":") or not is_hollow([claim], prompt)]
    return telling or list(claims)


def _weight(words: Sequence[Word]) -> float:
    return sum(WEIGHTS[word.kind] for word in {word.form: word for word in words}.values())


def missing_words(question: str, evidence: Sequence[Evidence]) -> list[Word]:
    """Return the content words of ``question`` that are in no passage of ``evidence``, in order, without duplicates."""
    forms = frozenset[str]().union(*(words_of(item.passage) for item in evidence))
    return list({word.form: word for word in content_words(question) if not found(word, forms)}.values())


def confidence(values: Mapping[str, float], coefficients: Mapping[str, float]) -> float:
    """Return the probability that ``coefficients`` predict: a logistic function of the signals.

    ``1 / (1 + exp(-(intercept + sum of coefficient times signal)))``.
    """
    total = coefficients["intercept"]
    total += sum(weight * values[name] for name, weight in coefficients.items() if name != "intercept")
    return 1 / (1 + math.exp(-max(-50.0, min(50.0, total))))


def have_same_signals(one: Mapping[str, Any], other: Coefficients) -> bool:
    """Return whether coefficients, perhaps from another version, have the same stages and signals."""
    return one.keys() == other.keys() and all(
        isinstance(names, dict) and names.keys() == other[stage].keys() for stage, names in one.items()
    )


def load_coefficients(file: Path = COEFFICIENTS) -> Coefficients:
    """Return the coefficients of :func:`confidence`; the file says how, on what and when they were fitted."""
    table: Coefficients = json.loads(file.read_text(encoding="utf-8"))["coefficients"]
    return table
