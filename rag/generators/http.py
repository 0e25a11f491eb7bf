"""A language model on any server that speaks OpenAI's API: vLLM, SGLang, llama-server and others.

When the generator is opened, it tests what the API leaves open: whether the server returns log-probabilities, whether
it supports grammars and in which field, and whether it continues plain text. Only capabilities that worked are claimed.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import math
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property, partial
from typing import Any, TypeVar

from rag.embedders.unicode import encodable
from rag.errors import GenerationError
from rag.generators.replies import likeliest, log_probability, piece
from rag.ports import Capabilities, Completion, Stop
from rag.servers.connections import Servers
from rag.servers.models import context_of, model_on, stable
from rag.servers.refusals import Refused
from rag.types import Prompt, Turn

__all__ = ["HttpGenerator"]

Body = dict[str, Any]
T = TypeVar("T")
CHAT, TEXT = "chat/completions", "completions"
TOP = 20
"""Likeliest first tokens that are asked for: most servers give no more."""
GRAMMARS: tuple[Mapping[str, Any], ...] = (
    {"grammar": None},
    {"structured_outputs": {"grammar": None}},
    {"guided_grammar": None},
    {"ebnf": None},
)
"""How llama.cpp, vLLM, older vLLM and SGLang are given a grammar, in the place of ``None``."""
UNLIKELY = ("qzqz", "zqzq")
"""Replies that only a grammar brings about."""
NO_THOUGHTS = {"chat_template_kwargs": {"enable_thinking": False}}
"""Tells models that may think aloud first not to."""
TEMPLATE = 32
"""Tokens that a chat template takes up at most around one message."""


class HttpGenerator:
    """The model ``model`` on ``servers``, greedily (temperature 0); of ``context`` tokens, or fewer where it has fewer.

    Raises:
        ModelUnknown: the servers do not have it, or have several and none is named.
        ServerError: none of them can be reached, or one refuses.
    """

    def __init__(self, servers: Servers, model: str = "", context: int = 4096) -> None:
        self._servers = servers
        entry = model_on(servers, model)
        self.name = str(entry["id"])
        self.context = min([context, *context_of(entry)])
        made = json.dumps([sorted(servers.urls), self.name, stable(entry)], sort_keys=True)
        self.fingerprint = hashlib.sha256(made.encode()).hexdigest()

    def close(self) -> None:
        """Close the connections."""
        self._servers.close()

    def measure(self, prompt: Prompt | Completion) -> int:
        """Return an estimate of the tokens of ``prompt``, rather too many than too few."""
        return math.ceil(sum(map(_weight, _text(prompt)))) + TEMPLATE

    def stream(self, prompt: Prompt, limit: int, stop: Stop | None = None) -> Iterator[str]:
        """Yield at most ``limit`` pieces of text (see :meth:`rag.ports.Generator.stream`)."""
        yield from self._reply(prompt, limit, {}, stop)

    def complete(self, prompt: Completion, limit: int, grammar: str = "", stop: Stop | None = None) -> Iterator[str]:
        """Yield at most ``limit`` pieces of the reply; a grammar is ignored where the server has none."""
        bound = _with_grammar(self._grammar, grammar) if grammar and self._grammar else {}
        yield from self._reply(prompt, limit, bound, stop)

    def score(self, prompt: Prompt | Completion, choices: Sequence[str], stop: Stop | None = None) -> list[float]:
        """Return the log-probability of each choice (see :meth:`rag.ports.Generator.score`), by its first token.

        Of a choice that is not among the likeliest tokens, the most that it can have is told. All are equally likely
        when stopped.
        """
        if not self.capabilities.scores:
            raise GenerationError(f"The server of {self.name} gives no log-probabilities; 'capabilities' says so.")
        top = self._top(prompt, stop)
        if not top:
            return [-math.log(len(choices))] * len(choices)
        return [log_probability(choice, top) for choice in choices]

    def warm(self, prompt: Prompt, stop: Stop | None = None) -> int:
        """Return 0: servers manage their own caches."""
        return 0

    # --- what the server can do

    @cached_property
    def capabilities(self) -> Capabilities:
        """The capabilities that the server has shown."""
        top = _tried(partial(self._top, SAMPLE, None))
        scores = top is not None and len(top) > 1
        return Capabilities(exact_measure=False, scores=scores, grammar=self._grammar is not None, warm=False)

    @cached_property
    def _grammar(self) -> Mapping[str, Any] | None:
        """The field for a grammar in requests; ``None`` if the server doesn't support any."""
        rule = "root ::= " + " | ".join(f'"{reply}"' for reply in UNLIKELY)
        for way in GRAMMARS:
            said = _tried(partial(self._written, _with_grammar(way, rule)))
            if said and said.strip() in UNLIKELY:
                return way
        return None

    def _written(self, bound: Mapping[str, Any]) -> str:
        return "".join(self._reply(SAMPLE, 8, bound, None))

    @cached_property
    def _extra(self) -> Mapping[str, Any]:
        """Fields beyond the standard ones, if the server accepts them."""
        body = {**self._standard(SAMPLE, 1), **NO_THOUGHTS}
        return NO_THOUGHTS if _tried(lambda: self._servers.post(CHAT, body)) else {}

    @cached_property
    def _continues(self) -> bool:
        """Whether the server continues plain text, with log-probabilities if it returns them for replies."""
        body = {"model": self.name, "prompt": "1 2 3", "max_tokens": 1, "temperature": 0, "logprobs": TOP}
        if not self.capabilities.scores:
            del body["logprobs"]
        reply = _tried(lambda: self._servers.post(TEXT, body))
        return reply is not None and (not self.capabilities.scores or len(likeliest(reply)) > 1)

    # --- requests and replies

    def _standard(self, prompt: Prompt | Completion, limit: int) -> Body:
        turns = prompt.messages if isinstance(prompt, Prompt) else (Turn("user", _text(prompt)),)
        messages = [{"role": turn.role, "content": encodable(turn.content)} for turn in turns]
        return {"model": self.name, "messages": messages, "max_tokens": limit, "temperature": 0}

    def _request(self, prompt: Prompt | Completion, limit: int) -> tuple[str, Body]:
        """Return path and body of a request for at most ``limit`` tokens after ``prompt``."""
        if isinstance(prompt, Completion) and not prompt.chat and self._continues:
            return TEXT, {"model": self.name, "prompt": _text(prompt), "max_tokens": limit, "temperature": 0}
        return CHAT, {**self._standard(prompt, limit), **self._extra}

    def _reply(
        self, prompt: Prompt | Completion, limit: int, bound: Mapping[str, Any], stop: Stop | None
    ) -> Iterator[str]:
        """Yield the pieces of a reply; leaving early closes the connection, so that the server stops too."""
        self._check_size(prompt, limit)
        if not limit or (stop and stop()):
            return
        path, body = self._request(prompt, limit)
        pieces = 0
        with contextlib.closing(self._servers.events(path, {**body, **bound}, stop)) as events:
            for event in events:
                text, ended = piece(event)
                if text:
                    yield text
                    pieces += 1
                if ended or pieces >= limit or (stop and stop()):
                    return

    def _top(self, prompt: Prompt | Completion, stop: Stop | None) -> Mapping[str, float] | None:
        """Return the most likely first tokens of the reply with their log-probabilities; ``None`` if stopped."""
        self._check_size(prompt, 1)
        path, body = self._request(prompt, 1)
        wanted = {"logprobs": TOP} if path == TEXT else {"logprobs": True, "top_logprobs": TOP}
        reply = self._servers.post(path, {**body, **wanted}, stop)
        return None if reply is None else likeliest(reply)

    def _check_size(self, prompt: Prompt | Completion, room: int) -> None:
        if self.measure(prompt) + room > self.context:
            raise GenerationError(f"The prompt and an answer of {room} tokens don't fit into {self.context} tokens.")


SAMPLE = Completion("", "Say hello.")


def _tried(ask: Callable[[], T]) -> T | None:
    """Return the result of ``ask``, or ``None`` if the server refuses: then it doesn't support that."""
    try:
        return ask()
    except Refused:
        return None


def _text(prompt: Prompt | Completion) -> str:
    text = f"{prompt.instructions}{prompt.text}{prompt.asked}" if isinstance(prompt, Completion) else prompt.text
    return encodable(text)


def _weight(character: str) -> float:
    """Return the most tokens that ``character`` may take.

    >>> [_weight(character) for character in "aé7.語"]
    [0.4, 0.8, 1.0, 1.0, 2.0]
    """
    if character.isascii():
        return 0.4 if character.isalpha() or character.isspace() else 1.0
    return 0.8 if unicodedata.name(character, "").startswith("LATIN") else 2.0


def _with_grammar(way: Mapping[str, Any], grammar: str) -> Body:
    """Return the fields of a request with ``grammar``.

    >>> _with_grammar({"structured_outputs": {"grammar": None}}, "root ::= ...")
    {'structured_outputs': {'grammar': 'root ::= ...'}}
    """
    return {name: grammar if inner is None else _with_grammar(inner, grammar) for name, inner in way.items()}
