"""Which bytes are sent for which headers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.datastructures import Headers

from web_frontend.downloading.ranges import Answer, wanted_bytes

ETAG = "blake3:11"
UNSATISFIABLE = (Answer.UNSATISFIABLE, 0, 0)
WHOLE = (Answer.WHOLE, 0, 10)


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("bytes=0-3", (Answer.PART, 0, 4)),
        ("bytes=4-", (Answer.PART, 4, 10)),
        ("bytes=9-9", (Answer.PART, 9, 10)),
        ("bytes=4-99", (Answer.PART, 4, 10)),
        ("bytes=-3", (Answer.PART, 7, 10)),
        ("bytes=-99", (Answer.PART, 0, 10)),
        ("bytes=10-", UNSATISFIABLE),
        ("bytes=99-100", UNSATISFIABLE),
        # What is not understood, or asks for several pieces, is answered with all.
        ("bytes=-0", WHOLE),
        ("bytes=3-1", WHOLE),
        ("bytes=0-1,4-5", WHOLE),
        ("lines=0-1", WHOLE),
        ("bytes=a-b", WHOLE),
        ("bytes", WHOLE),
        ("", WHOLE),
    ],
)
def test_a_range_is_cut_to_what_there_is(header: str, expected: tuple[Answer, int, int]) -> None:
    assert wanted_bytes(Headers({"Range": header}), ETAG, 10) == expected


def test_of_an_empty_file_no_range_can_be_had() -> None:
    assert wanted_bytes(Headers({"Range": "bytes=0-"}), ETAG, 0) == UNSATISFIABLE
    assert wanted_bytes(Headers({"Range": "bytes=-5"}), ETAG, 0) == UNSATISFIABLE
    assert wanted_bytes(Headers({}), ETAG, 0) == (Answer.WHOLE, 0, 0)


@given(st.integers(1, 200), st.integers(0, 250), st.integers(0, 250))
def test_any_range_is_what_a_slice_is(size: int, first: int, last: int) -> None:
    data = bytes(range(size % 256)) if size < 256 else b""
    answer, start, stop = wanted_bytes(Headers({"Range": f"bytes={first}-{last}"}), ETAG, size)
    if first > last:
        assert (answer, start, stop) == (Answer.WHOLE, 0, size)
    elif first >= size:
        assert answer is Answer.UNSATISFIABLE
    else:
        assert answer is Answer.PART
        assert data[start:stop] == data[first : last + 1]


@given(st.integers(0, 200), st.integers(1, 250))
def test_the_last_bytes_are_what_a_slice_is(size: int, count: int) -> None:
    data = bytes(size)
    answer, start, stop = wanted_bytes(Headers({"Range": f"bytes=-{count}"}), ETAG, size)
    assert data[start:stop] == data[-count:]
    assert answer is (Answer.PART if size else Answer.UNSATISFIABLE)


@pytest.mark.parametrize(
    ("if_range", "answer"),
    [
        (f'"{ETAG}"', Answer.PART),
        ('"blake3:22"', Answer.WHOLE),
        (f'W/"{ETAG}"', Answer.WHOLE),
        ("Sat, 21 Nov 2026 21:48:05 GMT", Answer.WHOLE),
        ("nonsense", Answer.WHOLE),
    ],
)
def test_a_rest_is_sent_only_of_the_same_contents(if_range: str, answer: Answer) -> None:
    assert (
        wanted_bytes(Headers({"Range": "bytes=1-2", "If-Range": if_range}), ETAG, 10).answer
        is answer
    )


@pytest.mark.parametrize(
    ("headers", "answer"),
    [
        ({"If-None-Match": f'"{ETAG}"'}, Answer.UNCHANGED),
        ({"If-None-Match": f'"a", W/"{ETAG}"'}, Answer.UNCHANGED),
        ({"If-None-Match": "*"}, Answer.UNCHANGED),
        ({"If-None-Match": '"blake3:22"'}, Answer.WHOLE),
        ({"If-Match": '"blake3:22"'}, Answer.CHANGED),
        ({"If-Match": f'"{ETAG}"'}, Answer.WHOLE),
        ({"If-Match": "*"}, Answer.WHOLE),
    ],
)
def test_what_a_browser_has_is_not_sent_again(headers: dict[str, str], answer: Answer) -> None:
    assert wanted_bytes(Headers(headers), ETAG, 10).answer is answer
