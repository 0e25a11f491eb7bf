"""What the tests of the evaluation share: a set of ten questions whose outcome can be worked out by hand.

Run as a program it makes one run of that set, slowly, so that a test can kill it in the middle.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

from eval import sets
from eval.questions import Question, Span, write_questions
from eval.run import Selection, run
from rag.config import Config
from rag.embedders.hashed import HashEmbedder
from rag.errors import GenerationError
from rag.generators.scripted import ScriptedGenerator

DOCUMENTS = {
    "bridge.txt": "The Tarn Bridge\n\nThe Tarn Bridge was opened in 1901. Its engineer was Ann Lee of Dover. "
    "The bridge cost 12,500 pounds and has seven arches.\n",
    "ferry.txt": "The Tarn Ferry\n\nThe ferry crossed the river Tarn every hour until 1901. Its last captain was "
    "Bo Marsh, who kept two goats on board.\n",
    "museum.txt": "The Museum\n\nThe museum of the town keeps the oar of the ferry and a model of the bridge. "
    "It is closed on Mondays. <script>alert('document')</script>\n",
}


def _gold(document: str, text: str) -> tuple[Span, ...]:
    start = DOCUMENTS[document].index(text)
    return (Span(document, start, start + len(text)),)


ENGINEER = "Its engineer was Ann Lee of Dover."
CAPTAIN = "Its last captain was Bo Marsh, who kept two goats on board."
OPENED = "The Tarn Bridge was opened in 1901."
QUESTIONS = (
    Question("right", "Who was the engineer of the bridge?", True, ("Ann Lee",), _gold("bridge.txt", ENGINEER),
             (("Ann Lee",),), kind="fact"),
    Question("half", "Who was the last captain of the ferry, and what did he keep on board?", True,
             ("Bo Marsh, two goats",), _gold("ferry.txt", CAPTAIN), (("Bo Marsh",), ("two goats",)), kind="list"),
    Question("misread", "What happened to the bridge in 1901?", True, ("It was opened",), _gold("bridge.txt", OPENED),
             (("opened",),), never=("Dover",), kind="fact"),
    Question("declined", "How many arches has the bridge?", True, ("seven",),
             _gold("bridge.txt", "has seven arches"), (("seven", "7"),), kind="fact"),
    Question("unsure", "On which day is the museum closed?", True, ("Monday",),
             _gold("museum.txt", "It is closed on Mondays."), (("Monday", "Mondays"),), kind="fact"),
    Question("broken", "What does the museum keep of the ferry?", True, ("the oar",),
             _gold("museum.txt", "the oar of the ferry"), (("oar",),), kind="fact"),
    Question("elsewhere", "Where did the engineer of the bridge come from?", True, ("Dover",),
             _gold("bridge.txt", ENGINEER), (("Dover",),), kind="fact"),
    Question("refused", "What does a ticket for the museum cost?", False, kind="near-miss"),
    Question("invented", "Who was the engineer of the tunnel?", False, never=("Ann Lee",), kind="near-miss"),
    Question("mongolia", "What is the capital of <b>Mongolia</b>?", False, kind="off-topic"),
)  # fmt: skip
REPLIES = {
    "the engineer of the bridge?": "The engineer of the bridge was Ann Lee [1].",
    "last captain": "The last captain was Bo Marsh [1].",
    "bridge in 1901": "The engineer was Ann Lee of Dover [1].",
    "arches": "NO ANSWER",
    "keep of the ferry": "BROKEN",
    "come from": "Ann Lee came from Dover [1].",
    "ticket": "NO ANSWER",
    "tunnel": "The engineer was Ann Lee of Dover [1].",
}
WHOLE = {**REPLIES, "keep of the ferry": "The museum keeps the oar of the ferry [1]."}
"""The replies without the one that fails: a run with a failure cannot be accepted, nor calibrated on."""
SCORES = {"closed": 0.01, "Mongolia": 0.01, "tunnel": 0.999, "": 0.995}
"""The probability of a yes for each question; the last one is for all others."""
CONFIG = Config(min_confidence=0.0, min_unsure=0.2)
"""What reading says decides whether to draft, by ``SCORES``, far from the threshold; a draft that holds is an answer.

So no outcome depends on the coefficients that ship, as long as a yes speaks for an answer.
"""


class TinyGenerator(ScriptedGenerator):
    """Replies as scripted, and fails where the script says so; each reply takes ``pause`` seconds."""

    def __init__(
        self, pause: float = 0.0, replies: dict[str, str] = REPLIES, completions: dict[str, str] | None = None
    ) -> None:
        super().__init__(replies, SCORES, completions=completions)
        self.pause = pause

    def stream(self, prompt, limit, stop=None):
        time.sleep(self.pause)
        for word in super().stream(prompt, limit, stop):
            if word == "BROKEN":
                raise GenerationError("The model broke on purpose.")
            yield word


def tiny_set(folder: Path, questions=QUESTIONS) -> sets.KnownAnswerSet:
    """Write the set to ``folder`` and load it."""
    (folder / "documents").mkdir(parents=True, exist_ok=True)
    for name, text in DOCUMENTS.items():
        (folder / "documents" / name).write_text(text, "utf-8")
    write_questions(questions, folder / "questions.jsonl")
    (folder / "set.toml").write_text('name = "tiny"\n', "utf-8")
    return sets.load(folder)


def tiny_run(folder: Path, out: str, generator=None, selection=Selection(), config=CONFIG, **options):  # noqa: B008
    """Make the run ``out`` of the tiny set, all of it below ``folder``."""
    known = tiny_set(folder / "set", options.pop("questions", QUESTIONS))
    embedder = options.pop("embedder", HashEmbedder())
    return run(known, selection, config, embedder, generator, folder / out, folder / "indexes", **options)


if __name__ == "__main__":
    tiny_run(Path(sys.argv[1]), sys.argv[2], TinyGenerator(pause=float(sys.argv[3])))
