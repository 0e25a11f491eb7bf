"""Everything that can go wrong and is worth telling apart.

    FootnoteError                 the text is safe to show, and says what to do
    ├── ConfigError               the configuration holds something that is not understood
    ├── QuestionError             a question that cannot be asked (empty, too long, not JSON)
    ├── DocumentError             one document cannot be read; the others can
    ├── IndexFault
    │   ├── IndexMissing          there is no index where one is expected
    │   ├── IndexMismatch         the index was made by another embedder, other settings or another version
    │   └── IndexBusy             another process is changing the index
    ├── ModelError
    │   ├── ModelUnknown          no model of that name is registered
    │   ├── ModelMissing          the weights are not on this machine
    │   ├── ModelDamaged          the weights are there and are not what they should be
    │   ├── DownloadError         the weights could not be brought here
    │   └── ServerError           a model server cannot be reached, refuses or fails
    ├── PromptError               a prompt file lacks something, or leaves no room for a question
    ├── GenerationError           the language model failed
    └── RequestError
        ├── AccessRefused         somebody may not do this, or a page may not do it here
        │   └── TokenRefused      the token is missing, wrong or too old
        ├── TooMany               more questions or requests than can be taken now; ``retry_after`` seconds help
        └── DeadlinePassed        there was no answer in time

Each carries ``exit_code``: 2 where the user can mend it, 1 where it is our fault.
"""

from __future__ import annotations

__all__ = [
    "AccessRefused",
    "ConfigError",
    "DeadlinePassed",
    "DocumentError",
    "DownloadError",
    "FootnoteError",
    "GenerationError",
    "IndexBusy",
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
    """The base of all: ``str(error)`` is one message for the user that says what to do."""

    exit_code = 2


class ConfigError(FootnoteError):
    """The configuration holds something that is not understood."""


class QuestionError(FootnoteError):
    """A question that cannot be asked."""


class DocumentError(FootnoteError):
    """One document cannot be read; the message is the reason, without the document's name."""


class IndexFault(FootnoteError):
    """Something is wrong with the index."""


class IndexMissing(IndexFault):
    """There is no index where one is expected."""


class IndexMismatch(IndexFault):
    """The index was made by another embedder, with other settings or by another version."""


class IndexBusy(IndexFault):
    """Another process is changing the index."""


class ModelError(FootnoteError):
    """Something is wrong with a model's weights."""


class ModelUnknown(ModelError):
    """No model of that name is registered."""


class ModelMissing(ModelError):
    """The weights are not on this machine."""


class ModelDamaged(ModelError):
    """The weights are there and are not what they should be."""


class DownloadError(ModelError):
    """The weights could not be brought here."""


class ServerError(ModelError):
    """A model server cannot be reached, refuses, is too slow or sends what cannot be used."""


class PromptError(FootnoteError):
    """A prompt file lacks something, or leaves no room for a question."""


class GenerationError(FootnoteError):
    """The language model failed."""

    exit_code = 1


class RequestError(FootnoteError):
    """A request to the server that is not carried out."""


class AccessRefused(RequestError):
    """Somebody may not do this, or a page may not do it here."""


class TokenRefused(AccessRefused):
    """The token is missing, wrong or too old."""


class TooMany(RequestError):
    """More than can be taken now. ``retry_after`` is in seconds; ``crowded`` where others are the cause."""

    def __init__(self, message: str, retry_after: int = 1, crowded: bool = False) -> None:
        super().__init__(message)
        self.retry_after = retry_after
        self.crowded = crowded


class DeadlinePassed(RequestError):
    """There was no answer in time."""
