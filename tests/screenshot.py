"""Make the README's picture, ``ui/static/chat.png``, from the running chat with the configured models and index.

    python tests/screenshot.py ["question" ...]

Asks each question, opens the first source of the last answer, and takes the window as it is then.
"""

from __future__ import annotations

import sys

from browser import chromium, running_chat, watched_page

from rag import config
from rag.assistant import Assistant
from ui.local import STATIC

QUESTIONS = ["What is the Denbighshire Nightrider?"]
PICTURE = STATIC / "chat.png"
LIMIT = 250_000
"""Largest size of the picture, in bytes."""


def main(questions: list[str]) -> None:
    """Take the picture."""
    settings = config.load()
    with (
        running_chat(lambda: Assistant.open(settings)) as address,
        chromium() as browser,
        watched_page(browser, address, width=1280, height=800) as chat,
    ):
        for number, question in enumerate(questions, 1):
            chat.ask(question)
            chat.answer(number, seconds=300)
        chat.page.locator(".exchange").last.locator(".mark").first.click()
        chat.page.evaluate("document.activeElement.blur()")
        chat.page.wait_for_timeout(500)
        chat.page.screenshot(path=PICTURE)
    size = PICTURE.stat().st_size
    print(f"{PICTURE}: {size:,} bytes")
    if size > LIMIT or chat.foreign or chat.errors:
        sys.exit(f"Too large, or the page is not as it should be: {chat.foreign} {chat.errors}")


if __name__ == "__main__":
    main(sys.argv[1:] or QUESTIONS)
