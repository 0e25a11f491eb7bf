"""A code and an HTTP status for each class of error."""

from __future__ import annotations

from rag import errors
from ui.texts import ENGLISH

__all__ = ["INTERNAL_ERROR", "code", "status", "status_of_code"]

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
