"""All errors that callers need to tell apart.

    FootnoteError                 the message is safe to show, and says what to do
    ├── ConfigError               the settings contain something invalid
    ├── QuestionError             an invalid question (empty, too long, not JSON)
    ├── DocumentError             one document can't be read; others can
    ├── IndexFault
    │   ├── IndexMissing          there is no index
    │   ├── IndexMismatch         the index was made with another embedder, other settings or another version
    │   ├── IndexDamaged          something else stands in the index than was written
    │   └── IndexBusy             another process is changing the index
    ├── BackupError               a backup can't be written, or not be put back
    ├── ModelError
    │   ├── ModelUnknown          no model of that name is registered
    │   ├── ModelMissing          the weights are not on this machine
    │   ├── ModelDamaged          the weights are damaged
    │   ├── DownloadError         the weights could not be downloaded
    │   └── ServerError           a model server can't be reached, refuses or fails
    ├── PromptError               an invalid prompt file, or one that leaves no space for a question
    ├── GenerationError           the language model failed
    ├── Cancelled                 somebody ended it before it was done
    └── RequestError
        ├── AccessRefused         not allowed for this user or page
        │   └── TokenRefused      the token is missing, invalid or expired
        ├── TooMany               too many questions or requests; retry after ``retry_after`` seconds
        └── DeadlinePassed        there was no answer in time

Each has an ``exit_code``: 2 if the user can fix it, 1 for an internal error.
"""

from __future__ import annotations

__all__ = [
    "AccessRefused",
    "BackupError",
    "Cancelled",
    "ConfigError",
    "DeadlinePassed",
    "DocumentError",
    "DownloadError",
    "FootnoteError",
    "GenerationError",
    "IndexBusy",
    "IndexDamaged",
    "IndexFault",
    "IndexMismatch",
    "IndexMissing",
    "ModelDamaged",
    "ModelError",
    "ModelMissing",
    "ModelUnknown",
    "PromptError",
    "QuestionError",
    "RequestError",
    "ServerError",
    "TokenRefused",
    "TooMany",
]


class FootnoteError(Exception):
    """Base class: ``str(error)`` is a message for the user that says what to do."""

    exit_code = 2


class ConfigError(FootnoteError):
    """The settings contain something invalid."""


class QuestionError(FootnoteError):
    """An invalid question."""


class DocumentError(FootnoteError):
    """One document can't be read; the message continues the document's name: "is empty"."""


class IndexFault(FootnoteError):
    """There is a problem with the index."""


class IndexMissing(IndexFault):
    """There is no index."""


class IndexMismatch(IndexFault):
    """The index was made with another embedder, other settings or another version."""


class IndexDamaged(IndexFault):
    """Something else stands in the index than was written."""


class IndexBusy(IndexFault):
    """Another process is changing the index."""


class BackupError(FootnoteError):
    """A backup can't be written, or not be put back."""


class ModelError(FootnoteError):
    """There is a problem with a model's weights."""


class ModelUnknown(ModelError):
    """No model of that name is registered."""


class ModelMissing(ModelError):
    """The weights are not on this machine."""


class ModelDamaged(ModelError):
    """The weights are damaged."""


class DownloadError(ModelError):
    """The weights could not be downloaded."""


class ServerError(ModelError):
    """A model server can't be reached, refuses, is too slow or sends an invalid reply."""


class PromptError(FootnoteError):
    """An invalid prompt file, or one that leaves no space for a question."""


class GenerationError(FootnoteError):
    """The language model failed."""

    exit_code = 1


class Cancelled(FootnoteError):
    """Somebody ended it before it was done."""


class RequestError(FootnoteError):
    """A request that the server refuses."""


class AccessRefused(RequestError):
    """Not allowed for this user or page."""


class TokenRefused(AccessRefused):
    """The token is missing, invalid or expired."""


class TooMany(RequestError):
    """Too many questions or requests. ``retry_after`` is in seconds; ``crowded`` if others cause it."""

    def __init__(self, message: str, retry_after: int = 1, crowded: bool = False) -> None:
        super().__init__(message)
        self.retry_after = retry_after
        self.crowded = crowded


class DeadlinePassed(RequestError):
    """There was no answer in time."""
