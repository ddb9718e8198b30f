"""Which files of the archive a local tree makes."""

import os
from pathlib import Path

import pytest

from librarian.cli.local_trees import find_local_files


def make_dataset(path: Path) -> None:
    path.mkdir(parents=True)
    for item in ("header", "vartable", "visdata", "flags"):
        (path / item).touch()


def found(root: Path) -> list[str]:
    return [file.relative_path for file in find_local_files(root)]


def test_flat_files_are_found_in_order_with_their_directories(tmp_path: Path) -> None:
    for name in ("b/2", "b/1", "a", "b/c/3"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    assert found(tmp_path) == ["a", "b/1", "b/2", "b/c/3"]


def test_a_miriad_dataset_is_one_file(tmp_path: Path) -> None:
    make_dataset(tmp_path / "night" / "zen.uv")
    (tmp_path / "night" / "log").touch()
    assert found(tmp_path) == ["night/log", "night/zen.uv"]


def test_a_link_is_not_followed_but_told_of(tmp_path: Path) -> None:
    (tmp_path / "root").mkdir()
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "secret").touch()
    (tmp_path / "root" / "link").symlink_to(tmp_path / "outside")
    assert found(tmp_path / "root") == ["link"]


def test_an_empty_directory_is_no_file(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    assert found(tmp_path) == []


def test_names_need_not_be_utf8(tmp_path: Path) -> None:
    (tmp_path / os.fsdecode(b"\xff")).touch()
    assert found(tmp_path) == ["\udcff"]


def test_a_missing_directory_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        found(tmp_path / "missing")
