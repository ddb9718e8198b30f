"""Where passwords come from."""

import io
from pathlib import Path

import pytest

from librarian.cli.passwords import read_password


def test_a_password_is_the_first_line_of_a_file(tmp_path: Path) -> None:
    path = tmp_path / "password"
    path.write_bytes(b" correct horse \r\nnot this\n")
    assert read_password(path, "Password", confirm=True) == " correct horse "


def test_a_dash_reads_stdin(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("battery\nstaple\n"))
    assert read_password(Path("-"), "Password", confirm=True) == "battery"


def test_nobody_is_asked_where_no_terminal_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("battery\n"))
    assert read_password(None, "Password", confirm=True) == ""
