"""Take pictures of the chat's pages and of the widget in all their states, at 390 and 1280 pixels, light and dark.

    python tests/gallery.py FOLDER [--only STATE ...] [--looks LOOK ...]

Also once each in German and at 320 pixels. ``sheet-*.png`` shows the pictures of one state side by side.
"""

from __future__ import annotations

import argparse
from itertools import groupby
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import widget_pictures
from browser import chromium
from looks import LOOKS, Look, Site, running_site, states

if TYPE_CHECKING:
    from playwright.sync_api import Browser

TALLEST = 2400
"""Height of a picture, at most."""
LONG = ("documents", "settings", "gaps", "search", "review", "reader")
"""The pages that are taken as a whole, too."""
GAP = 20


def shoot(folder: Path, browser: Browser, site: Site, look: Look, only: set[str]) -> None:
    """Take the pictures of one look."""
    for name, chat in states(browser, site, look):
        if only and name not in only:
            continue
        page = chat.page
        page.screenshot(path=folder / f"{name}={look}.png")
        if name.partition("-")[0] in LONG:
            tall = page.evaluate("document.documentElement.scrollHeight")
            page.set_viewport_size({"width": look.width, "height": min(max(tall, 800), TALLEST)})
            page.screenshot(path=folder / f"{name}-whole={look}.png")
            page.set_viewport_size({"width": look.width, "height": 800})


def make_sheets(folder: Path) -> None:
    """Put the pictures of each state on one sheet."""
    from PIL import Image

    files = sorted(file for file in folder.glob("*=*.png") if not file.name.startswith("sheet-"))
    for name, group in groupby(files, key=lambda file: file.stem.partition("=")[0]):
        pictures = [Image.open(file) for file in group]
        width = sum(picture.width + GAP for picture in pictures)
        sheet = Image.new("RGB", (width, max(picture.height for picture in pictures)), "#888")
        place = 0
        for picture in pictures:
            sheet.paste(picture, (place, 0))
            place += picture.width + GAP
        sheet.save(folder / f"sheet-{name}.png")


def gallery(folder: Path, only: set[str], looks: list[str]) -> None:
    """Take all pictures, or those of the states ``only`` in some ``looks``."""
    folder.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory() as place, running_site(Path(place)) as site, chromium() as browser:
        for look in LOOKS:
            if not looks or str(look) in looks:
                shoot(folder, browser, site, look, only)
        if not only or "widget" in only:
            widget_pictures.take(folder, browser, *(look for look in LOOKS if not looks or str(look) in looks))
    make_sheets(folder)
    print(f"{len(list(folder.glob('*.png')))} pictures in {folder}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Take pictures of all pages and of the widget, in all their states.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--only", nargs="*", default=[], metavar="STATE", help="names of the states to take")
    parser.add_argument("--looks", nargs="*", default=[], metavar="LOOK", help="such as 390-dark; all by default")
    given = parser.parse_args()
    gallery(given.folder, set(given.only), given.looks)
