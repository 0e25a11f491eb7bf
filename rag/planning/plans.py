"""Query planning: is a question about documents as a whole, and which operation answers it?

Most questions aren't, and shouldn't pay for planning: cue words (:mod:`rag.planning.cues`) decide whether the language
model is asked at all. It chooses an operation in one decode and, unless that is ``none``, writes a small plan in a
grammar whose names and topics are words of the question.
"""

from __future__ import annotations

import functools
import json
import math
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal, get_args

from rag.catalogue import Titles, matches, stems
from rag.planning import cues
from rag.ports import Completion, Generator, Stop
from rag.tasks import TaskFile
from rag.text.words import content_words

__all__ = ["FIELDS", "OPERATIONS", "Operation", "Plan", "Planner", "grammar", "parse", "possible"]

Operation = Literal["none", "mention", "count", "first", "last", "order", "compare", "each", "summarise"]
OPERATIONS: tuple[Operation, ...] = get_args(Operation)
FIELDS: dict[Operation, str] = {
    "none": "",
    "mention": "topic documents?",
    "count": "topic? documents?",
    "first": "topic? documents? question?",
    "last": "topic? documents? question?",
    "order": "topic? documents?",
    "compare": "documents question?",
    "each": "documents? question",
    "summarise": "topic? documents?",
}
"""The fields of an operation, optional ones with ``?``, in the order in which they are written."""
LIMIT = 80
"""Most tokens of a plan."""
LEAST: dict[Operation, float] = {"count": 0.5, "mention": 0.45, "each": 0.45, "summarise": 0.3}
USUAL_LEAST = 0.4
"""Probability from which an operation is chosen; below it, the question is an ordinary one.

Words for a summary are hardly ever ambiguous; "how many" often is.
"""
LEAST_OF_ALL = 0.1
"""Least probability among all operations, whether the words allow them or not."""
REACH = 4
"""Number of words after "which" or "first" in which a document name is searched."""
LONG = 4
"""Shortest word that may name what documents are compared by."""
OF = frozenset("of von de del des".split())
"""Words between what is counted and what it is a part of."""
TOKEN = re.compile(r"[^\W_]+(?:[-'’][^\W_]+)*")


@dataclass(frozen=True, slots=True)
class Plan:
    """A plan: ``operation`` on the ``documents`` as the question names them (all, if there are none).

    ``topic`` is what they must mention (anything, if empty), ``question`` what each of them is asked. ``signals`` say
    how certain the plan is: the probability of the operation against an ordinary question and other allowed operations
    (``operation``), against all operations (``among_all``), and of having a plan at all (``planned``).
    """

    operation: Operation
    topic: str = ""
    documents: tuple[str, ...] = ()
    question: str = ""
    signals: Mapping[str, float] = field(default_factory=dict, compare=False)


def possible(question: str, titles: Titles) -> frozenset[Operation]:
    """Return the operations on ``titles`` that the words of ``question`` allow; empty for an ordinary question."""
    tokens, kinds = _read(question, titles)
    lower = [token.lower() for token in tokens]
    named = len(titles.named_by(titles.names_in(question)))
    asked: set[Operation] = {operation for operation in OPERATIONS[1:] if _WORDS[operation] & set(lower)}
    picking = {token for place, token in enumerate(lower) if _picks(lower, place, kinds)}
    allowed = {name for name in asked & PICKED if picking & (_PICKS if name in ANYWHERE else _WORDS[name])}
    if picking and cues.words("when") & set(lower):
        allowed.add("order")
    if cues.words("needed") & set(lower):
        allowed.discard("mention")
    if named > 1:
        allowed |= {"compare", "each"}
    if cues.COMPARING & set(lower) or ("compare" in asked and (any(kinds) or named)):
        allowed.add("compare")
    if "summarise" in asked or (lower[-1:] == ["about"] and (any(kinds) or named)):
        allowed.add("summarise")
    return frozenset(allowed)


def _read(question: str, titles: Titles) -> tuple[list[str], list[bool]]:
    """Return the words of ``question``, and whether each is a kind of document."""
    tokens = [match[0] for match in TOKEN.finditer(question)]
    return tokens, [_is_kind(token.lower(), titles) for token in tokens]


def _is_kind(token: str, titles: Titles) -> bool:
    return any(titles.names_kind(word.form) for word in content_words(token))


def _picks(lower: Sequence[str], place: int, kinds: Sequence[bool]) -> bool:
    """Return whether the word at ``place`` selects documents: "which of the two reports".

    What "how many days of leave" counts are days, even if documents are named after the leave.
    """
    if lower[place] not in _PICKS:
        return False
    for behind in range(place + 1, min(place + 1 + REACH, len(lower))):
        counted = behind > place + 1 and lower[place] in _WORDS["count"]
        if lower[behind] in cues.AUXILIARIES or (counted and lower[behind] in OF):
            return False
        if kinds[behind]:
            return True
    return False


def _qualifiers(question: str, titles: Titles) -> frozenset[str]:
    """Return the stems between "how many" and a kind of document, which a plan must contain.

    What "how many printer service units" counts are no documents, even if some are about service units.
    """
    tokens, kinds = _read(question, titles)
    lower = [token.lower() for token in tokens]
    for place, token in enumerate(lower):
        if token in _WORDS["count"] and _picks(lower, place, kinds):
            return stems(" ".join(tokens[place + 1 : kinds.index(True, place + 1)]))
    return frozenset()


PICKED: frozenset[Operation] = frozenset({"mention", "count", "first", "last", "order", "each"})
"""Operations whose words come before the document names."""
ANYWHERE: frozenset[Operation] = frozenset({"first", "last", "order"})
"""Those whose words may also come after them: "which lease is the oldest"."""
_WORDS: dict[Operation, frozenset[str]] = {operation: cues.words(operation) for operation in OPERATIONS[1:]}
_PICKS = frozenset[str]().union(*(_WORDS[operation] for operation in PICKED))


def _asked(plan: Plan, question: str, titles: Titles) -> str:
    """Return the question to ask each document of ``plan``: the model's, if it uses words of ``question``.

    Empty if the question is which document comes first, or a comparison without a criterion.
    """
    tokens, kinds = _read(question, titles)
    lower = [token.lower() for token in tokens]
    which = _picks(lower, 0, kinds)
    if not plan.question or (plan.operation in {"first", "last"} and which):
        return ""
    cue, known = _WORDS[plan.operation], stems(question)
    written = {match[0].lower() for match in TOKEN.finditer(plan.question)}
    if all(matches(stem, known) for stem in stems(plan.question)) and not written & _WORDS["compare"]:
        return plan.question
    if plan.operation != "compare":
        return question
    named = stems(" ".join(plan.documents))
    left = [token for token in tokens if token.lower() not in cue and not stems(token) <= named and _tells(token)]
    return f"{' '.join(left)}?" if left else ""


def _tells(token: str) -> bool:
    """Return whether ``token`` is more than a function word of some language."""
    return len(token) >= LONG or not token.islower()


class Planner:
    """Plans questions with ``generator`` and the prompt ``task``."""

    def __init__(self, generator: Generator, task: TaskFile) -> None:
        self._generator = generator
        self._warm = False
        self.task = task

    def plan(self, question: str, titles: Titles, stop: Stop | None = None) -> Plan | None:
        """Return the plan for ``question``; ``None`` for an ordinary question.

        A generator without scores can't say how certain a plan is, so it treats every question as ordinary.
        """
        allowed = possible(question, titles)
        if not allowed or not self._generator.capabilities.scores:
            return None
        task = self.task.completion(question=" ".join(question.split()))
        operation, signals = self._operation(task, allowed, stop)
        if operation == "none":
            return None
        plan = self._written(task, operation, question, stop)
        if plan and operation == "count":
            written = stems(" ".join((plan.topic, *plan.documents)))
            plan = plan if _qualifiers(question, titles) <= written else None
        return plan and replace(plan, question=_asked(plan, question, titles), signals=signals)

    def _written(self, task: Completion, operation: Operation, question: str, stop: Stop | None) -> Plan | None:
        """Return the plan that the model writes; without a grammar, it is checked afterwards."""
        bound = self._generator.capabilities.grammar
        text = "".join(self._generator.complete(task, LIMIT, grammar(operation, question) if bound else "", stop))
        if bound:
            return parse(text)
        plan = parse(text.strip().partition("\n")[0])
        return plan if plan and plan.operation == operation and _is_of(plan, question) else None

    def warm(self, stop: Stop | None = None) -> None:
        """Precompute the attention states of the instructions."""
        if not self._warm:
            list(self._generator.complete(self.task.completion(question=""), 0, stop=stop))
            self._warm = not (stop and stop())

    def _operation(
        self, task: Completion, allowed: Collection[Operation], stop: Stop | None
    ) -> tuple[Operation, dict[str, float]]:
        """Return the likeliest ``allowed`` operation, or ``none``, and its probability."""
        scores = self._generator.score(task, [f" {operation}" for operation in OPERATIONS], stop)
        weights = {name: math.exp(score) for name, score in zip(OPERATIONS, scores, strict=True)}
        total, known = sum(weights.values()), sum(weights[name] for name in ("none", *allowed))
        best = max(sorted(allowed), key=lambda name: weights[name])
        share = weights[best] / known
        signals = {"operation": share, "among_all": weights[best] / total, "planned": total}
        is_meant = share >= LEAST.get(best, USUAL_LEAST) and signals["among_all"] >= LEAST_OF_ALL
        return best if is_meant else "none", signals


def _is_of(plan: Plan, question: str) -> bool:
    """Return whether topic and documents of ``plan`` are words of ``question``, as the grammar requires.

    >>> [_is_of(Plan("count", topic), "How many recipes use rye flour?") for topic in ("rye flour", "oats")]
    [True, False]
    """
    words = " ".join(question.split())
    return all(name in words for name in (plan.topic, *plan.documents))


# --- the language of plans


def parse(text: str) -> Plan | None:
    """Return the plan in ``text``; ``None`` if it is invalid or incomplete.

    >>> parse(" compare | documents: Leeds; York | question: Who chaired it?")
    Plan(operation='compare', topic='', documents=('Leeds', 'York'), question='Who chaired it?', signals={})
    """
    name, *parts = (part.strip() for part in text.split(" | "))
    operation: Operation = next((known for known in OPERATIONS if known == name), "none")
    values = dict(part.split(": ", 1) for part in parts if ": " in part)
    needed = [field for field in FIELDS[operation].split() if not field.endswith("?")]
    if operation == "none" or not all(values.get(field, "").strip() for field in needed):
        return None
    topic = values.get("topic", "").strip()
    names = (name.strip() for name in values.get("documents", "").split(";"))
    # A topic can't also be a document name; small models may repeat it.
    documents = tuple(dict.fromkeys(name for name in names if name and name != topic))
    return Plan(operation, topic, documents, values.get("question", "").strip())


def grammar(operation: Operation, question: str) -> str:
    """Return the grammar (GBNF) of plans for ``operation``: topics and documents are words of ``question``.

    >>> print(grammar("count", "How many?"))
    root ::= " count" (" | topic: " w0)? (" | documents: " w0 ("; " w0)*)?
    w0 ::= s0 | s1
    s0 ::= "How" (" " s1)?
    s1 ::= "many"
    """
    parts = [f'root ::= " {operation}"', *(_field(name) for name in FIELDS[operation].split())]
    rules = [" ".join(parts), *_spans(question)]
    return "\n".join(rules)


def _field(name: str) -> str:
    values = {"topic": "w0", "documents": 'w0 ("; " w0)*', "question": r"[^|\n]{4,160}"}
    plain = name.removesuffix("?")
    text = f'" | {plain}: " {values[plain]}'
    return f"({text})?" if plain != name else text


@functools.lru_cache(maxsize=64)
def _spans(question: str) -> tuple[str, ...]:
    """Return the rules for a run of words of ``question``, without punctuation at its ends."""
    return tuple(_rules(question.split()))


def _rules(words: Sequence[str]) -> Iterator[str]:
    yield "w0 ::= " + " | ".join(f"s{place}" for place in range(len(words)))
    for place, word in enumerate(words):
        bare = word.strip(".,;:!?\"'“”„«»()[]|") or word
        following = f' " " s{place + 1}'
        if place + 1 == len(words):
            yield f"s{place} ::= {_literal(bare)}"
        elif bare == word:
            yield f"s{place} ::= {_literal(word)} ({following.strip()})?"
        else:
            yield f"s{place} ::= {_literal(bare)} | {_literal(word)}{following}"


def _literal(text: str) -> str:
    """Return ``text`` as a literal of the grammar."""
    return json.dumps(text, ensure_ascii=False)
