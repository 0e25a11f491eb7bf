"""Pictures of the widget in its states, in the page of the demo.

``tests/gallery.py`` takes them; the README's, ``ui/static/widget.png``, is ``widget-passage=1280-light.png``.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from browser import NOWHERE, PAID, PRINCIPLES, VENUE
from looks import Look
from widget import Visited, intranet, visit

from ui.demo import LINE
from ui.local import STATIC

if TYPE_CHECKING:
    from playwright.sync_api import Browser


def take(folder: Path, browser: Browser, *looks: Look) -> None:
    """Take the pictures of all ``looks`` into ``folder``."""
    page = (STATIC / "demo.html").read_text(encoding="utf-8")
    with TemporaryDirectory() as index, intranet(Path(index), [VENUE, PRINCIPLES, PAID]) as site:
        line = site.line(default_messages=f"{VENUE.question},{PRINCIPLES.question}")
        for look in looks:
            language = f"<html lang={look.locale[:2]}>"
            address = site.publish(page.replace(LINE, line).replace('<html lang="en">', language))
            scheme = "dark" if look.dark else "light"
            options = {"color_scheme": scheme, "locale": look.locale, "has_touch": look.touch, "is_mobile": look.touch}
            with visit(browser, site, address, look.width, **options) as visited:
                for name in states(visited):
                    visited.page.wait_for_timeout(300)
                    visited.page.screenshot(path=folder / f"widget-{name}={look}.png")
                if visited.foreign or visited.errors:
                    sys.exit(f"The page is not as it should be: {visited.foreign} {visited.errors}")


def states(visited: Visited) -> Iterator[str]:
    """Bring the widget into one state after the other, in any language, and yield its name."""
    page = visited.page

    def ask(question: str, number: int) -> None:
        page.locator(".foot textarea").fill(question)
        page.locator(".foot textarea").press("Enter")
        visited.exchange(number)

    yield "closed"
    page.locator(".launcher button").click()
    yield "open"
    ask(VENUE.question, 1)
    yield "answer"
    page.locator(".mark").nth(1).click()
    page.locator("mark").wait_for()
    page.mouse.move(0, 0)
    yield "passage"
    page.keyboard.press("Escape")
    ask(PRINCIPLES.question, 2)
    yield "list"
    ask(NOWHERE.question, 3)
    page.locator(".nearest").first.wait_for()
    yield "abstention"
    ask(PAID.question, 4)
    yield "unsure"
    page.locator(".opinion .down").last.click()
    yield "feedback"
