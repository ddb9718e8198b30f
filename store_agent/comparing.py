"""Comparing contents with what they must be."""

from librarian.checksums import DEFAULT_ALGORITHM, parse_checksum
from librarian.errors import CorruptContentsError, InvalidRequestError
from librarian.manifests import Contents

_EMPTY_TREE = b"- - ./\n"


def algorithms_for(checksum: str) -> list[str]:
    """Return the algorithms by which contents are read that shall have this checksum."""
    wanted = parse_checksum(checksum).algorithm if checksum else DEFAULT_ALGORITHM
    return list(dict.fromkeys([wanted, DEFAULT_ALGORITHM]))


def compare(contents: Contents, size_bytes: int, checksum: str) -> None:
    """Raise CorruptContentsError when contents are not of the size and checksum expected.

    An empty directory is refused with InvalidRequestError; an empty checksum is not compared.
    """
    if contents.manifest == _EMPTY_TREE:
        raise InvalidRequestError(
            "The directory is empty: a dataset holds at least one file. Upload it once it does."
        )
    if contents.size_bytes != size_bytes:
        raise CorruptContentsError(
            f"The contents have {contents.size_bytes} bytes, and should have {size_bytes}:"
            " upload them again."
        )
    if checksum:
        wanted = parse_checksum(checksum)
        found = contents.checksums[wanted.algorithm]
        if found != str(wanted):
            raise CorruptContentsError(
                f"The contents have the checksum {found}, and should have {wanted}: they were"
                " changed on their way, or since the checksum was made."
            )
