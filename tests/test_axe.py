"""The helper finds what is wrong, in a shadow root too, so that an empty list means something."""

from axe import violations
from browser import in_browser

pytestmark = in_browser
PAGE = "<!doctype html><html lang=en><title>A page</title><main><h1>A page</h1>{}</main></html>"
SHADOW = "<div><template shadowrootmode=open><button></button></template></div>"


def test_violations(browser):
    page = browser.new_page()
    page.set_content(PAGE.format("<button>Ask</button>"))
    assert violations(page) == []
    for wrong in ("<button></button>", SHADOW):
        page.set_content(PAGE.format(wrong))
        (line,) = violations(page)
        assert line.startswith("button-name (critical): <button></button>")
