"""Make the README's pictures: ``ui/static/chat.png`` from the running chat, ``eval/data/report.png`` from a report.

    python tests/screenshot.py [--to FILE] ["question" ...]
    python tests/screenshot.py --report build/eval/latest [--to FILE]

The chat runs with the configured models and index: each question is asked, the first source of the last answer opened,
and the window taken as it is then. Of the report, with the runs under other conditions that lie beside it, the top is
taken, down to the curves.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from browser import chromium, running_chat, watched_page

from eval import commands, runs
from eval.report import page
from eval.robustness import beside
from rag import config
from rag.assistant import Assistant
from ui.local import STATIC

if TYPE_CHECKING:
    from playwright.sync_api import Browser

QUESTIONS = ["What is the Denbighshire Nightrider?"]
CHAT = STATIC / "chat.png"
REPORT = commands.DATA / "report.png"
LIMIT = 350_000
"""Largest size of a picture, in bytes."""


def chat(questions: list[str], picture: Path) -> None:
    """Take the picture of the chat."""
    settings = config.load()
    with (
        running_chat(lambda: Assistant.open(settings), settings) as address,
        chromium() as browser,
        watched_page(browser, address, width=1280, height=800) as shown,
    ):
        for number, question in enumerate(questions, 1):
            shown.ask(question)
            shown.page.locator(".draft").wait_for(timeout=300_000)  # It comes word by word.
            shown.answer(number, seconds=300)
        shown.page.locator(".exchange").last.locator(".mark").first.click()
        shown.page.locator(".panel mark.current").wait_for()
        shown.page.evaluate("document.activeElement.blur()")
        shown.page.wait_for_timeout(500)
        shown.page.screenshot(path=picture)
    if shown.foreign or shown.errors:
        sys.exit(f"The page is not as it should be: {shown.foreign} {shown.errors}")


def report(browser: Browser, folder: Path, picture: Path) -> None:
    """Take the picture of the report of the run in ``folder``: down to the end of the curves, or all of it."""
    run = runs.load(folder)
    size = {"width": 1280, "height": 1000}
    with tempfile.TemporaryDirectory() as place, browser.new_page(viewport=size, color_scheme="light") as shown:
        file = Path(place) / "report.html"
        file.write_text(page(run, beside(run)), "utf-8")
        shown.goto(file.as_uri())
        last = shown.locator(".pair").first if shown.locator(".pair").count() else shown.locator("main")
        box = last.bounding_box()
        assert box
        clip = {"x": 0, "y": 0, "width": 1280, "height": box["y"] + box["height"] + 12}
        shown.screenshot(path=picture, full_page=True, clip=clip)


def main(questions: list[str], run: Path | None, picture: Path | None) -> None:
    """Take one of the pictures."""
    picture = picture or (REPORT if run else CHAT)
    if run:
        with chromium() as browser:
            report(browser, run, picture)
    else:
        chat(questions, picture)
    size = picture.stat().st_size
    print(f"{picture}: {size:,} bytes")
    if size > LIMIT:
        sys.exit("Too large for a README.")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Make a picture of the running chat, or of the report of a run.")
    parser.add_argument("questions", nargs="*", default=QUESTIONS)
    parser.add_argument("--report", type=Path, dest="run", metavar="RUN", help="of the report of this run")
    parser.add_argument("--to", type=Path, dest="picture", metavar="FILE")
    main(**vars(parser.parse_args()))
