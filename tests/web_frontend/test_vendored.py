"""What others made is kept as it came, and no page asks another site for anything."""

import hashlib
import json
import re

import pytest

from web_frontend.assets import STATIC

VENDOR = STATIC / "vendor"
TEMPLATES = STATIC.parent / "templates"
MANIFEST = json.loads((VENDOR / "manifest.json").read_text())
# Names of languages, not places.
NAMESPACES = {"http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"}


@pytest.mark.parametrize("row", MANIFEST, ids=lambda row: row["file"])
def test_a_vendored_file_is_the_one_that_was_fetched(row: dict[str, str]) -> None:
    assert hashlib.sha256((VENDOR / row["file"]).read_bytes()).hexdigest() == row["sha256"]
    assert (VENDOR / row["licence_file"]).stat().st_size > 100


def test_no_file_is_there_that_the_manifest_does_not_name() -> None:
    found = {path.relative_to(VENDOR).as_posix() for path in VENDOR.rglob("*") if path.is_file()}
    named = {row["file"] for row in MANIFEST} | {row["licence_file"] for row in MANIFEST}
    assert found - named == {"manifest.json"}


def test_no_page_names_an_address_elsewhere() -> None:
    own = [path for path in STATIC.rglob("*") if path.is_file() and VENDOR not in path.parents]
    for path in [*TEMPLATES.rglob("*.html"), *own]:
        text = path.read_text(encoding="utf-8", errors="replace")
        found = set(re.findall(r"""(?:https?:)?//[a-z0-9.-]+\.[a-z]{2,}[^\s"')]*""", text))
        assert found <= NAMESPACES, path


def test_no_template_has_a_script_or_style_of_its_own() -> None:
    for path in TEMPLATES.rglob("*.html"):
        text = path.read_text(encoding="utf-8")
        bad = r"<script(?![^>]*\ssrc=)|<style|<[a-z][^<>]*\s(?:style=|on[a-z]+=|hx-on)"
        found = re.findall(bad, text)
        assert found == [], path
