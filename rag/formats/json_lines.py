"""JSON, JSON Lines and notebooks (.ipynb): values after their path, lists of records as tables."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from rag.errors import DocumentError
from rag.formats import Block, Extracted, assemble
from rag.formats.notebook import from_notebook
from rag.formats.plain import decode
from rag.formats.tables import Value, table_blocks

__all__ = ["from_json"]

DEEPEST = 100
"""Levels of values inside one another that are read."""
DEEPEST_HEADING = 6


def from_json(data: bytes) -> Extracted:
    """Return the values of a file, with numbers as written."""
    content = _parsed(decode(data))
    if isinstance(content, dict) and "nbformat" in content and isinstance(content.get("cells"), list):
        return from_notebook(content)
    text, headings = assemble(_blocks(content, "", 1))
    named = [content[key] for key in ("title", "name") if isinstance(content, dict) and key in content]
    title = next((value for value in named if type(value) is str), "")
    return Extracted(text, title=title, headings=headings)


def _parsed(text: str) -> Any:
    """Return the value of a text, or the list of values of its lines."""
    read = json.JSONDecoder(parse_float=Value, parse_int=Value, parse_constant=Value).decode
    try:
        return read(text)
    except json.JSONDecodeError as error:
        lines = [(number, line) for number, line in enumerate(text.splitlines(), start=1) if line.strip()]
        if len(lines) < 2 or not lines[0][1].rstrip().endswith(("}", "]")):
            raise DocumentError(f"is not JSON (line {error.lineno}, column {error.colno}: {error.msg})") from error
    values = []
    for number, line in lines:
        try:
            values.append(read(line))
        except json.JSONDecodeError as error:
            raise DocumentError(f"is not JSON (line {number}, column {error.colno}: {error.msg})") from error
    return values


def _blocks(value: Any, path: str, level: int) -> Iterator[Block]:
    """Yield ``value``: plain values first, each after its path, then nested ones under a heading."""
    if isinstance(value, dict):
        nested = {key: inner for key, inner in value.items() if _is_nested(inner)}
        for key, inner in value.items():
            if key not in nested:
                yield Block(f"{_path(path, key)}: {_plain(inner)}", tight=True)
        for key, inner in nested.items():
            yield Block(_path(path, key), level=min(level, DEEPEST_HEADING))
            yield from _blocks(inner, _path(path, key), level + 1)
    elif isinstance(value, list) and value and all(isinstance(item, dict) for item in value):
        yield from _records(value)
    elif isinstance(value, list):
        for item in value:
            yield from _blocks(item, path, level) if _is_nested(item) else [Block(f"• {_plain(item)}", tight=True)]
    else:
        yield Block(_plain(value))


def _records(records: list[dict[str, Any]]) -> Iterator[Block]:
    """Yield records as a table with a column for each path."""
    rows = [dict(_flat(record, "", 0)) for record in records]
    header = list(dict.fromkeys(path for row in rows for path in row))
    yield from table_blocks(header, [[row.get(path, "") for path in header] for row in rows])


def _flat(value: Any, path: str, depth: int) -> Iterator[tuple[str, str]]:
    """Yield each plain value below ``value`` with its path."""
    if depth > DEEPEST:
        raise DocumentError(f"is nested more than {DEEPEST} levels deep")
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _flat(inner, _path(path, key), depth + 1)
    elif isinstance(value, list) and _is_nested(value):
        for number, inner in enumerate(value):
            yield from _flat(inner, f"{path}[{number}]", depth + 1)
    else:
        yield path, _plain(value)


def _path(path: str, key: str) -> str:
    return f"{path}.{key}" if path else key


def _is_nested(value: Any) -> bool:
    """Return whether ``value`` needs more than a line: it is neither a plain value nor a short list of them."""
    if isinstance(value, list):
        return any(isinstance(item, dict | list) for item in value) or sum(len(str(item)) for item in value) > 300
    return isinstance(value, dict) and bool(value)


def _plain(value: Any) -> str:
    """Return a value as text."""
    if isinstance(value, list):
        return ", ".join(map(_plain, value))
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "" if value is None or value == {} else str(value)
