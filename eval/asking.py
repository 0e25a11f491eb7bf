"""Ask the assistant one question after the other, and record every input and output."""

from __future__ import annotations

import dataclasses
import resource
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from eval import scoring
from eval.collection import Texts
from eval.journal import Journal
from eval.questions import Question
from eval.recording import GivenEvidence, RecordingGenerator, evidence_row
from rag import prompts
from rag.answers import answer_object
from rag.assistant import Assistant
from rag.config import Config
from rag.ingest import Progress
from rag.ports import Embedder, Generator, WritableIndex
from rag.types import Evidence

__all__ = ["Asking"]


class Asking:
    """The assistant's parts, with a generator that records its calls."""

    def __init__(self, index: WritableIndex, embedder: Embedder, generator: Generator, config: Config) -> None:
        self._recorder = RecordingGenerator(generator)
        self._prompt = prompts.load(config.prompt)
        self._parts = index, embedder, self._recorder, self._prompt, config
        self._texts = Texts(index)

    def ask(
        self,
        questions: Sequence[Question],
        file: Path,
        tell: Progress,
        given: Mapping[str, Sequence[Evidence]] | None = None,
    ) -> dict[str, Any]:
        """Ask every question that has no record in ``file`` yet, and return all records by id.

        ``given`` is the evidence for each question by id, instead of what retrieval would find.
        """
        assistant = Assistant(*self._parts) if given is None else GivenEvidence(*self._parts)
        with Journal(file) as journal:
            tell("answers", len(journal.records), len(questions), "")
            for question in questions:
                if question.id in journal.records:
                    continue
                if isinstance(assistant, GivenEvidence):
                    assistant.evidence = (given or {}).get(question.id, ())
                journal.append(self._record(assistant, question))
                tell("answers", len(journal.records), len(questions), question.id)
            return journal.records

    def _record(self, assistant: Assistant, question: Question) -> dict[str, Any]:
        """Return the record of one question; a failure of any kind is a possible outcome."""
        answer, error = None, None
        try:
            answer = assistant.ask(question.question, question.history, question.id)
        except Exception as failure:  # counted and reported: one failure must not end a run of an hour
            error = f"{type(failure).__name__}: {failure}"
        prompt, calls = self._recorder.take()
        evidence = answer.evidence if answer else prompt.evidence if prompt else ()
        table = answer_object(answer) if answer else None
        timings = table.pop("timings") if table else {}
        if table:
            # The generation counts commits: the same documents may have been added in one commit or in two.
            table["receipt"].pop("index_generation", None)
        return {
            "id": question.id,
            "kind": question.kind,
            "question": question.question,
            "read": prompt.query if prompt else question.question,
            "history": [dataclasses.asdict(turn) for turn in question.history],
            "prompt": prompt.text if prompt else None,
            "evidence": [evidence_row(item) for item in evidence],
            "calls": calls,
            "answer": table,
            "error": error,
            "scores": scoring.answer_scores(question, answer, self._texts),
            "cost": {**timings, "peak_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)},
        }
