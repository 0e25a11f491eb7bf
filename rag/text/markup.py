"""Markdown inside of a line, removed where a heading or title is shown as plain text."""

from __future__ import annotations

import re

__all__ = ["unmarked"]

LINK = re.compile(r"!?\[([^\]]*)\]\([^)]*\)")
ANCHOR = re.compile(r"\s*\{\s*[#.:][^{}]*\}\s*$")
"""Attributes at the end of a heading, such as its anchor."""
PAIR = re.compile(r"(?<![\w*`])(\*{1,3}|_{1,3}|`+)(?=\S)(.+?)(?<=\S)\1(?![\w*`])")
"""Emphasis, or code."""


def unmarked(text: str) -> str:
    """Return ``text`` on one line, without links, emphasis, marks of code, and the anchor of a heading.

    >>> unmarked("`/ix` and [**its** users](users.md) { #ix }"), unmarked("2 * 3 in snake_case, C*-algebras")
    ('/ix and its users', '2 * 3 in snake_case, C*-algebras')
    """
    line = ANCHOR.sub("", LINK.sub(r"\1", " ".join(text.split())))
    while (plain := PAIR.sub(r"\2", line)) != line:  # bold inside of italics
        line = plain
    return line.strip("*_ ")
