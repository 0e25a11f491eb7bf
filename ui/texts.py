"""Interface texts in the reader's language, from ``static/texts``: one file per language.

A text that a file lacks is shown in English. Text from the assistant and the documents is shown as it is.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from ui.local import STATIC

__all__ = ["ENGLISH", "Texts", "in_language", "kept_choice", "languages", "texts_of"]


FORMS = {0: "zero", 1: "one", 2: "two", 3: "few", 6: "many"}
"""Endings of the keys of texts for these counts, where a language has a text of its own for them (as Welsh does, by
Unicode's plural rules); all other counts have the ending ``other``."""


@dataclass(frozen=True, slots=True)
class Texts:
    """The texts of one language. Call it with a key and the values for the placeholders."""

    table: Mapping[str, str]

    def __call__(self, key: str, **values: object) -> str:
        """Return the text of ``key``."""
        return self.table[key].format(**values)

    @property
    def language(self) -> str:
        """The language code, as in HTML: ``en``."""
        return self.table["language"]

    def under(self, name: str) -> dict[str, str]:
        """Return the texts whose keys start with ``name`` and a dot, by the rest of the key."""
        return {key.removeprefix(f"{name}."): text for key, text in self.table.items() if key.startswith(f"{name}.")}

    def count(self, key: str, number: int) -> str:
        """Return the text of ``key`` for a count.

        >>> ENGLISH.count("documents", 1), ENGLISH.count("documents", 1234), in_language("cy").count("documents", 2)
        ('1 document', '1,234 documents', '2 ddogfen')
        """
        own = f"{key}.{FORMS.get(number, 'other')}"
        return self(own if own in self.table else f"{key}.other", count=self.number(number))

    def forms(self, key: str) -> dict[str, str]:
        """Return the texts of ``key`` for all counts, by their keys."""
        keys = (f"{key}.{form}" for form in (*FORMS.values(), "other"))
        return {form: self.table[form] for form in keys if form in self.table}

    def number(self, value: float, digits: int = 0) -> str:
        """Return a number in the language's format.

        >>> in_language("de").number(1234.56, 1)
        '1.234,6'
        """
        signs = {",": self.table["group"], ".": self.table["decimal"]}
        return "".join(signs.get(sign, sign) for sign in f"{value:,.{digits}f}")

    def duration(self, seconds: float) -> str:
        """Return a duration in words.

        >>> [ENGLISH.duration(seconds) for seconds in (3.44, 59.96, 102.6)]
        ['3.4 s', '1 min 0 s', '1 min 43 s']
        """
        if round(seconds, 1) < 60:
            return self("seconds", seconds=self.number(seconds, 1))
        minutes, rest = divmod(round(seconds), 60)
        return self("minutes", minutes=minutes, seconds=rest)

    @property
    def dates(self) -> dict[str, str]:
        """The texts that ``dated`` in static/elements.js writes dates with, as ``date`` does."""
        return {key: self.table[key] for key in ("months", "date.day", "date.month")}

    def date(self, date: str) -> str:
        """Return an ISO 8601 date in the language's format; anything else unchanged.

        >>> ENGLISH.date("2011-03-11"), in_language("de").date("2011-03-11"), ENGLISH.date("2011"), ENGLISH.date("May")
        ('11 March 2011', '11. März 2011', '2011', 'May')
        """
        match = re.fullmatch(r"(\d{4})-(\d\d)(?:-(\d\d))?", date)
        if not match or not 1 <= int(match[2]) <= 12:
            return date
        month = self.table["months"].split()[int(match[2]) - 1]
        key = "date.day" if match[3] else "date.month"
        return self(key, day=int(match[3] or 0), month=month, year=match[1])


@cache
def languages() -> Mapping[str, Texts]:
    """Return the texts of all languages, by language code."""
    files = sorted((STATIC / "texts").glob("*.json"))
    tables = {file.stem: json.loads(file.read_text(encoding="utf-8")) for file in files}
    return {language: Texts(tables["en"] | table) for language, table in tables.items()}


def in_language(wanted: str) -> Texts:
    """Return the texts in the best available language of an ``Accept-Language`` header; English by default.

    >>> [in_language(wanted).language for wanted in ("de-CH, en;q=0.5", "it, en;q=0.3, fr;q=0.9", "ja", "")]
    ['de', 'fr', 'en', 'en']
    """
    known = languages()
    asked = re.findall(r"([a-z]+)(?:-[\w-]+)?\s*(?:;\s*q\s*=\s*([01](?:\.\d*)?))?\s*(?:,|$)", wanted.lower())
    ranked = sorted(((float(weight or 1), code) for code, weight in asked), key=lambda item: -item[0])
    return next((known[code] for weight, code in ranked if code in known and weight > 0), known["en"])


def texts_of(request: Any) -> Texts:
    """Return the texts for the browser that sent ``request`` (Starlette's request, or Gradio's wrapper).

    The language that the reader has chosen on a page, kept in a cookie, wins over the browser's.
    """
    chosen = languages().get(kept_choice(request, "language"))
    return chosen or in_language(request.headers.get("accept-language", ""))


def kept_choice(request: Any, name: str) -> str:
    """Return what the reader has chosen for ``name``, or an empty string; static/root.js keeps it in a cookie.

    Cookies of other programs on the same host may be of any form, so only ours is looked for.
    """
    found = re.search(rf"(?:^|;\s*)footnote_{name}=(\w+)", request.headers.get("cookie", ""))
    return found[1] if found else ""


ENGLISH = in_language("en")
