"""Names of files, of the directories that group them, and of what lies inside a dataset."""

import re
import unicodedata
from collections.abc import Callable

from librarian.errors import InvalidRequestError

RESERVED_PREFIX = ".librarian"
"""What the Librarian's own entries under a store's root begin with."""

MAX_NAME_BYTES = 255
_MAX_PATH_BYTES = 1024
_MAX_SHOWN_CHARACTERS = 80
# What nearly all names are: seen at a glance to break no rule, for they come by the 100,000.
_PLAIN_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.+=,@-]{0,254}")
_SURROGATE = re.compile("[\ud800-\udfff]")
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f]")
_BIDI_CONTROL = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")


def check_file_name(name: str) -> str:
    """Return the name of a file unchanged, or raise InvalidRequestError naming the broken rule."""
    if _PLAIN_NAME.fullmatch(name):
        return name
    fault = "has '/' in it; give directories apart from the name" if "/" in name else ""
    _refuse(fault or _fault_of_name(name), "The file name", name)
    return name


def check_parent_dirs(parent_dirs: str) -> str:
    """Return the directories above a file unchanged, or raise InvalidRequestError.

    They are relative to the store's root and written in one way only, without empty parts; the
    empty text means the root itself.
    """
    if parent_dirs:
        fault = _fault_of_length(parent_dirs) or _fault_of_slashes(parent_dirs)
        fault = fault or _first_fault(parent_dirs, _fault_of_name)
        _refuse(fault, "The parent directories", parent_dirs)
    return parent_dirs


def check_entry_path(path: str) -> str:
    """Return the path of an entry inside a dataset unchanged, or raise InvalidRequestError.

    Its parts may, unlike names of files, begin with `-` and be in another normal form than NFC:
    the Librarian did not choose them, and must give them back as they were.
    """
    fault = _fault_of_length(path) or _fault_of_slashes(path) or _first_fault(path, _fault_of_part)
    _refuse(fault, "The path", path, " inside the dataset")
    return path


def file_type(name: str) -> str:
    """Return the text after the last dot of a name, or nothing when there is no dot."""
    return name.rpartition(".")[2] if "." in name else ""


def show_name(name: str) -> str:
    """Return the name in quotes, with what could disturb a terminal or a log written as escapes."""
    shown = name[:_MAX_SHOWN_CHARACTERS]
    shown = "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in shown)
    return f"'{shown}'" if len(name) <= _MAX_SHOWN_CHARACTERS else f"'{shown}…'"


def _refuse(fault: str, what: str, name: str, where: str = "") -> None:
    if fault:
        raise InvalidRequestError(f"{what} {show_name(name)}{where} {fault}.")


def _first_fault(path: str, fault_of: Callable[[str], str]) -> str:
    return next(filter(None, map(fault_of, path.split("/"))), "")


def _fault_of_length(path: str) -> str:
    size_bytes = len(path.encode(errors="surrogatepass"))
    if size_bytes > _MAX_PATH_BYTES:
        return f"is {size_bytes} bytes long; at most {_MAX_PATH_BYTES} are allowed"
    return ""


def _fault_of_slashes(path: str) -> str:
    if path.startswith("/"):
        return "begins with '/'; give it relative"
    if path.endswith("/") or "//" in path:
        return "has an empty part; write single '/' between the parts, and none at the end"
    return ""


def _fault_of_name(name: str) -> str:
    """Say which rule of names of files this one breaks, or return nothing."""
    if fault := _fault_of_part(name):
        return fault
    if name.startswith("-"):
        return "begins with '-', which commands take for an option"
    if name.startswith(RESERVED_PREFIX):
        return f"begins with {RESERVED_PREFIX!r}, which is reserved for the Librarian itself"
    if not unicodedata.is_normalized("NFC", name):
        return "is not in the Unicode normal form NFC; normalise it"
    return ""


def _fault_of_part(part: str) -> str:
    """Say which of the rules that hold for every part of a path is broken, or return nothing."""
    if not part:
        return "is empty"
    if part in (".", ".."):
        return f"has the part {part!r}, which names a directory and not an entry of it"
    if fault := _fault_of_characters(part):
        return fault
    size_bytes = len(part.encode())
    if size_bytes > MAX_NAME_BYTES:
        return f"has {size_bytes} bytes in one name; at most {MAX_NAME_BYTES} are allowed"
    return ""


def _fault_of_characters(part: str) -> str:
    if _SURROGATE.search(part):
        return "is not valid UTF-8"
    if _CONTROL.search(part):
        return "has a control character in it"
    if _BIDI_CONTROL.search(part):
        return "has a character in it that reverses the direction of writing"
    return ""
