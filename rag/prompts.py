"""Build a prompt from a question and its evidence that always fits the model's context."""

from __future__ import annotations

import hashlib
import re
import string
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from rag.errors import PromptError, QuestionError
from rag.text.dates import day
from rag.text.detection import language_of_question
from rag.text.statements import readable
from rag.types import Evidence, Prompt, Task, Turn

__all__ = ["PromptFile", "fit", "language", "load", "read_sections"]

PLACEHOLDERS = {
    "instructions": set[str](),
    "passage": {"title", "text"},
    "question": {"question"},
    "answerable": {"question"},
}


@dataclass(frozen=True, slots=True)
class PromptFile:
    """The texts of a prompt; ``fingerprint`` is the SHA-256 of the file."""

    fingerprint: str
    sections: dict[str, str]

    def prompt(
        self, evidence: Sequence[Evidence], question: str, earlier: str = "", exchange: Sequence[Turn] = ()
    ) -> Prompt:
        """Return the prompt for ``question`` and ``evidence`` in this wording; see :class:`rag.types.Prompt`."""
        behind = tuple(exchange) if earlier else ()
        return Prompt(self.instructions, tuple(evidence), question, earlier=earlier, exchange=behind, wording=self)

    @property
    def instructions(self) -> str:
        """The first part, the same for every question."""
        return self.sections["instructions"]

    def passage(self, evidence: Evidence) -> str:
        """Return one passage below the title and date of its document, with each table cell after its header."""
        passage = evidence.passage
        title = " – ".join(part for part in (passage.title or passage.document, passage.section) if part)
        date = f" ({day(passage.date)})" if passage.date else ""
        return self.sections["passage"].format(title=title + date, text=readable(passage))

    def asked(self, prompt: Prompt, task: Task) -> str:
        """Return the last part: the question in the form ``task`` needs.

        A follow-up is preceded by its earlier questions if their reply is unknown.
        """
        return self._asked(prompt.question if prompt.exchange else prompt.query, prompt, task)

    def exchange(self, prompt: Prompt) -> tuple[str, ...]:
        """Return the previous question and its reply; empty if the question doesn't refer to it."""
        if not prompt.exchange:
            return ()
        question, reply = prompt.exchange
        return self._asked(question.content, prompt, "question"), reply.content

    def _asked(self, question: str, prompt: Prompt, task: Task) -> str:
        section = self.sections.get(f"{task}_{language(question, prompt.evidence)}", self.sections[task])
        return section.format(question=question)


def language(question: str, evidence: Sequence[Evidence]) -> str:
    """Return the language (ISO 639-1) in which to answer ``question``.

    Keywords don't reveal their language; readers of German documents mostly ask in German.
    """
    read = language_of_question(evidence[0].passage.text) if evidence else "en"
    return language_of_question(question, read)


def load(file: Path) -> PromptFile:
    """Read and check a prompt file.

    Raises:
        PromptError: the file can't be read, or a section or placeholder is missing or unknown.
    """
    fingerprint, sections = read_sections(file)
    translated = {name: wanted for name in sections for base, wanted in PLACEHOLDERS.items() if _translates(name, base)}
    for name in (PLACEHOLDERS | translated).keys() ^ sections.keys():
        state = "lacks the" if name in PLACEHOLDERS else "has an unknown"
        raise PromptError(f"The prompt file {file} {state} section '## {name}'; see prompts/README.md.")
    for name, wanted in (PLACEHOLDERS | translated).items():
        _check_placeholders(file, name, sections[name], wanted)
    # One line break belongs to the file's layout: the empty line before the next heading.
    bodies = {name: body.removesuffix("\n") for name, body in sections.items()}
    return PromptFile(fingerprint, bodies)


def read_sections(file: Path) -> tuple[str, dict[str, str]]:
    """Return the SHA-256 of a prompt file, and the text below each of its headings ``## name``.

    Raises:
        PromptError: the file can't be read.
    """
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise PromptError(f"Can't read the prompt file {file} ({error}). Restore it or choose another.") from error
    _, *parts = re.split(r"^## +(\w+) *\n", text, flags=re.MULTILINE)
    return hashlib.sha256(text.encode()).hexdigest(), dict(zip(parts[::2], parts[1::2], strict=True))


def _translates(name: str, base: str) -> bool:
    """Return whether the section ``name`` is ``base`` in another language: ``question_de``."""
    return re.fullmatch(rf"{base}_[a-z]{{2}}", name) is not None


def _check_placeholders(file: Path, name: str, body: str, wanted: set[str]) -> None:
    try:
        found = {field for _, field, _, _ in string.Formatter().parse(body) if field is not None}
    except ValueError as error:
        raise PromptError(f"Section '## {name}' of the prompt file {file} has a stray brace: {error}.") from error
    for field in sorted(wanted ^ found):
        state = "lacks" if field in wanted else "has the unknown placeholder"
        raise PromptError(f"Section '## {name}' of the prompt file {file} {state} {{{field}}}; see prompts/README.md.")


def fit(prompt: Prompt, measure: Callable[[Prompt], int], limit: int) -> Prompt:
    """Cut ``prompt`` down to ``limit`` tokens.

    Evidence is dropped from the lowest rank; the question is never cut.

    Raises:
        QuestionError: the question alone doesn't fit.
    """
    while measure(prompt) > limit:
        if prompt.evidence:
            prompt = replace(prompt, evidence=prompt.evidence[:-1])
        else:
            raise QuestionError(f"The question has {measure(prompt)} tokens, but only {limit} fit. Ask a shorter one.")
    return prompt
