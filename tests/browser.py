"""What the tests of the page share: a scripted assistant over the seed documents, a running chat, and a Chromium."""

from __future__ import annotations

import random
import re
import shutil
import socket
import threading
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import pytest

from rag import documents
from rag.config import Config
from rag.embedders.hashed import HashEmbedder
from rag.errors import DocumentError, IndexMissing
from rag.indexes.opening import create_index, open_index
from rag.types import Answer, Citation, Document, Evidence, Passage, Phase, Sentence, Token, Turn
from ui import local
from ui.jobs import Answerer
from ui.server import application
from ui.service import Service

if TYPE_CHECKING:
    from playwright.sync_api import Browser, ConsoleMessage, Page

SEEDS = Path(__file__).resolve().parent.parent / "seeds"
CHROMIUM = next(filter(None, map(shutil.which, ["/usr/bin/chromium", "chromium"])), None)
in_browser = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium at /usr/bin/chromium or on the PATH"),
]
"""The marks of a test that needs Chromium."""
PATIENCE = 90.0
"""Seconds that a test waits for what it expects: on a busy machine a page takes many times longer."""
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def until(condition: Callable[[], object], seconds: float = 60.0) -> None:
    """Wait until ``condition()`` is true, at most so long."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.005)


# --- answers cut from the seed documents


def passage_of(name: str, first: str, last: str, title: str = "", page: int | None = None) -> Passage:
    """Return what stands in a seed document from the words ``first`` up to and with the words ``last``."""
    path = next(SEEDS.glob(f"{name}*"))
    text = path.read_text(encoding="utf-8")
    start = text.index(first)
    end = text.index(last, start) + len(last)
    return Passage(path.name, start, end, text[start:end], title=title, page=page)


def citation_of(mark: int, passage: Passage, quote: str) -> Citation:
    """Return the citation of ``quote``, which stands in ``passage``."""
    start = passage.start + passage.text.index(quote)
    return Citation(mark, passage.document, passage.title, start, start + len(quote), quote, passage.page)


def answer_of(question: str, parts: Sequence[tuple[str, Passage, str]], glue: str = " ") -> Answer:
    """Return an answer of (sentence, passage, quote) for each part, every sentence with its own citation."""
    citations = [citation_of(n, passage, quote) for n, (_, passage, quote) in enumerate(parts, 1)]
    sentences = [Sentence(text, (n,), 0.9) for n, (text, _, _) in enumerate(parts, 1)]
    passages = dict.fromkeys(passage for _, passage, _ in parts)
    return Answer(
        id="test",
        question=question,
        status="answered",
        confidence=0.93,
        answer=glue.join(f"{sentence.text} [{n}]" for n, sentence in enumerate(sentences, 1)),
        sentences=tuple(sentences),
        citations=tuple(citations),
        evidence=evidence_of(list(passages)),
        receipt={"index_generation": 3, "generator": {"name": "scripted", "sha256": "0" * 64}},
        timings={"retrieval_s": 0.05, "first_token_s": 1.2, "total_s": 3.4},
    )


def evidence_of(passages: Sequence[Passage]) -> tuple[Evidence, ...]:
    """Return ``passages`` as evidence, the best first."""
    return tuple(Evidence(p, 1 / n, n, dense=0.7 - 0.1 * n, lexical=9.0 - n) for n, p in enumerate(passages, 1))


CARDIFF = passage_of("003", "Date:", "achieving more in public services.", "Cardiff Co-production Roadshow", page=1)
LONDON = passage_of("000", "Philip Colligan, from", "just delivering services", "London Co-production Roadshow")
SWINDON = passage_of("000", "Gavin Jones, from", "for the Council.", "London Co-production Roadshow")

PAYLOADS = [
    "<script>window.hacked=1</script>",
    "<img src=x onerror=window.hacked=2>",
    "<svg/onload=window.hacked=3>",
    "<iframe srcdoc='<script>parent.hacked=4</script>'></iframe>",
    '"><script>window.hacked=5</script>',
    "' onmouseover='window.hacked=6' autofocus onfocus='window.hacked=6",
    "</bdi></summary></details><img src=x onerror=window.hacked=7>",
    "</mark><form action=http://203.0.113.1/><button autofocus>Go</button></form>",
    "<a href=javascript:window.hacked=9>click</a>",
    "[click](javascript:window.hacked=10)",
    "![picture](http://203.0.113.1/pixel.png)",
    "<img src=http://203.0.113.1/pixel.png>",
    "<link rel=stylesheet href=http://203.0.113.1/style.css>",
    "<style>@import url(http://203.0.113.1/style.css);</style>",
    "<base href=http://203.0.113.1/>",
    "<meta http-equiv=refresh content='0;url=http://203.0.113.1/'>",
    "${window.hacked=17}",
    "`+(window.hacked=18)+`",
    "{{#with this}}{{constructor.constructor 'window.hacked=19'}}{{/with}}",
    "$$\\href{javascript:window.hacked=20}{x}$$",
    "&lt;script&gt;window.hacked=21&lt;/script&gt;",
    "<math><mtext></form><form><mglyph><style></math><img src onerror=window.hacked=22>",
    "<input autofocus onfocus=window.hacked=23>",
    "<details open ontoggle=window.hacked=24>",
    "<video><source onerror=window.hacked=25></video>",
    "<button data-to=send class=mark>99</button>",
    "\u202egnirts desrever <b>bold</b>",
    "<!-- <img src=x onerror=window.hacked=28>",
    "<template><script>window.hacked=29</script></template>",
    "javascript:/*--></title></style></textarea></script><svg/onload=window.hacked=30>",
]
"""Texts that would run a script, fetch something or break out of where they stand, were they not escaped."""


VENUE = answer_of(
    "Where was the Cardiff roadshow held?",
    [
        ("It was held at the Cardiff Millennium Centre.", CARDIFF, "Location: Cardiff Millennium Centre"),
        (
            "NESTA, nef, Spice and the Coproduction Practitioners Network hosted it.",
            CARDIFF,
            "The Cardiff Co-production Roadshow was hosted jointly by NESTA, nef, Spice and the Coproduction "
            "Practitioners Network.",
        ),
    ],
)
PRINCIPLES = answer_of(
    "What are the six principles of co-production?",
    [
        (line.removeprefix("• ").strip(), LONDON, line)
        for line in [part.strip() for part in LONDON.text.split("\n")]
        if line.startswith("•")
    ],
)
PRINCIPLES = replace(
    PRINCIPLES,
    answer="The six principles are:\n" + "\n".join(f"- {s.text} [{n}]" for n, s in enumerate(PRINCIPLES.sentences, 1)),
)
COMMAND = answer_of(
    "Which command starts the job?",
    [
        ("Use `sbatch job.sh` on **smp**:", LONDON, "Philip Colligan, from"),
        ("```sh\nsbatch -M smp job.sh\n* done\n```", LONDON, "just delivering services"),
    ],
    glue="\n",
)
COMMAND = replace(COMMAND, answer=COMMAND.answer.replace("``` [", "```\n["))
POISONED = answer_of(
    "\n".join(PAYLOADS),
    [
        (payload, Passage(f"{payload}.txt", 0, len(payload), payload, title=payload, section=payload), payload)
        for payload in PAYLOADS
    ],
    glue="\n",
)
POISONED = replace(
    POISONED,
    notes=tuple(PAYLOADS),
    receipt={"generator": {"name": "".join(PAYLOADS)}, "index_generation": PAYLOADS[0]},
)
NOWHERE = Answer(
    id="test",
    question="What is the capital of Mongolia?",
    status="abstained",
    confidence=0.04,
    answer="The documents do not answer this question. They nowhere mention “Mongolia”.",
    evidence=evidence_of([SWINDON, CARDIFF]),
    timings={"first_token_s": 1.1, "total_s": 1.1},
)


def unsure_of(question: str, quotes: Sequence[tuple[Passage, str]], draft: Answer | None = None) -> Answer:
    """Return an answer that is not sure: the ``quotes``, word for word, behind a ``draft`` where there is one."""
    given = answer_of(question, [(f"“{quote}”", passage, quote) for passage, quote in quotes], "\n- ")
    answer = replace(given, status="unsure", confidence=0.44, answer=f"{INTRODUCTION}\n- {given.answer}")
    if draft is None:
        return answer
    last = len(draft.citations)
    said = tuple(replace(sentence, citations=(last + sentence.citations[0],)) for sentence in answer.sentences)
    lines = [draft.answer, INTRODUCTION, *(f"- {sentence.text} [{sentence.citations[0]}]" for sentence in said)]
    cited = tuple(replace(citation, mark=last + citation.mark) for citation in answer.citations)
    citations, sentences = (*draft.citations, *cited), (*draft.sentences, *said)
    return replace(answer, answer="\n".join(lines), sentences=sentences, citations=citations)


INTRODUCTION = "The documents do not say this outright. This may answer it:"
SAVES = unsure_of(
    "Does co-production save councils money?",
    [
        (
            SWINDON,
            "The experience has been transformative for both staff and the family members and it is estimated that "
            "work with 3 families has generated a £250K cost avoidance for the Council.",
        ),
        (
            CARDIFF,
            "The event was part of a series of 5 Roadshows showcasing examples of people powered public services "
            "across the country and providing a platform for practitioners and decision makers to share experiences on "
            "achieving more in public services.",
        ),
    ],
)
PAID = unsure_of(
    "Who paid for the Cardiff roadshow?",
    [(SWINDON, SAVES.citations[0].quote)],
    answer_of("", [(VENUE.sentences[1].text, CARDIFF, VENUE.citations[1].quote)]),
)
"""Answers that are not sure: with quotes alone, and with a draft before them."""
FOLLOW_UP = replace(VENUE, question="And who hosted it?", query=f"{VENUE.question} And who hosted it?")


class ScriptedIndex:
    """What the page asks of an index, answered from the files of the seeds; there are no passages to read ahead."""

    generation = 1

    def documents(self) -> list[Document]:
        return []

    def passage_ids(self) -> list[int]:
        return []

    def document(self, name: str) -> Document:
        if not (SEEDS / name).is_file():
            raise DocumentError(f"There is no document '{name}'.")
        return documents.read(SEEDS / name, name)

    def file(self, name: str) -> Path:
        return SEEDS / name

    def stats(self) -> dict[str, int]:
        return {"documents": 5}


@dataclass
class ScriptedAssistant:
    """Answers from a table, with the same ``stream`` as the real one; ``pace`` is the seconds between two words."""

    answers: Sequence[Answer]
    pace: float = 0.005
    index: ScriptedIndex = field(default_factory=ScriptedIndex)
    asked: list[tuple[str, tuple[Turn, ...]]] = field(default_factory=list)
    stopped: threading.Event = field(default_factory=threading.Event)
    documents: Collection[str] | None = None
    found: Citation | None = None
    """The sentence that is shown before a draft is written, where there is one."""

    def stream(
        self,
        question: str,
        history: Sequence[Turn] = (),
        id: str = "",
        stop: Callable[[], bool] | None = None,
        documents: Collection[str] | None = None,
    ) -> Iterator[Phase | Citation | Token | Answer]:
        self.asked.append((question, tuple(history)))
        self.documents = documents
        answer = next((a for a in self.answers if a.question == question), replace(NOWHERE, question=question))
        answer = answer if history else replace(answer, query="")
        yield Phase("searching", "Searching 42 passages")
        time.sleep(min(20 * self.pace, 0.3))
        yield Phase("reading", f"Reading {len(answer.evidence)} passages")
        time.sleep(min(20 * self.pace, 0.3))
        if answer.status != "abstained":
            yield Phase("writing", "Writing")
            if self.found:
                yield self.found
            draft = ""
            for word in re.findall(r"\S+\s*", answer.answer):
                if stop and stop():
                    self.stopped.set()
                    answer = _cut_off(answer, draft)
                    break
                draft += word
                yield Token(word)
                time.sleep(self.pace)
            yield Phase("checking", "Checking each sentence against the documents")
            time.sleep(min(20 * self.pace, 0.3))
        yield answer


def _cut_off(answer: Answer, draft: str) -> Answer:
    """Return what a check finds of an answer that was stopped after ``draft``."""
    kept = [sentence for sentence in answer.sentences if sentence.text in draft]
    marks = {mark for sentence in kept for mark in sentence.citations}
    cited = tuple(citation for citation in answer.citations if citation.mark in marks)
    text = " ".join(f"{sentence.text} [{sentence.citations[0]}]" for sentence in kept)
    if not kept:
        return replace(answer, status="abstained", answer=NOWHERE.answer, sentences=(), citations=(), stopped=True)
    return replace(answer, answer=text, sentences=tuple(kept), citations=cited, stopped=True)


# --- a running chat


@contextmanager
def running_chat(load: Callable[[], Answerer], config: Config | None = None, port: int = 0) -> Iterator[str]:
    """Serve the application on ``port`` (0: a free one) from a thread of this process; gives its address.

    Without a ``config`` what is kept goes into a folder that is removed at the end.
    """
    import uvicorn

    listener = local.listen("127.0.0.1", port)
    kept = TemporaryDirectory()
    config = replace(config or Config(index=Path(kept.name)), port=listener.getsockname()[1])
    _make_index(config)
    service = Service(load, config)
    app = application(service, config)
    server = uvicorn.Server(uvicorn.Config(app, log_level="critical", timeout_graceful_shutdown=1, proxy_headers=False))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    service.start()
    try:
        yield local.address(listener)
    finally:
        server.should_exit = True
        thread.join(10)
        service.close()
        listener.close()
        kept.cleanup()


def _make_index(config: Config) -> None:
    """Make an empty index where there is none, for the list of documents beside the chat."""
    try:
        open_index(config, read_only=True).close()
    except IndexMissing:
        create_index(config, HashEmbedder(8)).close()


def free_port() -> int:
    """Return a port that nobody uses now, as the next one.

    Neither is one of those that the system gives to whoever asks for any: another test would soon have it.
    """
    while True:
        port = random.SystemRandom().randrange(20_000, 32_000)
        with suppress(OSError), socket.socket() as first, socket.socket() as second:
            first.bind(("127.0.0.1", port))
            second.bind(("127.0.0.1", port + 1))
            return port


# --- a Chromium


@contextmanager
def chromium() -> Iterator[Browser]:
    """Give a headless Chromium."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS, headless=True)
        try:
            yield browser
        finally:
            browser.close()


LEAVING = "The page is left."
# Gradio's client closes its stream of events when the page is left, and reports that itself as an error.
CUT_OFF = ("AbortError:", "Unexpected error Connection errored out.")


@dataclass
class Watched:
    """A page, and what it did that it should not: requests to other hosts, errors in the console, dialogs."""

    page: Page
    address: str
    foreign: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    leaving: bool = False

    def __post_init__(self) -> None:
        self.page.add_init_script(f"addEventListener('beforeunload', () => console.debug('{LEAVING}'))")
        self.page.on("domcontentloaded", lambda _: setattr(self, "leaving", False))
        self.page.on("request", lambda request: self._note_request(request.url))
        self.page.on("console", self._note_message)
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("dialog", lambda dialog: (self.errors.append(dialog.message), dialog.dismiss()))

    def _note_message(self, message: ConsoleMessage) -> None:
        if message.text == LEAVING:
            self.leaving = True
        elif message.type == "error" and not (self.leaving and message.text.startswith(CUT_OFF)):
            self.errors.append(message.text)

    def _note_request(self, url: str) -> None:
        if not url.startswith((self.address, "data:", "blob:" + self.address)):
            self.foreign.append(url)

    def ask(self, question: str, label: str = "Your question") -> None:
        box = self.page.get_by_label(label)
        box.fill(question)
        box.press("Enter")

    def answer(self, number: int = 1, seconds: float = PATIENCE) -> None:
        """Wait until the exchange ``number`` is done."""
        self.page.locator(f".exchange:nth-child({number}) .reply:not(.working)").wait_for(timeout=1000 * seconds)


@contextmanager
def watched_page(
    browser: Browser,
    address: str,
    width: int = 1280,
    height: int = 800,
    dark: bool = False,
    locale: str = "en-GB",
    touch: bool = False,
) -> Iterator[Watched]:
    """Open the chat in a page of its own; with ``touch`` as a phone does."""
    context = browser.new_context(
        viewport={"width": width, "height": height},
        color_scheme="dark" if dark else "light",
        reduced_motion="reduce",
        locale=locale,
        has_touch=touch,
        is_mobile=touch,
    )
    context.set_default_timeout(1000 * PATIENCE)
    watched = Watched(context.new_page(), address)
    try:
        watched.page.goto(address)
        watched.page.locator("#question textarea").wait_for()
        yield watched
    finally:
        context.close()
