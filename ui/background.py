"""Background tasks of chat clients: titles, tags and the like, answered without documents, model or queue.

Open WebUI and clients like it ask the model they chat with for such things after each answer. Their prompts are
templates that administrators may change, but they share a structure: one message that describes a task, quotes the
conversation between ``<chat_history>`` tags, and shows the JSON object to reply with. That object's key and the type of
its value say what is wanted.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from textwrap import shorten

from rag.text.words import content_words

__all__ = ["reply"]

BEFORE, BEHIND = "<chat_history>", "</chat_history>"
TASK = re.compile(r"\s*#+ \W*task\b", re.IGNORECASE)
"""The heading at the start of a task."""
WANTED = re.compile(r'\{\s*"(?P<key>\w+)"\s*:\s*(?P<value>["\[])')
"""The first object of one key that is shown."""
CHOICE = re.compile(r'\{\s*"tool_calls"\s*:\s*\[')
SAID = re.compile(r'^(?P<role>USER|ASSISTANT|SYSTEM|TOOL): ?(?:""")?', re.MULTILINE)
"""The start of a turn in a quoted conversation."""
TITLED = re.compile(r"\btitle\b", re.IGNORECASE)
TITLE = 60
"""Longest title in characters."""
TAGS = 3
TURNS, QUESTION = 20, 1000
"""Most turns that are read, and characters of each."""

Questions = Sequence[str]


def reply(instructions: str, message: str) -> str | None:
    """Return the reply to a background task, or ``None`` if ``message`` is none.

    ``instructions`` is the text of the system messages: the choice of a tool is asked for there.

    >>> task = '### Task: Give it a title.\\n{ "title": "…" }\\n<chat_history>\\nUSER: Who came?\\n</chat_history>'
    >>> reply("", task), reply("", "Who came?")
    ('{"title": "Who came?"}', None)
    """
    if CHOICE.search(instructions):
        return json.dumps({"tool_calls": []})
    described, quoted = _apart(message)
    if not quoted and not TASK.match(message):
        return None
    questions = _questions(quoted)
    if wanted := WANTED.search(described):
        make = FIELDS.get(wanted["key"])
        nothing: str | list[str] = [] if wanted["value"] == "[" else ""
        return json.dumps({wanted["key"]: make(questions) if make else nothing}, ensure_ascii=False)
    return _title(questions) if quoted and TITLED.search(described) else None


def _apart(message: str) -> tuple[str, str]:
    """Return ``message`` without the conversation that it quotes, and the conversation."""
    before, _, rest = message.partition(BEFORE)
    turns, found, behind = rest.rpartition(BEHIND)
    return (before + behind, turns) if found else (message, "")


def _questions(turns: str) -> list[str]:
    """Return what the user said in the last turns of a quoted conversation, the beginning of each."""
    starts = [*SAID.finditer(turns)][-TURNS:]
    ends = [*(match.start() for match in starts[1:]), len(turns)]
    pairs = [(match, end) for match, end in zip(starts, ends, strict=False) if match["role"] == "USER"]
    return [turns[match.end() : min(end, match.end() + QUESTION)].strip().strip('"') for match, end in pairs]


def _title(questions: Questions) -> str:
    return shorten(questions[0], TITLE, placeholder="…") if questions else ""


def _tags(questions: Questions) -> list[str]:
    """Return names from the questions; ``General`` is what the templates ask for if there is no theme."""
    words = (word for question in questions for word in content_words(question))
    names = dict.fromkeys(word.text for word in words if word.kind == "name")
    return list(names)[:TAGS] or ["General"]


def _last(questions: Questions) -> str:
    return questions[-1] if questions else ""


FIELDS: dict[str, Callable[[Questions], str | list[str]]] = {
    "title": _title,
    "tags": _tags,
    "queries": lambda questions: [_last(questions)] if questions else [],
    "prompt": _last,
}
"""What can be said without a model. Everything else is empty: no suggestions, no text to go on with."""
