"""A code and an HTTP status for each class of error, and messages for requests that don't fit their schema."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rag import errors
from ui.texts import ENGLISH

__all__ = ["INTERNAL_ERROR", "code", "fault_text", "position", "status", "status_of_code"]

INTERNAL_ERROR = ENGLISH("internal_error")

CODES: dict[type[errors.FootnoteError], tuple[str, int]] = {
    errors.ConfigError: ("setting", 422),
    errors.QuestionError: ("bad_question", 400),
    errors.DocumentError: ("bad_document", 404),
    errors.TokenRefused: ("token_refused", 401),
    errors.AccessRefused: ("refused", 403),
    errors.TooMany: ("too_many", 429),
    errors.DeadlinePassed: ("deadline", 504),
    errors.IndexBusy: ("index_busy", 409),
    errors.IndexFault: ("index", 503),
    errors.ModelError: ("model", 503),
    errors.GenerationError: ("generation", 500),
}
INTERNAL = ("internal", 500)


def code(error: Exception) -> str:
    """Return the code of ``error``; ``internal`` for an unexpected one."""
    return _entry(error)[0]


def status(error: Exception) -> int:
    """Return the HTTP status of ``error``."""
    if isinstance(error, errors.TooMany) and error.crowded:
        return 503
    return _entry(error)[1]


def status_of_code(code: str) -> int:
    """Return the HTTP status of an error code."""
    return dict([*CODES.values(), INTERNAL]).get(code, 500)


def _entry(error: Exception) -> tuple[str, int]:
    return next((CODES[kind] for kind in type(error).__mro__ if kind in CODES), INTERNAL)


def fault_text(fault: Mapping[str, Any], body: object) -> str:
    """Return a message for one of pydantic's ``errors()``: where in the request, and what is wrong there.

    >>> fault_text({"type": "missing", "loc": ("body", "history", 2, "content"), "msg": "Field required"}, {})
    'history[2].content: Field required'
    """
    if fault["type"] == "json_invalid":
        return f"The body is not valid JSON: {fault['ctx']['error']} ({_line_and_column(str(body), fault['loc'][-1])})"
    where = position(fault["loc"])
    return f"{where}: {fault['msg']}" if where else "The body must be a JSON object, sent as application/json."


def position(place: Sequence[str | int]) -> str:
    """Return where a value is in the body, query or path of a request.

    >>> position(("body", "messages", 2, "content")), position(("query", "limit")), position(("body",))
    ('messages[2].content', 'limit', '')
    """
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in place[1:]).removeprefix(".")


def _line_and_column(text: str, offset: int) -> str:
    """Return the position of a character, counted from 1.

    >>> _line_and_column("{\\n  oops", 4)
    'line 2, column 3'
    """
    before = text[:offset]
    return f"line {before.count(chr(10)) + 1}, column {offset - before.rfind(chr(10))}"
