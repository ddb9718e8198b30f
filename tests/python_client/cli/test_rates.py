"""Rates as people type them."""

import click
import pytest

from librarian.cli.rates import BANDWIDTH


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("20MB/s", 20_000_000),
        ("20mb", 20_000_000),
        ("1.5 GB/s", 1_500_000_000),
        ("512KiB/s", 524_288),
        ("1000", 1000),
        ("0", 0),
    ],
)
def test_a_rate_is_bytes_a_second(text: str, expected: int) -> None:
    assert BANDWIDTH.convert(text, None, None) == expected


@pytest.mark.parametrize("text", ["", "fast", "-1MB/s", "20MB/h", "20 XB/s", "5i", "1e400"])
def test_what_is_no_rate_is_refused(text: str) -> None:
    with pytest.raises(click.BadParameter, match="20MB/s"):
        BANDWIDTH.convert(text, None, None)
