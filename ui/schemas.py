"""What the API takes in: checked, described in its OpenAPI document, and with examples."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from rag.feedback import Kind
from rag.types import Status, Turn

__all__ = ["Ask", "Message", "Place", "Said", "Shown"]

QUESTION = 8_000
"""Characters of the longest question; what is longer than the context is refused by the assistant."""
TURN = 100_000
TURNS = 200


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
            ]
        },
    )
    question: str = Field(min_length=1, max_length=QUESTION)
    history: list[Message] = Field(default_factory=list, max_length=TURNS, description="Oldest turn first.")
    stream: bool = Field(False, description="Answer with server-sent events, as 'Accept: text/event-stream' does.")

    def turns(self) -> list[Turn]:
        """Return the history as the assistant takes it."""
        return [Turn(message.role, message.content) for message in self.history]


class Place(BaseModel):
    """A stretch of a document; what else a citation has is not needed."""

    document: str = Field(max_length=1000)
    start: int = Field(ge=0)
    end: int = Field(ge=1)


class Shown(BaseModel):
    """The answer object that feedback is about, or the part of it that matters."""

    id: str = Field("", max_length=100)
    status: Status | Literal[""] = ""
    answer: str = Field("", max_length=TURN)
    citations: list[Place] = Field(default_factory=list, max_length=100)


class Said(BaseModel):
    """What a reader says about an answer."""

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
    answer: Shown = Field(default_factory=lambda: Shown())
    right_answer: str = Field("", max_length=QUESTION)
    passages: list[Place] = Field(default_factory=list, max_length=20, description="The right sources, as picked.")
    comment: str = Field("", max_length=QUESTION)
