"""Questions that mean something only behind earlier ones, as in "And who hosted the one in Leeds?"

They are searched for together with the questions that they refer back to, and answered as themselves: of two questions
in one breath a small model answers the first, and says yes to it. Of somebody whom the question or the answer before
names, it is asked by name: "he" and "she" are read so.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from textwrap import shorten

from rag.citations import without_marks
from rag.replies import is_refusal, kind_of_message
from rag.text.language import language_of, refers_back
from rag.text.names import PERSON
from rag.text.words import content_words
from rag.types import Turn

__all__ = ["by_name", "earlier_questions", "last_exchange", "search_query", "stands_alone"]

SOMEBODY = re.compile(r"\b(he|she|they|him|her|his|them|their)\b", re.IGNORECASE)
NAME = (
    r"(?<![.?!:]\s)(?<=\s)(?:(?P<before>about|at|by|for|from|in|of|on|to|with)\s+)?(?:the\s+)?"
    r"(?P<name>[A-ZÀ-Þ][\w-]*(?:\s+(?:of\s+(?:the\s+)?|and\s+|&\s+)?[A-ZÀ-Þ][\w-]*)*|\d+(?:[.,:]\d+)*)\b"
)
"""A name or a number, with the word that it hangs on; what begins a question is none."""
ANOTHER = re.compile(rf"(?:.*\b[Tt]he ones?|[Aa]nd|[Bb]ut|(?:[Aa]nd )?(?:[Ww]hat|[Hh]ow) about)\s+{NAME}\s*\?*")
"""A question that asks of something else what the one before it asked."""
WHO = re.compile(r"(?:and |so )?(?:who|whom|whose|which (?:person|speaker|member))\b", re.IGNORECASE)
WHO_IS = re.compile(rf"(?:[Aa]nd )?[Ww]ho(?:'s|’s| is| was)\s+{PERSON.pattern}\s*\?*")
HERS = r"her(?= [a-zß-ÿ])(?! (?:about|and|as|at|by|for|from|in|of|on|or|than|to|when|with)\b)"
HE = re.compile(rf"\b(?:(?P<own>his|{HERS})|he|she|him|her)\b", re.IGNORECASE)
OWN = 2
"""Content words with which a question stands for itself, where nothing in it refers back; a name is as good as two."""
EARLIER = 3
"""Questions that a follow-up may stand behind."""
LONGEST = 400
"""Characters of a question that a follow-up is put behind, and of the reply to it that is shown to the model."""


def by_name(question: str, history: Sequence[Turn]) -> str:
    """Return ``question`` with the name of the one person of whom the last turns told, where it says "he" or "she".

    >>> turns = [Turn("user", "Who opened the fair?"), Turn("assistant", "Ann Lee: “Ann Lee opened it.” [1]")]
    >>> by_name("What did she say, and what is her job?", turns)
    'What did Ann Lee say, and what is her job?'
    """
    said = HE.search(question)
    name = _person(history) if said and not PERSON.search(question[: said.start()]) else ""
    if not said or not name:
        return question
    return question[: said.start()] + name + ("'s" if said["own"] else "") + question[said.end() :]


def _person(history: Sequence[Turn]) -> str:
    """Return whom the last question names, or the answer to it where it asks who; empty where it may be another."""
    asked = next((turn.content.strip() for turn in reversed(history) if turn.role == "user"), "")
    told = history[-1].content.split(": “")[0] if history and history[-1].role == "assistant" else ""
    here = [match[0] for match in PERSON.finditer(asked)]
    there = [match[0] for match in PERSON.finditer(told) if match[0] not in asked]
    if here and (WHO_IS.fullmatch(asked) or not WHO.match(asked)):
        return here[0] if len(here) == 1 else ""
    several = "\n" in told.strip() or (there and re.search(rf"{re.escape(there[0])},? (?:and|&) [A-ZÀ-Þ]", told))
    return there[0] if there and not several else ""


def search_query(question: str, history: Sequence[Turn]) -> str:
    """Return what is searched for: a question that refers back stands behind those that it refers to."""
    question = by_name(question, history)
    return f"{earlier_questions(question, history)} {question}".strip()


def earlier_questions(question: str, history: Sequence[Turn]) -> str:
    """Return the questions of ``history`` that ``question`` refers back to, the earliest first, or nothing."""
    earlier = list[str]()
    for asked in reversed(_answered_questions(history)[-EARLIER:]):
        if not _refers_back(earlier[0] if earlier else question) or len(asked) > LONGEST:
            break
        earlier.insert(0, asked)
    if earlier and not SOMEBODY.search(question):
        earlier[-1] = _asked_of_another(earlier[-1], question)
    return " ".join(earlier)


def last_exchange(history: Sequence[Turn]) -> tuple[Turn, ...]:
    """Return the last question that was answered with its reply, without marks and cut to a length; else nothing."""
    for turn, reply in zip(reversed(history[:-1]), reversed(history[1:]), strict=True):
        if (turn.role, reply.role) == ("user", "assistant") and not kind_of_message(turn.content):
            told = shorten(without_marks(reply.content), LONGEST, placeholder=" …")
            return () if is_refusal(reply.content) else (turn, Turn("assistant", told))
    return ()


def stands_alone(question: str) -> bool:
    """Tell whether ``question`` may be asked by itself: it names something, and no word of it refers back.

    >>> stands_alone("When was the fair?"), stands_alone("And the price?"), stands_alone("When?")
    (True, False, False)
    """
    language = language_of(question)
    return bool(content_words(question, language)) and not refers_back(language).search(question)


def _answered_questions(history: Sequence[Turn]) -> list[str]:
    """Return what was asked so far, without thanks and the like, and without what the documents did not answer."""
    replies = [*(turn.content if turn.role == "assistant" else "" for turn in history[1:]), ""]
    return [
        turn.content.strip()
        for turn, reply in zip(history, replies, strict=False)
        if turn.role == "user" and not kind_of_message(turn.content) and not is_refusal(reply)
    ]


def _asked_of_another(earlier: str, question: str) -> str:
    """Return ``earlier`` as it would be asked of what ``question`` names instead.

    >>> _asked_of_another("Who hosted the Leeds fair in 2018?", "And in 2019?")
    'Who hosted the Leeds fair in 2019?'
    >>> _asked_of_another("Who hosted the Leeds fair?", "And the one in York?")
    'Who hosted the York fair?'
    """
    other = ANOTHER.fullmatch(question.strip())
    names = list(re.finditer(NAME, earlier))
    alike = [name for name in names if other and other["before"] and name["before"] == other["before"]]
    if not other or len(alike or names) != 1 or other["name"] in earlier:
        return earlier
    instead = (alike or names)[0]
    return earlier[: instead.start("name")] + other["name"] + earlier[instead.end("name") :]


def _refers_back(question: str) -> bool:
    language = language_of(question)
    own = sum(1 if word.kind == "word" else OWN for word in content_words(question, language))
    named = PERSON.search(question)
    back = (match for match in refers_back(language).finditer(question) if not (named and SOMEBODY.fullmatch(match[0])))
    return own < OWN or any(back)
