"""Make the README's picture, ``ui/static/chat.png``, from the running chat with the configured models and index.

    python tests/screenshot.py [--to FILE] ["question" ...]

Asks each question, opens the first source of the last answer, and takes the window as it is then.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from browser import chromium, running_chat, watched_page

from rag import config
from rag.assistant import Assistant
from ui.local import STATIC

QUESTIONS = ["What is the Denbighshire Nightrider?"]
PICTURE = STATIC / "chat.png"
LIMIT = 250_000
"""Largest size of the picture, in bytes."""


def main(questions: list[str], picture: Path = PICTURE) -> None:
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
        chat.page.screenshot(path=picture)
    size = picture.stat().st_size
    print(f"{picture}: {size:,} bytes")
    if size > LIMIT or chat.foreign or chat.errors:
        sys.exit(f"Too large, or the page is not as it should be: {chat.foreign} {chat.errors}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Make a picture of the running chat.")
    parser.add_argument("questions", nargs="*", default=QUESTIONS)
    parser.add_argument("--to", type=Path, default=PICTURE, dest="picture")
    main(**vars(parser.parse_args()))
