"""What a language model is told for a task of its own: a file of ``prompts`` for each."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from rag.errors import PromptError
from rag.ports import Completion
from rag.prompts import read_sections

__all__ = ["TaskFile", "load"]

SECTIONS = ("instructions", "text", "asked")


@dataclass(frozen=True, slots=True)
class TaskFile:
    """The wording of a task; ``fingerprint`` is the SHA-256 of the file."""

    fingerprint: str
    instructions: str
    text: str
    asked: str

    def completion(self, passage: int = 0, **fields: str) -> Completion:
        """Return the task for ``fields``, which stand for the placeholders; see :class:`Completion`.

        Where nothing is asked behind the text, the text is what goes on.
        """
        asked = self.asked.format(**fields)
        return Completion(self.instructions, self.text.format(**fields), asked, passage, chat=bool(asked))


def load(file: Path) -> TaskFile:
    """Read the sections of a task's file.

    Raises:
        PromptError: the file cannot be read, or a section is missing or unknown.
    """
    fingerprint, sections = read_sections(file)
    if set(sections) != set(SECTIONS):
        raise PromptError(f"The prompt file {file} must have the sections {', '.join(SECTIONS)}.")
    instructions, body, asked = (sections[name].strip("\n") for name in SECTIONS)
    return TaskFile(fingerprint, f"{instructions}\n\n", body, asked and f"\n{asked}")
