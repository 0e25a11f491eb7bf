"""Prompts for tasks other than answering: one file in ``prompts`` each."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

from rag.errors import PromptError
from rag.generation import Completion

__all__ = ["TaskFile", "load"]

SECTIONS = ("instructions", "text", "asked")


@dataclass(frozen=True, slots=True)
class TaskFile:
    """The texts of a task; ``fingerprint`` is the SHA-256 of the file."""

    fingerprint: str
    instructions: str
    text: str
    asked: str

    def completion(self, passage: int = 0, **fields: str) -> Completion:
        """Return the completion for ``fields``, the values of the placeholders; see :class:`Completion`.

        If ``asked`` is empty, the model continues the text.
        """
        asked = self.asked.format(**fields)
        return Completion(self.instructions, self.text.format(**fields), asked, passage, chat=bool(asked))


def load(file: Path) -> TaskFile:
    """Read the sections of a task's file.

    Raises:
        PromptError: the file can't be read, or a section is missing or unknown.
    """
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise PromptError(f"Can't read the prompt file {file} ({error}). Restore it.") from error
    _, *parts = re.split(r"^## +(\w+) *\n", text, flags=re.MULTILINE)
    sections = dict(zip(parts[::2], parts[1::2], strict=True))
    if set(sections) != set(SECTIONS):
        raise PromptError(f"The prompt file {file} must have the sections {', '.join(SECTIONS)}.")
    instructions, body, asked = (sections[name].strip("\n") for name in SECTIONS)
    return TaskFile(hashlib.sha256(text.encode()).hexdigest(), f"{instructions}\n\n", body, asked and f"\n{asked}")
