import hashlib
import os
import subprocess
from pathlib import Path

import pytest
from blake3 import blake3
from hypothesis import given
from hypothesis import strategies as st

from librarian.checksums import (
    Checksum,
    checksum_of,
    hash_contents,
    hash_file_descriptor,
    new_hasher,
    parse_checksum,
)
from librarian.errors import InvalidRequestError

MD5 = "0123456789abcdef" * 2
LONG = "0123456789abcdef" * 4


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"blake3:{LONG}", ("blake3", LONG)),
        (f"sha256:{LONG}", ("sha256", LONG)),
        (f"md5:{MD5}", ("md5", MD5)),
        (MD5, ("md5", MD5)),
        (f"md5:::{MD5}", ("md5", MD5)),
        (f"  MD5:{MD5.upper()}\n", ("md5", MD5)),
    ],
)
def test_our_own_and_the_predecessors_checksums_are_understood(
    text: str, expected: tuple[str, str]
) -> None:
    assert parse_checksum(text) == Checksum(*expected)


@pytest.mark.parametrize("algorithm", ["blake3", "sha256"])
def test_a_checksum_as_text_is_read_back(algorithm: str) -> None:
    checksum = Checksum(algorithm, LONG)
    assert parse_checksum(str(checksum)) == checksum


@pytest.mark.parametrize(
    "text",
    [
        "",
        ":",
        "md5:",
        "blake3",
        LONG,
        MD5[:-1],
        MD5 + "0",
        f"blake3:{MD5}",
        f"md5:{LONG}",
        f"xxh3:{MD5}",
        f"md5:{'g' * 32}",
        f"md5:blake3:{MD5}",
        f"md5:{chr(0x661) * 32}",
        f"md5:{MD5}\x1b[31m",
    ],
)
def test_what_is_no_checksum_is_refused_in_a_printable_sentence(text: str) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        parse_checksum(text)
    assert str(caught.value).isprintable()


def test_an_unknown_algorithm_is_refused_and_the_known_ones_are_named() -> None:
    with pytest.raises(InvalidRequestError, match="blake3, md5, sha256"):
        new_hasher("crc32")


@pytest.mark.parametrize("size_bytes", [0, 1, 4095, 4096, 4097, 1 << 20, (1 << 20) + 1, 3 << 20])
def test_each_algorithm_hashes_a_file_of_any_size(tmp_path: Path, size_bytes: int) -> None:
    data = os.urandom(size_bytes)
    (tmp_path / "file").write_bytes(data)
    expected = {
        "blake3": f"blake3:{blake3(data).hexdigest()}",
        "md5": f"md5:{hashlib.md5(data, usedforsecurity=False).hexdigest()}",
        "sha256": f"sha256:{hashlib.sha256(data).hexdigest()}",
    }
    with (tmp_path / "file").open("rb") as file:
        assert hash_contents(file.fileno(), expected, size_bytes) == (size_bytes, expected)


def test_hashing_reads_from_the_start_and_does_not_move_the_descriptor(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"0123456789")
    with (tmp_path / "file").open("rb") as file:
        os.lseek(file.fileno(), 5, os.SEEK_SET)
        assert hash_file_descriptor(file.fileno()) == checksum_of(b"0123456789")
        assert os.lseek(file.fileno(), 0, os.SEEK_CUR) == 5


@pytest.mark.parametrize("size_bytes", [10_000, (1 << 20) + 1])
def test_a_file_that_never_ends_is_read_little_further_than_it_was_said_to_be(
    size_bytes: int,
) -> None:
    with open("/dev/zero", "rb") as endless:
        read_bytes, _ = hash_contents(endless.fileno(), ["blake3"], size_bytes)
    assert size_bytes <= read_bytes <= 2 << 20


def test_a_file_shorter_than_it_was_said_to_be_is_told_by_the_count(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"short")
    with (tmp_path / "file").open("rb") as file:
        assert hash_contents(file.fileno(), ["md5"], 100)[0] == 5


def test_the_sums_are_those_that_the_systems_own_commands_print(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"the same bytes\n" * 1000)
    for command, algorithm in (("md5sum", "md5"), ("sha256sum", "sha256")):
        output = subprocess.run(
            [command, tmp_path / "file"], capture_output=True, text=True, check=True
        ).stdout
        with (tmp_path / "file").open("rb") as file:
            assert (
                hash_file_descriptor(file.fileno(), algorithm) == f"{algorithm}:{output.split()[0]}"
            )


@given(st.text())
def test_any_text_is_a_checksum_or_is_refused(text: str) -> None:
    try:
        checksum = parse_checksum(text)
    except InvalidRequestError:
        return
    assert parse_checksum(str(checksum)) == checksum
