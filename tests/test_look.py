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
  const where = document.documentElement.scrollWidth > width ? 'body *' : '#head *';
  return [...document.querySelectorAll(where)]
    .filter(e => e.checkVisibility() && e.getBoundingClientRect().right > width + 1)
    .map(e => `${e.tagName}.${e.className}`).slice(0, 5);
}"""
"""What makes a page scroll sideways, or is cut off in the header."""


FAINT = """() => {
  const light = text => text.match(/[\\d.]+/g).slice(0, 3).map(Number)
    .map(v => v / 255).map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
    .reduce((sum, v, at) => sum + v * [0.2126, 0.7152, 0.0722][at], 0.05);
  return [...document.querySelectorAll('textarea, select, input:not([type=checkbox], [type=radio], [type=file])')]
    .filter(e => e.checkVisibility() && e !== document.activeElement)
    .filter(e => {
      const seen = getComputedStyle(e), two = [light(seen.borderTopColor), light(seen.backgroundColor)];
      return Math.max(...two) / Math.min(...two) < 3;
    })
    .map(e => `The edge of ${e.outerHTML} is too faint.`);
}"""
"""Fields whose edge does not stand out (WCAG 1.4.11)."""


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    with running_site(tmp_path_factory.mktemp("looks")) as site:
        yield site


@pytest.mark.slow
@pytest.mark.parametrize("look", [Look(390, True, "de-DE"), Look(1280)], ids=str)
def test_every_state_fits_its_window_and_is_accessible(browser, site, look):
    wrong = []
    for name, chat in states(browser, site, look):
        page = chat.page
        found = [
            *page.evaluate(OVER),
            *page.evaluate(FAINT),
            *violations(page),
            *(page.evaluate(SMALL) if look.touch else []),
        ]
        head = page.locator("#head")
        if head.count() and (height := head.bounding_box()["height"]) > HEAD:
            found.append(f"The header is {height} pixels high.")
        wrong += [f"{name}: {what}" for what in found]
        assert chat.foreign == []
    assert not wrong, "\n".join(wrong)
