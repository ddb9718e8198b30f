"""What a neighbour may ask for over SSH: a check, or one rsync that writes into its batch."""

import re
import shlex
from collections.abc import Sequence
from typing import NamedTuple

from librarian.errors import NotAllowedError
from librarian.names import show_name
from store_agent.batch_locks import Batch

CHECK = "librarian-receive"
_MAX_COMMAND_CHARACTERS = 8192
# After `e` come a version and what the sender's rsync can do. Not among the options: `s`, which
# would bring further ones past this check.
_SHORT_OPTIONS = re.compile(r"-[trR]{1,3}e[0-9]*\.[0-9]*[A-Za-z]{0,32}")
_LONG_OPTION = re.compile(r"--(inplace|fsync|timeout=[1-9][0-9]{0,3}|bwlimit=[0-9]{1,12})")
_BATCH_PATH = re.compile(r"(/.*)/\.librarian/incoming/([^/]+)/([^/]+)/data/?")


class Order(NamedTuple):
    """What a neighbour asks for: the options of its rsync, None for a check, and where."""

    options: tuple[str, ...] | None
    path: str


def parse_command(command: str) -> Order:
    """Return what a command line asks for; raise NotAllowedError for all that is not allowed."""
    try:
        words = shlex.split(command[: _MAX_COMMAND_CHARACTERS + 1])
    except ValueError:
        words = []
    if not command.isprintable() or len(command) > _MAX_COMMAND_CHARACTERS:
        raise _refused(command)
    if words[:2] == [CHECK, "check"] and len(words) == 3:
        return Order(None, words[2])
    if words[:2] == ["rsync", "--server"] and len(words) >= 5 and words[-2] == ".":
        options = words[2:-2]
        if _SHORT_OPTIONS.fullmatch(options[0]) and all(map(_LONG_OPTION.fullmatch, options[1:])):
            return Order(tuple(options), words[-1])
    raise _refused(command)


def _refused(command: str) -> NotAllowedError:
    return NotAllowedError(
        f"This key allows 'librarian-receive check PATH' and one rsync that writes into a batch of"
        f" its own, but not {show_name(command)}."
    )


def find_batch(path: str, peer: str, roots: Sequence[str]) -> tuple[str, Batch]:
    """Return the root and the batch that a path names; raise NotAllowedError for another's.

    A root must be given exactly: deeper in a store could lie a dataset that looks like one.
    """
    matched = _BATCH_PATH.fullmatch(path)
    if matched is None or matched[1] not in roots or matched[2] != peer:
        raise NotAllowedError(
            f"This key writes into batches of the account {peer} only, and not to"
            f" {show_name(path)}."
        )
    return matched[1], Batch(matched[2], matched[3])
