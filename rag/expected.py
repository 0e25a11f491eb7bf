"""What an answer must hold to be one: something that the question does not, and of the kind that it asks for."""

from __future__ import annotations

import re
from collections.abc import Sequence

from rag.citations import Claim, is_yes_or_no
from rag.collection.asked import SAYS, YES_OR_NO
from rag.collection.records import PERSON
from rag.types import Prompt
from rag.words import content_words, found

__all__ = ["answers"]

CHOICE = re.compile(r"\b(?:or|between|which of|who of|whether|of the two|both)\b", re.IGNORECASE)
"""What is in questions that may be answered with their own words."""
WHETHER = re.compile(rf"(?:^(?:and |but |so )?|, ){YES_OR_NO.pattern}", re.IGNORECASE)
"""What asks whether something is so: it may be said again."""
WHO_DID = re.compile(r"(?:and |but |so )?who (?!(?:am|are|is|was|were|else)\b)\w+", re.IGNORECASE)
"""What asks for somebody by what they did; "Who is Ann Lee?" does not."""
OF_SOURCES = re.compile(r"\W*(?:the|these|this) (?:documents?|passages?|sources?|texts?)\b", re.IGNORECASE)
"""How a sentence begins that tells of the sources instead of answering from them."""
NUMBER = re.compile(
    r"\d|\b(?:zero|none|no|nobody|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|\w+teen|\w+ty|dozens?|"
    r"hundreds?|thousands?|millions?|billions?|once|twice|half|both|all|single|couple|few|several|many|"
    r"most|more|less|fewer|enough|unlimited)\b",
    re.IGNORECASE,
)
TIME = re.compile(
    r"\d|\b(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|"
    r"oct(?:ober)?|nov(?:ember)?|dec(?:ember)?|\w+day|spring|summer|autumn|fall|winter|christmas|easter|ramadan|"
    r"noon|midnight|dawn|dusk|(?:century|decade|year|term|month|week|day|night|morning|afternoon|evening|hour|minute)s?|"
    r"(?:centuries|daily|weekly|monthly|yearly|annually|quarterly|always|never|now|soon|once|twice|immediately|"
    r"before|after|during|when|whenever|while|until|till|since|as soon as|every|each|end|beginning|start|time)s?)\b",
    re.IGNORECASE,
)
YEAR = re.compile(r"\b\d{4}|\b(?:century|centuries|year)\b|\b\d\ds\b|['’]\d\d\b", re.IGNORECASE)
LENGTH = re.compile(
    r"\d{4}|\b(?:(?:second|minute|hour|day|week|month|term|season|year|decade)s?|centur\w+|since|until|till|from|always|"
    r"ever|forever|long|brief\w*|life\w*|(?:kilo|centi|milli)?met(?:re|er)s?|[kcm]?m|miles?|yards?|feet|foot|inch(?:es)?|"
    r"pages?|words?|lines?)\b",
    re.IGNORECASE,
)
DIGITS = re.compile(r"\d{3}")
AND = r"(?:and |but |so )?"
VERB = r"(?:am|are|can|could|did|do|does|had|has|have|is|may|might|must|shall|should|was|were|will|would)"
WHAT_IS = rf"{AND}what(?:'s|’s| is| was) (?:(?!for |if |in |of |to )[\w'’.-]+ ){{0,6}}"
"""What is somebody's, without what it is for: no rule about it is asked for."""
KINDS = [
    (rf"{AND}how many\b", NUMBER),
    (rf"{AND}how long\b", LENGTH),
    (rf"{AND}(?:since |until |by )?when(?:['’]s| {VERB})\b", TIME),
    (rf"{AND}(?:in|since|until|by|from) (?:which|what) year\b", YEAR),
    (rf"{WHAT_IS}(?:(?:tele)?phone|mobile|fax) number\b|{WHAT_IS}(?:his|her|their) number\b", DIGITS),
    (rf"{WHAT_IS}e-?mail address\b", re.compile("@")),
]
"""Questions by how they begin, and what an answer to each holds somewhere."""


def answers(claims: Sequence[Claim], prompt: Prompt) -> bool:
    """Tell whether ``claims`` may be an answer: they tell more than the question holds, and what it asks for.

    >>> asked = Prompt("", (), "When was the fair in Leeds?")
    >>> [answers([Claim(text)], asked) for text in ("In Leeds.", "The town hall", "In May.")]
    [False, False, True]
    """
    claims = [claim for claim in claims if not _names_who_is_known(claim, prompt.question)]
    return _tells_more(claims, prompt) and all(
        any(holds.search(claim.text) for claim in claims)
        for asks, holds in KINDS
        if re.match(asks, prompt.question, re.IGNORECASE)
    )


def _names_who_is_known(claim: Claim, question: str) -> bool:
    """Tell whether it is asked who did something and ``claim`` begins with somebody whom the question names itself.

    >>> _names_who_is_known(Claim("Ann Lee printed the book."), "Who printed Ann Lee's book?")
    True
    """
    if not WHO_DID.match(question) or CHOICE.search(question):
        return False
    named = re.match(PERSON, claim.text)
    return named is not None and re.search(rf"\b{re.escape(named[0])}\b", question, re.IGNORECASE) is not None


def _tells_more(claims: Sequence[Claim], prompt: Prompt) -> bool:
    """Tell whether a claim has a word that the question lacks, or the question may be answered with its own words."""
    if WHETHER.search(prompt.question) or CHOICE.search(prompt.question):
        return True
    known = SAYS | {word.form for word in content_words(prompt.query)}
    told = [claim.text for claim in claims if not OF_SOURCES.match(claim.text) and not is_yes_or_no(claim)]
    return any(not found(word, known) for text in told for word in content_words(text))
