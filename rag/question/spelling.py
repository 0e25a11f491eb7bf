"""Mistyped names and words of a question, put right from the passages found for it.

Retrieval finds the passage of ``demetria cacafranka`` by the words that are right; the language model and the checks
after it then stumble over the one that is not. No dictionary is needed, and none would know the names.
"""

from __future__ import annotations

import itertools
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from rag.types import Evidence

__all__ = ["corrected"]

WORD = re.compile(r"[^\W\d_]+")
ASKING = (
    "about address and did does email for from have many much number organisation people phone that the title was "
    "were what when where which who whom whose why with"
).split()
"""Words that questions are asked with, and documents hardly use, or in no telling way."""
CHAT = {"wat": "what", "wot": "what", "whats": "what is", "whos": "who is", "wheres": "where is"}
"""Spellings that likeness would read as something else."""
NEGATED = re.compile(r"(?:are|ca|could|did|does|do|had|has|have|is|should|was|were|would)nt", re.IGNORECASE)
"""Words that lack an apostrophe alone."""
SHORTEST = 4
"""Letters of the shortest word that is put right by one of the documents; by one that is asked with, one less."""
LIKENESS = 0.8
"""Measure of Ratcliff and Obershelp (twice the letters in common, by those of both) above which two words are one."""
NEIGHBOUR = 0.6
"""The same where the word before is right, and in the evidence stands before what is meant too: of a surname."""
SHOUTED = 4
"""Words in capitals from which they are no abbreviations."""
SWAPPED = 0.9
"""What two words are alike that differ by the order of two letters."""


@dataclass(frozen=True, slots=True)
class _Spellings:
    """Words as the evidence spells them, how often, and which of them stand behind a word (in small letters)."""

    words: Counter[str]
    behind: dict[str, Counter[str]]

    @classmethod
    def of(cls, evidence: Iterable[Evidence]) -> _Spellings:
        words, behind = Counter[str](), defaultdict[str, Counter[str]](Counter)
        for item in evidence:
            found = WORD.findall(f"{item.passage.title} {item.passage.section} {item.passage.text}")
            words.update(found)
            named = [word for word in found if len(word) > 1]  # An initial between two names is passed over.
            for word, following in itertools.pairwise(named):
                behind[word.lower()][following] += 1
        return cls(words, behind)

    def right(self, word: str, before: str) -> str:
        """Return the word that is meant by ``word`` behind ``before``: itself, where none is alike enough."""
        asking = Counter() if word.istitle() else Counter(ASKING)
        if len(word) < SHORTEST:
            return _nearest(word, asking, LIKENESS) or word
        return (
            _nearest(word, self.words + asking, LIKENESS)
            or _nearest(word, self.behind.get(before.lower(), Counter()), NEIGHBOUR)
            or word
        )

    def first_name(self, surname: str, typed: str) -> str:
        """Return the one word that stands before ``surname`` and is like the one that was ``typed`` there."""
        before = {word for word, following in self.behind.items() if surname in following and word != typed.lower()}
        alike = [word for word in before if word[0] == typed[0].lower() and _likeness(word, typed.lower()) >= NEIGHBOUR]
        known = typed.lower() in self.behind and surname in self.behind[typed.lower()]
        return alike[0].capitalize() if len(alike) == 1 and not known else typed

    def joined(self, question: str) -> str:
        """Return ``question`` with two words as one where the evidence has them as one alone: the night rider."""
        whole = {word.lower(): word for word in self.words if len(word) >= 2 * SHORTEST}
        found = list(WORD.finditer(question))
        for first, second in reversed(list(itertools.pairwise(found))):
            name = whole.get((first[0] + second[0]).lower())
            apart = second[0].lower() in map(str.lower, self.behind.get(first[0].lower(), ()))
            if name and not apart and question[first.end() : second.start()] in {" ", "-"}:
                question = question[: first.start()] + name + question[second.end() :]
        return question


def corrected(question: str, evidence: Sequence[Evidence], known: Callable[[str], bool]) -> str:
    """Return ``question`` with each word that is not ``known`` as the evidence spells it.

    Known is what stands in some passage, or what is a word of the language anyway. A word is left as it is where
    nothing in the evidence, and none of the words that questions are asked with, is like it, or where it is only
    another form of a word there. What is all in capitals is read in small letters: a model makes little of it.

    >>> from rag.types import Passage
    >>> found = [Evidence(Passage("a.txt", 0, 30, "Demetria Cacafranca - Social Lab"), 1.0, 1)]
    >>> corrected("demetria cacafranka?", found, lambda word: word == "demetria")
    'demetria Cacafranca?'
    """
    spellings = _Spellings.of(evidence)
    before = ""
    question = question.lower() if question.isupper() and len(WORD.findall(question)) >= SHOUTED else question

    def right(match: re.Match[str]) -> str:
        nonlocal before
        word = match.group()
        if word.lower() in CHAT and (word.islower() or not match.start()):
            word = CHAT[word.lower()]
        elif len(word) >= SHORTEST - 1 and not known(word) and not NEGATED.fullmatch(word):
            word = spellings.right(word, before)
        before = word
        return word

    return _with_first_names(question, WORD.sub(right, spellings.joined(question)), spellings)


def _with_first_names(typed: str, read: str, spellings: _Spellings) -> str:
    """Return ``read`` with the first names before the surnames that were mistyped as the evidence has them, too."""
    for first, second in reversed(list(itertools.pairwise(WORD.finditer(read)))):
        between = read[first.end() : second.start()]
        if between == " " and second[0].istitle() and second[0] not in typed:
            read = read[: first.start()] + spellings.first_name(second[0], first[0]) + read[first.end() :]
    return read


def _nearest(word: str, words: Counter[str], least: float) -> str:
    """Return the most alike of ``words``, of equals the most frequent; empty where none is as much as ``least``."""
    lower = word.lower()
    best = (least, 0, "")
    for other, count in sorted(words.items()):
        if abs(len(other) - len(word)) > 2 or other[0].lower() != lower[0] or _is_form(lower, other):
            continue
        best = max(best, (_likeness(lower, other.lower()), count, other))
    return best[2]


def _likeness(one: str, other: str) -> float:
    """Return how alike two words are, from 0 to 1.

    >>> _likeness("osie", "osei"), round(_likeness("lateef", "latif"), 2)
    (0.9, 0.73)
    """
    apart = [place for place, (a, b) in enumerate(zip(one, other, strict=False)) if a != b]
    if len(one) == len(other) and len(apart) == 2 and sorted(one) == sorted(other) and apart[1] == apart[0] + 1:
        return SWAPPED
    return SequenceMatcher(None, one, other, autojunk=False).ratio()


def _is_form(word: str, other: str) -> bool:
    """Tell whether two words only end differently, as the forms of one word do; names have no forms."""
    return not other[0].isupper() and (other.startswith(word) or word.startswith(other))
