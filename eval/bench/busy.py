"""A busy machine: the time of an answer while other processes need the processor."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager

from eval.bench.samples import Sample
from eval.bench.stages import Stopwatch
from eval.questions import Question
from rag.ingest import Progress

__all__ = ["BESIDE", "busy"]

LOOP = "while True: pass"
MODEL = "import sys; from eval.bench.busy import write_on; write_on(sys.argv[1], int(sys.argv[2]))"
BESIDE = {"idle": [], "one": [LOOP], "two": [LOOP, LOOP], "model": [MODEL]}
"""What runs beside Footnote: nothing, one or two busy processes, or another language model of the same kind."""
SETTLED = {LOOP: 0.5, MODEL: 15.0}
"""Seconds after which such a process is at full work."""


def busy(questions: Sequence[Question], watch: Stopwatch, tell: Progress) -> Iterator[Sample]:
    """Yield the time of an answer to each question in each situation of ``BESIDE``; its passages were just read."""
    config, done = watch.assistant.config, 0
    for name, work in BESIDE.items():
        with _beside(work, config.generator, config.context):
            for question in questions:
                tell("busy", done, len(BESIDE) * len(questions), question.id)
                watch.ask(question)
                yield Sample("busy", name, question.id, watch.ask(question).values)
                done += 1
    tell("busy", done, done, "")


@contextmanager
def _beside(work: Sequence[str], generator: str, context: int) -> Iterator[None]:
    """Run ``work`` in processes of their own."""
    with ExitStack() as stack:
        for code in work:
            process = stack.enter_context(subprocess.Popen([sys.executable, "-c", code, generator, str(context)]))
            stack.callback(process.kill)
            time.sleep(SETTLED[code])
        yield


def write_on(generator: str, context: int) -> None:
    """Let a language model write without end."""
    from rag.config import Config
    from rag.generators import open_generator
    from rag.ports import Completion

    model = open_generator(Config(generator=generator, context=context))
    number = 0
    while True:
        number += 1
        for _ in model.complete(Completion("", f"Write a long letter about the number {number}."), context // 2):
            pass
