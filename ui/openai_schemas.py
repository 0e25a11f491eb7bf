"""Requests of OpenAI clients: what is honoured, and what is refused with the reason.

Answers come from the documents and are always the most likely ones, so instructions (system and developer messages) and
sampling settings such as ``temperature``, ``top_p`` or ``seed`` have no effect; fields that aren't listed here are
ignored too. What would make the reply wrong if it were ignored is refused.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence
from typing import Annotated, Any, Final, Literal

from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema, field_validator
from pydantic_core import PydanticCustomError

from rag.types import Turn
from ui import background
from ui.jobs import Inquiry
from ui.schemas import Names

__all__ = ["MODEL", "Completion", "unknown_model"]

MODEL: Final = "footnote"
SOURCES = re.compile(r"\n\n\[1\] .*", re.DOTALL)
"""The list of sources at the end of a reply."""
STOPS = 4


class Part(BaseModel):
    """A part of a message: text, or the reason why a model refused."""

    type: str
    text: str = ""
    refusal: str = ""

    @field_validator("type")
    @classmethod
    def _is_text(cls, type: str) -> str:
        if type not in ("text", "refusal"):
            raise _unsupported(f"Footnote reads text only, it can't use a part of type '{type}'. Leave it out.")
        return type


def _parts(content: Any) -> Any:
    """Return the content of a message as a list of parts."""
    if isinstance(content, str) or content is None:
        return [{"type": "text", "text": content or ""}]
    if isinstance(content, list):
        return [{"type": "text", "text": part} if isinstance(part, str) else part for part in content]
    raise PydanticCustomError("content", "Input should be a string or a list of parts")


def unknown_model(name: str) -> str:
    """Return the message for a model that doesn't exist."""
    return f"The model '{name[:200]}' does not exist. Use '{MODEL}'."


def _several(stop: Any) -> Any:
    return [stop] if isinstance(stop, str) else stop


def _unsupported(message: str) -> PydanticCustomError:
    return PydanticCustomError("unsupported_value", "{message}", {"message": message})


class Message(BaseModel):
    """One message. Tool calls and their results may be in the conversation, but no answer is based on them."""

    role: Literal["system", "developer", "user", "assistant", "tool", "function"]
    content: Annotated[
        list[Part],
        BeforeValidator(_parts),
        WithJsonSchema(
            {"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "object"}}, {"type": "null"}]}
        ),
    ] = Field(default_factory=list)

    def text(self) -> str:
        """Return the text of the message."""
        return "\n".join(part.text or part.refusal for part in self.content)


class StreamOptions(BaseModel):
    """What a stream contains."""

    include_usage: bool | None = None


class ResponseFormat(BaseModel):
    """The form of the reply: answers are text; background tasks reply in JSON."""

    type: str


class Completion(BaseModel):
    """A chat completion request. Instructions and sampling settings (`temperature`, `top_p`, `seed`, …) have no effect.

    Refused are `n` above 1, a forced `tool_choice`, JSON as `response_format`, `logprobs`, audio and web search.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "model": MODEL,
                    "messages": [{"role": "user", "content": "What was the venue of the Cardiff roadshow?"}],
                    "stream": True,
                    "stream_options": {"include_usage": True},
                }
            ]
        }
    )
    messages: list[Message] = Field(min_length=1, max_length=1000)
    model: str = MODEL
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    max_completion_tokens: int | None = Field(None, ge=1, description="The reply is cut off after this many tokens.")
    max_tokens: int | None = Field(None, ge=1, description="Older name of max_completion_tokens.")
    stop: Annotated[
        list[str] | None,
        BeforeValidator(_several),
        WithJsonSchema({"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]}),
    ] = Field(None, max_length=STOPS, description="The reply ends before the first of these.")
    n: int | None = Field(None, description="1")
    tools: list[Any] | None = Field(None, description="Accepted, but none is called.")
    tool_choice: Any = Field(None, description="auto or none")
    functions: list[Any] | None = Field(None, description="Older form of tools.")
    function_call: Any = Field(None, description="auto or none")
    response_format: ResponseFormat | None = None
    logprobs: bool | None = None
    top_logprobs: int | None = None
    modalities: list[str] | None = None
    web_search_options: Any = None
    documents: Names = Field(None, description="Answer only from these documents.")
    collections: Names = Field(None, description="Answer only from the documents of these collections.")

    @field_validator("model")
    @classmethod
    def _is_known(cls, model: str) -> str:
        if model != MODEL:
            raise PydanticCustomError("model_not_found", "{message}", {"message": unknown_model(model)})
        return model

    @property
    def most(self) -> int | None:
        """The most tokens that the reply may have."""
        return self.max_completion_tokens or self.max_tokens

    def task(self) -> str | None:
        """Return the reply to a background task of a chat client, or ``None`` if this is a question."""
        instructions = "\n".join(message.text() for message in self.messages if message.role == "system")
        return background.reply(instructions, self.messages[-1].text())

    def text(self) -> str:
        """Return the text of all messages."""
        return "\n".join(message.text() for message in self.messages)

    def check(self, is_task: bool) -> None:
        """Raise RequestValidationError for the first field that can't be honoured."""
        for place, is_asked, message in REFUSED:
            if is_asked(self) and not (is_task and place[0] == "response_format"):
                raise _refusal(place, message)

    def inquiry(self, user: str, documents: Collection[str] | None) -> Inquiry:
        """Return the user's last message, and the conversation before it.

        Raises:
            RequestValidationError: the last message is not the user's.
        """
        last = len(self.messages) - 1
        if self.messages[last].role != "user":
            raise _refusal(("messages", last, "role"), "The last message must be the user's question.")
        before = [message for message in self.messages[:last] if message.role in ("user", "assistant")]
        spoken = [(message.role, SOURCES.sub("", message.text())) for message in before]
        turns = [Turn("user" if role == "user" else "assistant", text) for role, text in spoken if text.strip()]
        return Inquiry(self.messages[last].text(), turns, user, "openai", documents)


def _refusal(place: Sequence[str | int], message: str) -> RequestValidationError:
    return RequestValidationError([{"type": "unsupported_value", "loc": ("body", *place), "msg": message}])


TOOLS = "Footnote calls no tools and answers from the documents. Leave this out, or set it to 'auto' or 'none'."
REFUSED: tuple[tuple[tuple[str, ...], Callable[[Completion], bool], str], ...] = (
    (("n",), lambda body: body.n not in (None, 1), "Footnote gives one answer. Leave this out, or set it to 1."),
    (("tool_choice",), lambda body: body.tool_choice not in (None, "auto", "none"), TOOLS),
    (("function_call",), lambda body: body.function_call not in (None, "auto", "none"), TOOLS),
    (
        ("response_format", "type"),
        lambda body: body.response_format is not None and body.response_format.type != "text",
        "Answers are text. Leave this out, and read the field 'footnote' of the message: the answer as an object.",
    ),
    (("logprobs",), lambda body: bool(body.logprobs), "Footnote gives no log-probabilities. Leave this out."),
    (("top_logprobs",), lambda body: bool(body.top_logprobs), "Footnote gives no log-probabilities. Leave this out."),
    (("modalities",), lambda body: body.modalities not in (None, [], ["text"]), "Answers are text. Leave this out."),
    (
        ("web_search_options",),
        lambda body: body.web_search_options is not None,
        "Footnote searches the documents, not the web. Leave this out.",
    ),
)
"""Fields that would make the reply wrong if they were ignored: where, when, and what to do."""
