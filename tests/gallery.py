"""Take pictures of the chat's pages and of the widget in all their states, at 390 and 1280 pixels, light and dark.

    python tests/gallery.py FOLDER

The documents are those of the configured index, the answers scripted.
"""

from __future__ import annotations

import itertools
import sys
from collections.abc import Iterator
from pathlib import Path

import widget_pictures
from browser import (
    CARDIFF,
    FOLLOW_UP,
    NOWHERE,
    PAID,
    PRINCIPLES,
    VENUE,
    ScriptedAssistant,
    Watched,
    chromium,
    running_chat,
    watched_page,
)

from rag import config
from rag.embedders import open_embedder
from rag.indexes.sqlite.index import SqliteIndex


def gallery(folder: Path) -> None:
    """Take the pictures."""
    settings = config.load()
    folder.mkdir(parents=True, exist_ok=True)
    embedder = open_embedder(settings)
    with SqliteIndex.open(settings.index, embedder) as index:
        assistant = ScriptedAssistant([VENUE, PRINCIPLES, FOLLOW_UP, PAID], 0.002, index)
        assistant.embedder = embedder
        with running_chat(lambda: assistant, settings) as address, chromium() as browser:
            for width, dark in itertools.product((390, 1280), (False, True)):
                with watched_page(browser, address, width, 800, dark) as chat:
                    suffix = f"{width}-{'dark' if dark else 'light'}.png"
                    for name in _states(chat):
                        chat.page.wait_for_timeout(700)
                        chat.page.screenshot(path=folder / f"{name}-{suffix}")
            widget_pictures.take(folder, browser)
    print(f"{len(list(folder.glob('*.png')))} pictures in {folder}")


def _states(chat: Watched) -> Iterator[str]:
    """Bring the pages into one state after the other, and yield its name."""
    page = chat.page
    yield "start"
    for number, question in enumerate((VENUE.question, FOLLOW_UP.question, NOWHERE.question), 1):
        chat.ask(question)
        chat.answer(number)
    yield "abstention"
    chat.ask(PAID.question)
    chat.answer(4)
    yield "unsure"
    page.locator("button.mark").first.click()
    yield "evidence"
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Report a problem").last.click()
    yield "feedback"
    page.get_by_role("button", name="Conversations", exact=True).click()
    yield "conversations"
    for path in (
        "documents",
        "search",
        "settings",
        "review",
        f"read?document={CARDIFF.document}&start=17&end=52#quote",
    ):
        page.goto(chat.address + path)
        page.wait_for_timeout(1000)
        if path == "search":
            page.get_by_label("Words or a question").fill("Nightrider")
            page.keyboard.press("Enter")
        yield path.partition("?")[0]


if __name__ == "__main__":
    gallery(Path(sys.argv[1]))
