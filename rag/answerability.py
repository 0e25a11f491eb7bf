"""Whether the evidence holds an answer, as the language model sees it."""

from __future__ import annotations

import math
import re
from dataclasses import replace

from rag.ports import Generator, Stop
from rag.text.language import YES_NO
from rag.types import Prompt

__all__ = ["yes_over_no"]

DECIDED = math.log(3)
"""What a plain yes counts, and a plain no less: three to one. More would let one word decide, less would ignore it."""
WORDS = 3
"""Tokens in which a plain yes or no comes."""


def yes_over_no(generator: Generator, prompt: Prompt, stop: Stop | None = None) -> float:
    """Return the log-probability of yes less that of no when asked whether the evidence in ``prompt`` answers it.

    A generator without scores writes its reply instead, which counts as three to one; a reply that is neither counts
    nothing. The confidence is then coarser: 'footnote eval calibrate' fits it anew.
    """
    asked = replace(prompt, task="answerable")
    if generator.capabilities.scores:
        yes, no = generator.score(asked, ["yes", "no"], stop)
        return yes - no
    said = re.search(r"\w+", "".join(generator.stream(asked, WORDS, stop)).lower())
    consent = YES_NO.get(said[0]) if said else None
    return 0.0 if consent is None else DECIDED if consent else -DECIDED
