"""Parse replies of OpenAI's API: pieces of text, and the log-probabilities of tokens."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

from rag.servers.refusals import Refused

__all__ = ["likeliest", "log_probability", "piece"]


def _choice(reply: Any) -> Mapping[str, Any]:
    """Return the first choice of a reply or an event; an empty one if there is none, as in events without text."""
    choices = reply.get("choices") if isinstance(reply, dict) else None
    if not isinstance(choices, list):
        raise Refused(f"The model server sent a reply without choices: “{json.dumps(reply)[:80]}”. Check its address.")
    return choices[0] if choices and isinstance(choices[0], dict) else {}


def piece(event: Any) -> tuple[str, bool]:
    """Return the text of an event, and whether the reply ends with it.

    >>> piece({"choices": [{"delta": {"content": "Yes"}, "finish_reason": None}]})
    ('Yes', False)
    >>> piece({"choices": [{"text": ".", "finish_reason": "stop"}]})
    ('.', True)
    """
    choice = _choice(event)
    message = choice.get("delta") or choice.get("message")
    text = message.get("content") if isinstance(message, dict) else choice.get("text")
    return str(text or ""), bool(choice.get("finish_reason"))


def likeliest(reply: Any) -> Mapping[str, float]:
    """Return the most likely first tokens with their log-probabilities, in either of two forms; otherwise nothing.

    >>> likeliest({"choices": [{"logprobs": {"content": [{"top_logprobs": [{"token": "yes", "logprob": -0.1}]}]}}]})
    {'yes': -0.1}
    >>> likeliest({"choices": [{"logprobs": {"top_logprobs": [{"yes": -0.1}]}}]})
    {'yes': -0.1}
    """
    given: Any = _choice(reply).get("logprobs")
    try:
        if content := given.get("content"):
            return {entry["token"]: float(entry["logprob"]) for entry in content[0]["top_logprobs"]}
        return {token: float(value) for token, value in given["top_logprobs"][0].items()}
    except (AttributeError, IndexError, KeyError, TypeError, ValueError):
        return {}


def log_probability(choice: str, top: Mapping[str, float]) -> float:
    """Return the log-probability that a reply starts with ``choice``, from the longest matching token in any spelling.

    >>> top = {"Yes": math.log(0.5), " yes": math.log(0.25), "No": math.log(0.125)}
    >>> [round(math.exp(log_probability(choice, top)), 3) for choice in ("yes", "no", "perhaps")]
    [0.75, 0.125, 0.125]
    """
    wanted = choice.strip().lower()
    begun = {token: value for token, value in top.items() if token.strip() and wanted.startswith(token.strip().lower())}
    if begun:
        longest = max(len(token.strip()) for token in begun)
        return math.log(min(1.0, sum(math.exp(v) for token, v in begun.items() if len(token.strip()) == longest)))
    rest = 1 - sum(map(math.exp, top.values()))
    return min([*top.values(), math.log(max(rest, 1e-9))])
