"""Questions that are typed as key words, as a reader of search boxes does: "nightrider what is it", "report how long".

A small model answers a question; of key words with one at their end it says that nothing answers them.
"""

from __future__ import annotations

import re

__all__ = ["in_full"]

ASKS = r"(?:who|whom|whose|what|which|where|when|why|how|and|but|so|in|at|on|of|for|from|to|by)"
ABOUT = rf"(?!{ASKS}\b)(?P<about>[^?.,;:]+?),?"
WHAT_IS_IT = re.compile(
    rf"{ABOUT} (?P<asks>who|what|where|when)(?:'s|’s| is| was| are| were) (?:it|that|this|he|she|they)\s*\?*",
    re.IGNORECASE,
)
HOW = re.compile(
    rf"{ABOUT} how (?P<much>many|much|big|large|long|old|far|high|tall|wide|deep|often|expensive)\s*\?*", re.IGNORECASE
)
VERB = re.compile(
    r"\b(?:am|are|can|could|did|do|does|had|has|have|is|may|might|must|shall|should|was|were|will|would|tell|know|ask|say)\b",
    re.IGNORECASE,
)


def in_full(question: str) -> str:
    """Return ``question`` with the word that asks at its beginning, where it stands behind key words.

    >>> in_full("the nightrider what is it"), in_full("lee report pdf how big?"), in_full("visitors oslo how many")
    ('What is the nightrider?', 'How big is lee report pdf?', 'How many visitors oslo?')
    >>> in_full("Do you know how long?")
    'Do you know how long?'
    """
    text = question.strip()
    if (found := WHAT_IS_IT.fullmatch(text)) and not VERB.search(found["about"]):
        return f"{found['asks'].capitalize()} is {found['about']}?"
    if (found := HOW.fullmatch(text)) and not VERB.search(found["about"]):
        much = found["much"].lower()
        verb = "" if much == "many" else "is "
        return f"How {much} {verb}{found['about']}?"
    return question
