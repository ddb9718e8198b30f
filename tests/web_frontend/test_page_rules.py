"""Rules that hold for all pages, read from their source."""

import re
from pathlib import Path

PACKAGE = Path(__file__).parents[2] / "web_frontend"
# These last as long as there is something to send, and take a place for that.
STREAMED = {"views/exports.py"}


def source(pattern: str) -> dict[str, str]:
    return {
        path.relative_to(PACKAGE).as_posix(): path.read_text(encoding="utf-8")
        for path in PACKAGE.rglob(pattern)
    }


def test_pages_search_by_the_one_way_that_has_a_deadline() -> None:
    searching = re.compile(r"\.search_(files|observations|sessions|instances)\(")
    found = {name for name, text in source("*.py").items() if searching.search(text)}
    assert found <= STREAMED


def test_what_is_live_keeps_where_a_person_is() -> None:
    live = re.compile(r"<\w+[^<>]*data-live[^<>]*>")
    parts = [tag for text in source("*.html").values() for tag in live.findall(text)]
    assert len(parts) > 8
    assert [tag for tag in parts if 'hx-swap="innerMorph"' not in tag] == []
