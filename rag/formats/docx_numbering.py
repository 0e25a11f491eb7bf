"""The numbers of a Word document's paragraphs, counted as a word processor does."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from rag.formats.marks import list_number

__all__ = ["Numbering", "W", "attribute"]

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
KINDS = {"lowerLetter": "a", "upperLetter": "A", "lowerRoman": "i", "upperRoman": "I"}
DEEPEST = 20
"""Steps that are followed from a style to the one it is based on."""


def attribute(parent: Any, *path: str) -> str:
    """Return the ``w:val`` of the element at ``path`` below ``parent``; empty if there is none."""
    for name in path:
        parent = parent.find(W + name) if parent is not None else None
    return str(parent.get(W + "val") or "") if parent is not None else ""


@dataclass(frozen=True, slots=True)
class _Level:
    """One level of a list: its first number, kind, format, and what restarts it."""

    start: int
    kind: str
    text: str
    restart: int | None
    figures: bool
    style: str

    @classmethod
    def of(cls, element: Any) -> _Level:
        """Return the level described by a ``w:lvl``."""
        restart = attribute(element, "lvlRestart")
        figures = element.find(W + "isLgl") is not None
        start, kind = _whole(attribute(element, "start"), 1), attribute(element, "numFmt") or "decimal"
        text, style = attribute(element, "lvlText"), attribute(element, "pStyle")
        return cls(start, kind, text, int(restart) if restart.isdecimal() else None, figures, style)


class Numbering:
    """Counts the numbered paragraphs of one document; call ``number`` once for each, in order."""

    def __init__(self, numbering: Any, styles: Any) -> None:
        """Take the root elements of the numbering and style parts; ``None`` if missing."""
        self._styles = {s.get(W + "styleId"): s for s in (styles.iter(W + "style") if styles is not None else ())}
        self._abstract: dict[str, dict[int, _Level]] = {}
        self._linked: dict[str, str] = {}
        self._nums: dict[str, Any] = {}
        for element in numbering if numbering is not None else ():
            if element.tag == W + "abstractNum":
                number = str(element.get(W + "abstractNumId"))
                self._abstract[number] = dict(_levels(element))
                self._linked[number] = attribute(element, "numStyleLink")
            elif element.tag == W + "num":
                self._nums[str(element.get(W + "numId"))] = element
        self._counts: dict[str, dict[int, int]] = {}
        self._started: set[tuple[str, int]] = set()

    def number(self, paragraph: Any) -> str:
        """Return the number or bullet of a ``w:p`` and count it; empty if it has none."""
        number, depth = self._place(paragraph)
        if number not in self._nums:
            return ""
        abstract, levels = self._list(number)
        level = levels.get(depth)
        if level is None:
            return ""
        counts = self._counts.setdefault(abstract, {})
        self._count(counts, levels, number, depth)
        if level.kind == "bullet":
            return "•"
        if level.kind == "none":
            return re.sub(r"%\d", "", level.text).strip()
        return re.sub(r"%(\d)", lambda match: _shown(int(match[1]) - 1, counts, levels, level.figures), level.text)

    def style_chain(self, style: str) -> Iterator[Any]:
        """Yield the style with this id and its base styles."""
        for _ in range(DEEPEST):
            element = self._styles.get(style)
            if element is None:
                return
            yield element
            style = attribute(element, "basedOn")

    def _place(self, paragraph: Any) -> tuple[str, int]:
        """Return the ``w:num`` and the level of a paragraph: its own, or those of its style."""
        properties = paragraph.find(W + "pPr")
        style = attribute(properties, "pStyle")
        number, depth = attribute(properties, "numPr", "numId"), attribute(properties, "numPr", "ilvl")
        for element in () if number else self.style_chain(style):
            inherited = element.find(W + "pPr")
            number = attribute(inherited, "numPr", "numId")
            depth = depth or attribute(inherited, "numPr", "ilvl")
            if number:
                linked = self._list(number)[1] if number in self._nums else {}
                own = (str(at) for at, level in linked.items() if level.style == element.get(W + "styleId"))
                depth = next(own, depth)
                break
        return number, _whole(depth, 0)

    def _list(self, number: str) -> tuple[str, dict[int, _Level]]:
        """Return the list of a ``w:num``, and its levels with overrides."""
        element = self._nums[number]
        abstract = attribute(element, "abstractNumId")
        for link in self.style_chain(self._linked.get(abstract, "")):
            linked = self._nums.get(attribute(link.find(W + "pPr"), "numPr", "numId"))
            abstract = attribute(linked, "abstractNumId") or abstract
            break
        own = {
            _whole(override.get(W + "ilvl"), 0): _Level.of(override.find(W + "lvl"))
            for override in element.findall(W + "lvlOverride")
            if override.find(W + "lvl") is not None
        }
        return abstract, self._abstract.get(abstract, {}) | own

    def _count(self, counts: dict[int, int], levels: dict[int, _Level], number: str, depth: int) -> None:
        """Count a paragraph at ``depth``; deeper levels restart."""
        for override in self._nums[number].findall(W + "lvlOverride"):
            at, start = _whole(override.get(W + "ilvl"), 0), attribute(override, "startOverride")
            if start and at == depth and (number, at) not in self._started:
                counts[at] = _whole(start, 1) - 1
        self._started.add((number, depth))
        counts[depth] = counts.get(depth, levels[depth].start - 1) + 1
        for at in [at for at in counts if at > depth]:
            restart = levels[at].restart if at in levels else None
            if restart is None or depth < restart:
                del counts[at]


def _levels(abstract: Any) -> Iterator[tuple[int, _Level]]:
    for element in abstract.findall(W + "lvl"):
        yield _whole(element.get(W + "ilvl"), 0), _Level.of(element)


def _shown(at: int, counts: dict[int, int], levels: dict[int, _Level], figures: bool) -> str:
    level = levels.get(at)
    count = counts.get(at, level.start if level else 1)
    kind = level.kind if level and not figures else "decimal"
    if kind == "decimalZero":
        return f"{count:02}"
    return list_number(count, KINDS.get(kind, "1"))


def _whole(value: object, otherwise: int) -> int:
    text = str(value or "")
    return int(text) if re.fullmatch(r"-?\d{1,9}", text) else otherwise
