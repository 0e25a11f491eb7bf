"""Pictures of the widget in its states, at 390 and 1280 pixels, light and dark, in the page of the demo.

``tests/gallery.py`` takes them; the README's, ``ui/static/widget.png``, is ``widget-passage-1280-light.png``.
"""

from __future__ import annotations

import itertools
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from browser import PAID, PRINCIPLES, VENUE
from widget import Visited, intranet, visit

from ui.demo import LINE
from ui.local import STATIC

if TYPE_CHECKING:
    from playwright.sync_api import Browser


def take(folder: Path, browser: Browser) -> None:
    """Take the pictures into ``folder``."""
    page = (STATIC / "demo.html").read_text(encoding="utf-8")
    with TemporaryDirectory() as index, intranet(Path(index), [VENUE, PRINCIPLES, PAID]) as site:
        line = site.line(default_messages=f"{VENUE.question},{PRINCIPLES.question}")
        address = site.publish(page.replace(LINE, line))
        for width, scheme in itertools.product((390, 1280), ("light", "dark")):
            with visit(browser, site, address, width, color_scheme=scheme) as visited:
                for name in _states(visited):
                    visited.page.wait_for_timeout(300)
                    visited.page.screenshot(path=folder / f"widget-{name}-{width}-{scheme}.png")
                if visited.foreign or visited.errors:
                    sys.exit(f"The page is not as it should be: {visited.foreign} {visited.errors}")


def _states(visited: Visited) -> Iterator[str]:
    """Bring the widget into one state after the other, and yield its name."""
    page = visited.page
    yield "closed"
    visited.open()
    yield "open"
    visited.ask(VENUE.question)
    visited.exchange()
    yield "answer"
    page.get_by_role("button", name="Source 2").click()
    page.locator("mark").wait_for()
    page.mouse.move(0, 0)
    yield "passage"
    page.keyboard.press("Escape")
    visited.ask(PRINCIPLES.question)
    visited.exchange(2)
    yield "list"
    visited.ask("What is the capital of Mongolia?")
    visited.exchange(3).locator(".nearest").first.wait_for()
    yield "abstention"
    visited.ask(PAID.question)
    visited.exchange(4)
    yield "unsure"
    page.get_by_role("button", name="No, this is wrong").last.click()
    yield "feedback"
