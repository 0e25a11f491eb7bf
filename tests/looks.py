"""The pages in all their states, for pictures (``gallery.py``) and for what must hold in each (``test_look.py``).

The documents are made here, the answers scripted.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import makers
from browser import (
    CARDIFF,
    FOLLOW_UP,
    NOWHERE,
    PAID,
    PRINCIPLES,
    SEEDS,
    VENUE,
    ScriptedAssistant,
    Watched,
    running_chat,
    watched_page,
)
from fpdf import FPDF

from rag import feedback
from rag.archive import UNANSWERED, Archive
from rag.config import Config
from rag.embedders.hashed import HashEmbedder
from rag.errors import GenerationError
from rag.indexes.opening import create_index
from rag.ingest import ingest
from rag.types import Answer
from ui.evidence import reader_address

if TYPE_CHECKING:
    from playwright.sync_api import Browser

FAILS = "What makes the language model fail?"
SLOW = PRINCIPLES.question
LEAVE = "Staff of the mill have {} days of annual leave. Leave is agreed with the foreman two weeks ahead of its start."
LONG = "A very long title of a document that somebody once gave it, with everything that was on their mind at that time"
WORD = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft.txt"
SETTLED = 700
"""Milliseconds until everything stands still."""


class Look(NamedTuple):
    """How a page is looked at."""

    width: int
    dark: bool = False
    locale: str = "en-GB"

    @property
    def touch(self) -> bool:
        """Whether it is a phone."""
        return self.width < 500

    def __str__(self) -> str:
        return f"{self.width}-{'dark' if self.dark else 'light'}{'' if self.locale == 'en-GB' else '-' + self.locale}"


LOOKS = (
    *(Look(width, dark) for width in (390, 1280) for dark in (False, True)),
    *(Look(width, locale="de-DE") for width in (390, 1280)),
    Look(320),
)


@dataclass
class Moody(ScriptedAssistant):
    """Fails to answer one question, and takes its time over another."""

    def stream(self, question: str, *given: object, **more: object) -> Iterator[object]:
        if question == FAILS:
            raise GenerationError("The language model failed.")
        pace, self.pace = self.pace, 3.0 if question == SLOW else self.pace
        try:
            for event in super().stream(question, *given, **more):
                chosen = more.get("documents")
                narrowed = {"documents": {"searched": len(chosen or ()), "of": 5}} if chosen is not None else {}
                yield replace(event, receipt=event.receipt | narrowed) if isinstance(event, Answer) else event
        finally:
            self.pace = pace


# --- the documents


def make_documents(folder: Path) -> None:
    """Write documents of many kinds into ``folder``."""
    for name in ("policies", "minutes", "many"):
        (folder / name).mkdir(parents=True)
    for path in SEEDS.glob("*.txt"):
        shutil.copy(path, folder)
    for year, days in ((2016, 20), (2021, 25), (2025, 28)):
        text = f"# Leave policy {year}\n\nDate: 3 May {year}\n\n{LEAVE.format(days)}\n"
        (folder / "policies" / f"leave_{year}.md").write_text(text)
    (folder / "minutes" / "table.csv").write_bytes(makers.csv())
    (folder / WORD).write_text(f"# {LONG}\n\n## A heading\n\nThe heron eats fish and frogs.\n\n{'x' * 200}\n")
    for number in range(120):
        (folder / "many" / f"note {number}.txt").write_text(f"Note {number} tells of the bittern and its reeds.\n")
    (folder / "scan.pdf").write_bytes(pdf())


def pdf() -> bytes:
    """Return a document of three pages, of which one has no text."""
    made = FPDF()
    for text in ("The bittern booms at dusk in the reeds.", "", "The owl hunts at night."):
        made.add_page()
        made.set_font("helvetica", size=14)
        made.multi_cell(0, 10, text)
    return bytes(made.output())


@contextmanager
def filled(folder: Path) -> Iterator[tuple[Config, Moody]]:
    """Give an assistant over these documents, with feedback to review and questions without an answer."""
    make_documents(folder / "documents")
    (folder / "handbook").mkdir()
    (folder / "handbook" / "birds.txt").write_text("The plover nests by the river.\n")
    (folder / "handbook" / "broken.pdf").write_bytes(b"%PDF-1.7 nothing")
    watch = (str(folder / "handbook"),)
    config = Config(index=folder / "index", watch=watch, keep_unanswered=True, requests_per_minute=100_000)
    embedder = HashEmbedder(64)
    with create_index(config, embedder) as index:
        ingest([folder / "documents"], index, embedder, config)
        unanswered = Archive(config.index, folder=UNANSWERED)
        for question in ("Where can staff park?", "Where can the staff park a car?", "How much is the rent?"):
            unanswered.put(replace(NOWHERE, question=question))
        feedback.add(config.index, feedback.Feedback("wrong_answer", "Why?", answer="Because. [1]", comment="No."))
        assistant = Moody([VENUE, PRINCIPLES, FOLLOW_UP, PAID], 0.002, index)
        assistant.embedder = embedder
        assistant.found = VENUE.citations[0]
        yield config, assistant


# --- the states


def chat_states(chat: Watched, look: Look) -> Iterator[str]:
    """Bring the chat into one state after the other, and yield its name."""
    page, asked = chat.page, 0

    def ask(question: str) -> None:
        nonlocal asked
        asked += 1
        chat.page.locator("#question textarea").fill(question)
        chat.page.keyboard.press("Enter")

    yield "start"
    ask(VENUE.question)
    chat.answer(asked)
    page.locator(".suggestions").last.wait_for()
    yield "answered"
    page.locator("button.mark").first.click()
    yield "evidence"
    page.locator(".panel-close").last.click()
    ask(FOLLOW_UP.question)
    chat.answer(asked)
    yield "follow-up"
    ask(SLOW)
    page.locator(".exchange").last.locator(".draft").wait_for()
    page.locator("#question textarea").fill(PAID.question)
    page.keyboard.press("Enter")
    page.locator(".queued li").wait_for()
    yield "queue"
    page.locator(".queued button").click()
    page.locator("#question textarea").fill("")
    page.locator("#stop").click()
    chat.answer(asked)
    yield "stopped"
    page.locator(".editing button").click()
    for question, name in ((NOWHERE.question, "abstained"), (PAID.question, "unsure"), (FAILS, "failed")):
        ask(question)
        page.locator(f".exchange:nth-child({asked})").wait_for()
        chat.answer(asked)
        yield name
    page.locator("[data-opinion=form]").last.click()
    yield "feedback"
    page.locator(".history-toggle").click()
    page.locator(".history-more summary").first.click()
    yield "history"
    page.locator(".history .panel-close").click()
    if look.width < 1100:
        page.locator(".pages-button").click()
        yield "menu"
        page.keyboard.press("Escape")
        page.locator(".pages-button").click()
    page.locator(".display-button").click()
    yield "display"
    page.keyboard.press("Escape")
    yield from scope_states(chat, look)


def scope_states(chat: Watched, look: Look) -> Iterator[str]:
    """Show the documents beside the chat."""
    page = chat.page
    if look.width < 1100:
        page.locator(".scope-toggle").click()
    page.locator(".scope-title").first.click()
    page.locator(".overview .open").wait_for()
    yield "scope"
    page.locator(".scope .find input").fill("leave")
    yield "scope-found"
    page.locator(".scope .find input").fill("zzz")
    yield "scope-nothing"
    page.locator(".scope .find input").fill("")
    page.locator(".tick-none").click()
    page.locator(".scope-none:not([hidden])").wait_for()
    yield "scope-none"
    page.locator(".scope-item input").first.check()
    if look.width < 1100:
        page.locator(".scope .panel-close").click()
    page.locator("#anew").click()
    page.locator(".exchange").first.wait_for(state="detached")
    page.locator("#question textarea").fill(NOWHERE.question)
    page.keyboard.press("Enter")
    chat.answer()
    yield "narrowed"
    page.goto(chat.address + "search?q=Nightrider")
    page.locator("#found .narrowed").wait_for()
    yield "search-narrowed"
    page.evaluate("localStorage.clear()")


PAGES = {
    "search": ("search", "#found .search-form"),
    "search-results": ("search?q=bittern+reeds", "#found .piece"),
    "search-nothing": ("search?q=xqzt+blorf", "#found .calm"),
    "documents": ("documents", ".document"),
    "settings": ("settings", "table.settings"),
    "review": ("review", ".review-buttons"),
    "gaps": ("gaps", ".gap"),
    "reader": (reader_address(CARDIFF.document, 17, 52) + "#quote", "mark"),
    "reader-older": (reader_address("policies/leave_2016.md", 0, 0), "h1"),
    "reader-table": (reader_address("minutes/table.csv", 0, 5), "mark"),
    "reader-pdf": (reader_address("scan.pdf", 0, 30), ".page"),
    "reader-gone": (reader_address("gone.txt", 0, 0), "h1"),
}


def page_states(chat: Watched, look: Look) -> Iterator[str]:
    """Open the other pages, and yield their names."""
    page = chat.page
    for name, (path, part) in PAGES.items():
        page.goto(chat.address + path)
        page.locator(part).first.wait_for()
        if name == "gaps":
            yield name
            for summary in page.locator(".gap summary").all():
                summary.click()
            name = "gaps-open"
        yield name
        if name == "settings":
            page.locator("#settings .settings-buttons button").first.click()
            yield "settings-editing"
    page.goto(chat.address + "documents")
    page.locator(".document").first.wait_for()
    page.locator(".documents button.link").first.click()
    failed = {"name": "broken.pdf", "mimeType": "", "buffer": b"%PDF-1.7 nonsense"}
    page.locator("input.files").set_input_files([failed])
    page.locator(".arrivals .failed").wait_for()
    yield "documents-failed"


def empty_states(chat: Watched, look: Look) -> Iterator[str]:
    """Show what there is without documents."""
    page = chat.page
    page.locator("#start .drop").wait_for()
    yield "empty-start"
    page.locator(".history-toggle").click()
    yield "empty-history"
    for path in ("documents", "search?q=heron", "settings", "review", "gaps"):
        page.goto(chat.address + path)
        page.wait_for_timeout(SETTLED)
        yield f"empty-{path.partition('?')[0]}"


# --- all of them


class Site(NamedTuple):
    """The addresses of two running chats: one with documents, one without."""

    filled: str
    empty: str


@contextmanager
def running_site(folder: Path) -> Iterator[Site]:
    """Serve both from ``folder``."""
    with ExitStack() as opened:
        config, assistant = opened.enter_context(filled(folder))
        bare = Config(index=folder / "bare", requests_per_minute=100_000)
        index = opened.enter_context(create_index(bare, HashEmbedder(64)))
        nothing = ScriptedAssistant([], 0.002, index)
        nothing.embedder = HashEmbedder(64)
        addresses = [opened.enter_context(running_chat(lambda: assistant, config))]
        addresses.append(opened.enter_context(running_chat(lambda: nothing, bare)))
        yield Site(*addresses)


def states(browser: Browser, site: Site, look: Look) -> Iterator[tuple[str, Watched]]:
    """Bring pages into one state after the other; yield its name and the page once it stands still."""
    for address, parts in ((site.filled, (chat_states, page_states)), (site.empty, (empty_states,))):
        with watched_page(browser, address, look.width, 800, look.dark, look.locale, look.touch) as chat:
            for part in parts:
                for name in part(chat, look):
                    chat.page.wait_for_timeout(SETTLED)
                    yield name, chat
