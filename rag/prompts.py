"""From a question and its evidence to a prompt that always fits the model's context."""

from __future__ import annotations

import hashlib
import re
import string
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from rag.errors import PromptError, QuestionError
from rag.text.dates import day
from rag.text.language import language_of
from rag.text.statements import readable
from rag.types import Evidence, Prompt, Task, Turn

__all__ = ["PromptFile", "fit", "load", "read_sections"]

PLACEHOLDERS = {
    "instructions": set[str](),
    "passage": {"title", "text"},
    "question": {"question"},
    "answerable": {"question"},
}


@dataclass(frozen=True, slots=True)
class PromptFile:
    """The wording of a prompt; ``fingerprint`` is the SHA-256 of the file."""

    fingerprint: str
    sections: dict[str, str]

    def prompt(
        self, evidence: Sequence[Evidence], question: str, earlier: str = "", exchange: Sequence[Turn] = ()
    ) -> Prompt:
        """Return the prompt that asks ``question`` of ``evidence`` in this wording; see :class:`rag.types.Prompt`."""
        behind = tuple(exchange) if earlier else ()
        return Prompt(self.instructions, tuple(evidence), question, earlier=earlier, exchange=behind, wording=self)

    @property
    def instructions(self) -> str:
        """What comes first, the same for every question."""
        return self.sections["instructions"]

    def passage(self, evidence: Evidence) -> str:
        """Return one passage under the title and date of its document, each cell of a table behind its header."""
        passage = evidence.passage
        title = " – ".join(part for part in (passage.title or passage.document, passage.section) if part)
        date = f" ({day(passage.date)})" if passage.date else ""
        return self.sections["passage"].format(title=title + date, text=readable(passage))

    def asked(self, prompt: Prompt, task: Task) -> str:
        """Return what comes last: what is asked, as ``task`` wants it.

        A question that goes on from others whose reply is not known stands behind them.
        """
        return self._asked(prompt.question if prompt.exchange else prompt.query, prompt, task)

    def exchange(self, prompt: Prompt) -> tuple[str, ...]:
        """Return the question before, as it was asked, and the reply to it; nothing where it does not matter."""
        if not prompt.exchange:
            return ()
        question, reply = prompt.exchange
        return self._asked(question.content, prompt, "question"), reply.content

    def _asked(self, question: str, prompt: Prompt, task: Task) -> str:
        # Key words alone do not tell their language; those who read German documents mostly ask in German.
        read = language_of(prompt.evidence[0].passage.text) if prompt.evidence else "en"
        section = self.sections.get(f"{task}_{language_of(question, read)}", self.sections[task])
        return section.format(question=question)


def load(file: Path) -> PromptFile:
    """Read and check a prompt file.

    Raises:
        PromptError: the file cannot be read, or a section or placeholder is missing or unknown.
    """
    fingerprint, sections = read_sections(file)
    translated = {name: wanted for name in sections for base, wanted in PLACEHOLDERS.items() if _translates(name, base)}
    for name in (PLACEHOLDERS | translated).keys() ^ sections.keys():
        state = "lacks the" if name in PLACEHOLDERS else "has an unknown"
        raise PromptError(f"The prompt file {file} {state} section '## {name}'; see prompts/README.md.")
    for name, wanted in (PLACEHOLDERS | translated).items():
        _check_placeholders(file, name, sections[name], wanted)
    # One line break belongs to the layout of the file: the empty line before the next heading.
    bodies = {name: body.removesuffix("\n") for name, body in sections.items()}
    return PromptFile(fingerprint, bodies)


def read_sections(file: Path) -> tuple[str, dict[str, str]]:
    """Return the SHA-256 of a file of prompts, and the text under each of its headings ``## name``.

    Raises:
        PromptError: the file cannot be read.
    """
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise PromptError(f"The prompt file {file} cannot be read ({error}); restore it or name another.") from error
    _, *parts = re.split(r"^## +(\w+) *\n", text, flags=re.MULTILINE)
    return hashlib.sha256(text.encode()).hexdigest(), dict(zip(parts[::2], parts[1::2], strict=True))


def _translates(name: str, base: str) -> bool:
    """Tell whether the section ``name`` is the section ``base`` in another language: ``question_de``."""
    return re.fullmatch(rf"{base}_[a-z]{{2}}", name) is not None


def _check_placeholders(file: Path, name: str, body: str, wanted: set[str]) -> None:
    try:
        found = {field for _, field, _, _ in string.Formatter().parse(body) if field is not None}
    except ValueError as error:
        raise PromptError(f"Section '## {name}' of the prompt file {file} has a stray brace: {error}.") from error
    for field in sorted(wanted ^ found):
        state = "lacks" if field in wanted else "has the unknown placeholder"
        raise PromptError(f"Section '## {name}' of the prompt file {file} {state} {{{field}}}; see prompts/README.md.")


def fit(prompt: Prompt, measure: Callable[[Prompt], int], limit: int) -> tuple[Prompt, tuple[str, ...]]:
    """Return ``prompt`` cut down to ``limit`` tokens, with notes that tell the reader what was left out.

    Evidence goes from its lowest rank; what is asked is never cut.

    Raises:
        QuestionError: the question alone does not fit.
    """
    passages = len(prompt.evidence)
    while measure(prompt) > limit:
        if prompt.evidence:
            prompt = replace(prompt, evidence=prompt.evidence[:-1])
        else:
            raise QuestionError(
                f"The question takes {measure(prompt)} tokens and there is room for {limit}; ask a shorter one."
            )
    notes = []
    if dropped := passages - len(prompt.evidence):
        notes.append(f"{dropped} of {passages} passages found did not fit and were not read.")
    return prompt, tuple(notes)
