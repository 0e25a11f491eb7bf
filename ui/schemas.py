"""Request schemas of the API: validated, documented in OpenAPI, with examples."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from rag.feedback import Kind
from rag.types import Status, Turn
from ui.limits import QUESTION, TURN, TURNS

__all__ = ["Ask", "FeedbackForm", "Message", "Names", "Place", "ShownAnswer"]

NAME = 1000
Names = Annotated[list[Annotated[str, Field(max_length=NAME)]] | None, Field(min_length=1, max_length=1000)]
"""Names of documents or collections. An empty list is refused: it could mean all or none."""


class Message(BaseModel):
    """One turn of the conversation so far."""

    model_config = ConfigDict(extra="forbid")
    role: Literal["user", "assistant"]
    content: str = Field(max_length=TURN)


class Ask(BaseModel):
    """A question."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {"question": "What was the venue of the Cardiff roadshow?"},
                {
                    "question": "And when was it?",
                    "history": [
                        {"role": "user", "content": "What was the venue of the Cardiff roadshow?"},
                        {"role": "assistant", "content": "It was held at the Cardiff Millennium Centre. [1]"},
                    ],
                    "stream": True,
                },
                {"question": "What was agreed?", "documents": ["budget.pdf"], "collections": ["minutes"]},
            ]
        },
    )
    question: str = Field(min_length=1, max_length=QUESTION)
    history: list[Message] = Field(default_factory=list, max_length=TURNS, description="Oldest turn first.")
    documents: Names = Field(None, description="Answer only from these documents.")
    collections: Names = Field(None, description="Answer only from the documents of these collections.")
    stream: bool = Field(
        False, description="Stream the answer as server-sent events, like 'Accept: text/event-stream'."
    )

    def turns(self) -> list[Turn]:
        """Return the history in the assistant's form."""
        return [Turn(message.role, message.content) for message in self.history]


class Place(BaseModel):
    """A span of a document; other fields of a citation are ignored."""

    document: str = Field(max_length=NAME)
    start: int = Field(ge=0)
    end: int = Field(ge=1)


class ShownAnswer(BaseModel):
    """The answer object that the feedback is about, or the relevant part of it."""

    id: str = Field("", max_length=100)
    status: Status | Literal[""] = ""
    answer: str = Field("", max_length=TURN)
    citations: list[Place] = Field(default_factory=list, max_length=100)


class FeedbackForm(BaseModel):
    """Feedback on an answer."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {"kind": "up", "question": "Where was it?", "answer": {"id": "0d8f7a3c21be", "status": "answered"}},
                {
                    "kind": "wrong_answer",
                    "question": "Where was it?",
                    "answer": {"id": "0d8f7a3c21be", "status": "answered", "answer": "In Swindon [1]"},
                    "right_answer": "At the Cardiff Millennium Centre",
                    "passages": [{"document": "003_2751ee3485e30d0d.txt", "start": 78, "end": 113}],
                },
            ]
        },
    )
    kind: Kind
    question: str = Field(min_length=1, max_length=QUESTION)
    history: list[Message] = Field(default_factory=list, max_length=TURNS)
    answer: ShownAnswer = Field(default_factory=lambda: ShownAnswer())
    right_answer: str = Field("", max_length=QUESTION)
    passages: list[Place] = Field(default_factory=list, max_length=20, description="The correct sources, as selected.")
    comment: str = Field("", max_length=QUESTION)
