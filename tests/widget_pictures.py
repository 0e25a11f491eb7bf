"""Pictures of the widget in its states, at 390 and 1280 pixels, light and dark, in the page of the demo."""

from __future__ import annotations

import itertools
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from browser import PRINCIPLES, VENUE, chromium
from widget import Visited, intranet, visit

from ui.demo import LINE
from ui.local import STATIC


def take(folder: Path) -> None:
    """Take the pictures into ``folder``."""
    folder.mkdir(parents=True, exist_ok=True)
    page = (STATIC / "demo.html").read_text(encoding="utf-8")
    with TemporaryDirectory() as index, intranet(Path(index), [VENUE, PRINCIPLES]) as site, chromium() as browser:
        line = site.line(default_messages=f"{VENUE.question},{PRINCIPLES.question}")
        address = site.publish(page.replace(LINE, line))
        for width, scheme in itertools.product((390, 1280), ("light", "dark")):
            with visit(browser, site, address, width, color_scheme=scheme) as visited:
                for name in _states(visited):
                    visited.page.wait_for_timeout(300)
                    visited.page.screenshot(path=folder / f"{name}-{width}-{scheme}.png")
                if visited.foreign or visited.errors:
                    sys.exit(f"The page is not as it should be: {visited.foreign} {visited.errors}")
    print(f"{len(list(folder.glob('*.png')))} pictures in {folder}")


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
    page.get_by_role("button", name="No, this is wrong").last.click()
    yield "feedback"
