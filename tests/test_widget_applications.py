"""The widget in applications of the real Turbo and the real React, whose packages npm brings."""

import shutil
import subprocess
import tarfile

import pytest
from axe import violations
from browser import FOLLOW_UP, VENUE, in_browser
from widget import intranet, visit

pytestmark = [*in_browser, pytest.mark.slow]
PACKAGES = {
    "turbo.js": ("@hotwired/turbo@8.0.23", "package/dist/turbo.es2017-umd.js"),
    "react.js": ("react@18.3.1", "package/umd/react.production.min.js"),
    "react-dom.js": ("react-dom@18.3.1", "package/umd/react-dom.production.min.js"),
}
LINKS = "<nav><a href=/one>One</a> <a href=/two>Two</a></nav>"
REACT = """
const { createElement: e, useState, StrictMode } = React;
function App() {
  const [page, turn] = useState("One");
  const button = (name) => e("button", { key: name, onClick: () => turn(name) }, name);
  return e("div", { key: page }, e("nav", null, ["One", "Two"].map(button)), e("main", null, e("h1", null, page)));
}
const root = ReactDOM.createRoot(document.body);
root.render(e(StrictMode, null, e(App)));
"""


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    folder = tmp_path_factory.mktemp("applications")
    with intranet(folder, [VENUE, FOLLOW_UP]) as site:
        yield site


@pytest.fixture(scope="module")
def scripts(site, tmp_path_factory):
    """Serve the scripts of both; skip if npm can't bring them."""
    folder = tmp_path_factory.mktemp("npm")
    if not shutil.which("npm"):
        pytest.skip("npm is not installed")
    wanted = [package for package, _ in PACKAGES.values()]
    command = ["npm", "pack", "--silent", *wanted]
    packed = subprocess.run(command, check=False, cwd=folder, capture_output=True, text=True, timeout=300)
    if packed.returncode:
        pytest.skip(f"npm can't bring {', '.join(wanted)}: {packed.stderr[-200:]}")
    for (name, (_, inner)), archive in zip(PACKAGES.items(), packed.stdout.split(), strict=True):
        with tarfile.open(folder / archive) as packages:
            site.pages.files[f"/{name}"] = packages.extractfile(inner).read()
            site.pages.headers[f"/{name}"] = {"Content-Type": "text/javascript"}


def talk_on(visited, go):
    """Ask, ``go`` to another page while it is answered and after, and go on with the conversation."""
    page = visited.page
    visited.open()
    visited.ask(VENUE.question)
    go("Two")
    visited.exchange().locator(".mark").first.wait_for()
    assert page.locator("footnote-widget").count() == 1
    go("One")
    assert visited.exchange().locator(".mark").count() == 2
    visited.ask(FOLLOW_UP.question)
    visited.exchange(2).locator(".mark").first.wait_for()
    assert violations(page) == []
    assert (visited.foreign, visited.errors) == ([], [])


def test_turbo_draws_pages_around_a_conversation(browser, site, scripts):
    for name in ("One", "Two"):
        head = f"<title>{name}</title><script src=/turbo.js defer></script>{site.line()}"
        body = f"{LINKS}<main><h1>{name}</h1></main>"
        site.publish(
            f"<!doctype html><html lang=en><head>{head}</head><body>{body}</body></html>",
            f"/{name.lower()}",
            Content_Type="text/html",
        )

    with visit(browser, site, site.pages.url + "/one") as visited:

        def go(name):
            visited.page.get_by_role("link", name=name).click()
            visited.page.get_by_role("heading", name=name).wait_for()

        visited.page.evaluate("window.stays = true")
        talk_on(visited, go)
        assert visited.page.evaluate("stays"), "Turbo never loaded the page anew"


def test_react_draws_the_whole_body_again(browser, site, scripts):
    head = f"<title>App</title><script src=/react.js></script><script src=/react-dom.js></script>{site.line()}"
    body = f"<body><script>{REACT}</script></body>"
    with visit(
        browser, site, site.publish(f"<!doctype html><html lang=en><head>{head}</head>{body}</html>", "/react")
    ) as visited:

        def go(name):
            visited.page.get_by_role("button", name=name, exact=True).click()
            visited.page.get_by_role("heading", name=name).wait_for()

        talk_on(visited, go)
