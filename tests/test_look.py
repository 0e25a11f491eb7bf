"""What must hold for every page in every state, on a phone and on a wide window: in a real Chromium.

``python tests/gallery.py FOLDER`` takes pictures of the same states.
"""

import pytest
from axe import violations
from browser import in_browser
from looks import Look, running_site, states
from test_panel import SMALL

pytestmark = in_browser
HEAD = 56
"""Most pixels of a header of one row."""
OVER = """() => {
  const width = document.documentElement.clientWidth;
  if (document.documentElement.scrollWidth <= width) return [];
  return [...document.querySelectorAll('body *')]
    .filter(e => e.checkVisibility() && e.getBoundingClientRect().right > width + 1)
    .map(e => `${e.tagName}.${e.className}`).slice(0, 5);
}"""
"""What makes a page scroll sideways."""


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    with running_site(tmp_path_factory.mktemp("looks")) as site:
        yield site


@pytest.mark.parametrize("look", [Look(320), Look(390, True, "de-DE"), Look(1280), Look(1280, True)], ids=str)
def test_every_state_fits_its_window_and_is_accessible(browser, site, look):
    wrong = {}
    for name, chat in states(browser, site, look):
        page = chat.page
        found = [*page.evaluate(OVER), *violations(page), *(page.evaluate(SMALL) if look.touch else [])]
        head = page.locator("#head")
        if head.count() and (height := head.bounding_box()["height"]) > HEAD:
            found.append(f"The header is {height} pixels high.")
        if found:
            wrong[name] = found
        assert chat.foreign == []
    assert wrong == {}
