"""The name under which a browser saves."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.http import parse_options_header

from web_frontend.downloading.dispositions import attachment

HOSTILE = ['a"b', "a\\b", "50%.txt", "100%41", "a;b", "é", "😀", " x ", "..hidden", "<script>"]


def test_a_plain_name_stands_as_it_is() -> None:
    expected = 'attachment; filename="zen.2458432.34569.uvh5"'
    assert attachment("zen.2458432.34569.uvh5") == expected


@pytest.mark.parametrize("name", HOSTILE)
def test_other_names_come_back_as_they_were(name: str) -> None:
    assert parse_options_header(attachment(name)) == ("attachment", {"filename": name})


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=80))
def test_no_name_breaks_the_header(name: str) -> None:
    header = attachment(name)
    assert header.isascii()
    assert "\n" not in header
    value, options = parse_options_header(header)
    assert (value, options["filename"]) == ("attachment", name)
