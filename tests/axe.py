"""Accessibility of a page as axe-core sees it: every rule that is on by default, WCAG's and best practice."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Page

OPTIONS = {"resultTypes": ["violations"]}
COMING = "p.loading:not([role])"
"""What Gradio shows for a moment in place of a page, outside of every landmark."""
RUN = "options => axe.run(document, options).then(found => found.violations)"


def violations(page: Page) -> list[str]:
    """Return what axe-core finds wrong with ``page`` once it is there, shadow roots included, a line an element."""
    from axe_playwright_python.base import AXE_SCRIPT

    page.locator(COMING).first.wait_for(state="detached")
    page.evaluate(AXE_SCRIPT)
    return [
        f"{rule['id']} ({rule['impact']}): {node['html'][:200]}: {' '.join(node['failureSummary'].split())}"
        for rule in page.evaluate(RUN, OPTIONS)
        for node in rule["nodes"]
    ]
