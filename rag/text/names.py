"""How the names of people are written."""

from __future__ import annotations

import re

from rag.text.language import HONORIFICS

__all__ = ["HONORIFIC", "NAME", "PERSON"]

HONORIFIC = rf"\b(?:{'|'.join(sorted(HONORIFICS, key=lambda word: (-len(word), word)))})\.?\s"
"""What stands before a name, with its space."""
NAME = re.compile(r"[A-ZÀ-Þ][\w'’-]+(?: [A-ZÀ-Þ][\w'’-]+)+")
"""Words in a row with capitals."""
PERSON = re.compile(
    rf"\b(?:{HONORIFIC}+)?"
    r"(?!(?:The|An?|In|At|On|And|But|So|It|He|She|They|Who|Whom|What|Which|When|Where|Why|How|Is|Are|Was|Were|Do|Does|Did|"
    r"Has|Have|Had|Can|Could|Will|Would|Should|Tell|Give|List|Name|Show)\b)"
    r"[A-ZÀ-Þ][a-zß-ÿ'’-]+(?:\s+[A-ZÀ-Þ]\.?)?(?:(?:\s+(?:van|von|de|der|den|di|da|la|le|al))*\s+[A-ZÀ-Þ][\w’-]*\w){1,3}"
)
"""A first name and a surname, or what looks so."""
