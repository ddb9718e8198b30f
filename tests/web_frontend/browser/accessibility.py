"""What axe finds on a page against WCAG 2.2 AA and good practice: all of it, trifles too."""

from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

# The sixth row of a table is like the first five, and a chart's bars are alike.
_FEW = {"exclude": [["tbody tr:nth-child(n + 6)"], ["svg :nth-child(n + 6)"]]}
_BRIEF = {"resultTypes": ["violations"]}
# What a change of colours or of the width may spoil.
_AGAIN = {**_BRIEF, "runOnly": ["color-contrast", "target-size", "scrollable-region-focusable"]}


def find_faults(page: Page) -> list[tuple[str, str]]:
    """Return the rules that a page breaks, each with where it does."""
    return _faults(Axe().run(page, _FEW, _BRIEF).response)


def find_faults_again(page: Page) -> list[tuple[str, str]]:
    """Return what a change of colours or width has spoilt on a page that was looked at before."""
    run = "([few, options]) => axe.run(few, options)"
    return _faults(page.evaluate(run, [_FEW, _AGAIN]))


def _faults(found: dict[str, Any]) -> list[tuple[str, str]]:
    return [(one["id"], one["nodes"][0]["html"][:200]) for one in found["violations"]]
