"""What the API takes in: checked, described in its OpenAPI document, and with examples."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from rag.types import Turn

__all__ = ["Ask", "Message"]

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
