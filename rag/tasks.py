"""Prompts for tasks other than answering: one file in ``prompts`` each."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from rag.errors import PromptError
from rag.ports import Completion
from rag.prompts import read_sections

__all__ = ["TaskFile", "load"]

SECTIONS = ("instructions", "text", "asked")


@dataclass(frozen=True, slots=True)
class TaskFile:
    """The texts of a task; ``fingerprint`` is the SHA-256 of the file.

    ``translated`` is ``asked`` in other languages (ISO 639-1), so that the model writes in them.
    """

    fingerprint: str
    instructions: str
    text: str
    asked: str
    translated: Mapping[str, str] = field(default_factory=dict)

    def completion(self, passage: int = 0, code: str = "en", **fields: str) -> Completion:
        """Return the completion for ``fields``, the values of the placeholders; see :class:`Completion`.

        ``code`` is the language in which the model is asked, if the file has it. If ``asked`` is empty, the model
        continues the text.
        """
        asked = self.translated.get(code, self.asked).format(**fields)
        return Completion(self.instructions, self.text.format(**fields), asked, passage, chat=bool(asked))


def load(file: Path) -> TaskFile:
    """Read the sections of a task's file.

    Raises:
        PromptError: the file can't be read, or a section is missing or unknown.
    """
    fingerprint, sections = read_sections(file)
    translated = {name: name.removeprefix("asked_") for name in sections if re.fullmatch("asked_[a-z]{2}", name)}
    if sections.keys() - translated.keys() != set(SECTIONS):
        raise PromptError(f"The prompt file {file} must have the sections {', '.join(SECTIONS)}, and perhaps asked_de.")
    instructions, body, asked = (sections[name].strip("\n") for name in SECTIONS)
    others = {code: "\n" + sections[name].strip("\n") for name, code in translated.items()}
    return TaskFile(fingerprint, f"{instructions}\n\n", body, asked and f"\n{asked}", others)
