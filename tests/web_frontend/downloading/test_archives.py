"""Tar archives of directories, as other programs read them; and any part of what is sent."""

import io
import tarfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from librarian.datasets import DatasetEntry
from web_frontend.downloading.archives import archive_segments
from web_frontend.downloading.segments import Made, Segment, Stretch, cut_segments, whole_entry

TIME = 1_543_363_285
CONTENTS = {
    "header": b"header",
    "empty file": b"",
    "empty directory/": b"",
    "inner/visdata": bytes(range(256)) * 9,
    "inner/" + "long-" * 40 + "name": b"x" * 512,
    "deep/" * 60 + "entry": b"y" * 513,
    "größe 😀": b"z",
    "a%b?c#d": b"w",
    "-rf": b"v",
}


def entries_of(contents: dict[str, bytes]) -> list[DatasetEntry]:
    return [DatasetEntry(path, len(data)) for path, data in sorted(contents.items())]


def filled(segments: list[Segment], contents: dict[str, bytes]) -> bytes:
    """Return what segments stand for, as the archive's agents would fill them."""
    parts = [
        one.data if isinstance(one, Made) else contents[one.entry.path][one.start : one.stop]
        for one in segments
    ]
    return b"".join(parts)


def test_the_archive_has_what_the_directory_has() -> None:
    segments = list(archive_segments("night.uv", entries_of(CONTENTS), TIME))
    with tarfile.open(fileobj=io.BytesIO(filled(segments, CONTENTS))) as archive:
        found = {one.name: one for one in archive.getmembers()}
        expected = {f"night.uv/{path.rstrip('/')}": path for path in CONTENTS}
        assert set(found) == {"night.uv", *expected}
        for name, path in expected.items():
            assert found[name].mtime == TIME
            assert found[name].isdir() == path.endswith("/")
            file = archive.extractfile(found[name])
            assert (file.read() if file else b"") == CONTENTS[path]


def test_its_size_is_known_before() -> None:
    segments = list(archive_segments("night.uv", entries_of(CONTENTS), TIME))
    assert sum(one.size_bytes for one in segments) == len(filled(segments, CONTENTS))


def test_an_empty_dataset_is_one_directory() -> None:
    segments = list(archive_segments("night.uv", [DatasetEntry("./", 0)], TIME))
    with tarfile.open(fileobj=io.BytesIO(filled(segments, {}))) as archive:
        assert [(one.name, one.isdir()) for one in archive.getmembers()] == [("night.uv", True)]


@pytest.mark.parametrize("size", [8 << 30, 1 << 50])
def test_entries_of_any_size_have_a_header_that_says_so(size: int) -> None:
    segments = list(archive_segments("big", [DatasetEntry("visdata", size)], TIME))
    headers = b"".join(one.data for one in segments[:2] if isinstance(one, Made))
    with tarfile.open(fileobj=io.BytesIO(headers + bytes(1024))) as archive:
        archive.next()
        member = archive.next()
        assert member is not None
        assert (member.name, member.size) == ("big/visdata", size)


@given(st.data())
def test_any_part_of_an_archive_is_that_part(data: st.DataObject) -> None:
    segments = list(archive_segments("night.uv", entries_of(CONTENTS), TIME))
    whole = filled(segments, CONTENTS)
    start = data.draw(st.integers(0, len(whole) - 1))
    stop = data.draw(st.integers(start + 1, len(whole)))
    parts = list(cut_segments(segments, start, stop))
    assert filled(parts, CONTENTS) == whole[start:stop]
    assert all(one.size_bytes for one in parts)


def test_a_part_of_a_flat_file_is_read_from_its_first_byte() -> None:
    entry = DatasetEntry("", 100)
    assert list(cut_segments([whole_entry(entry)], 10, 20)) == [Stretch(entry, 10, 20)]
