"""Staging destinations: directories beneath one configured prefix, reached through no link."""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from librarian.errors import InvalidRequestError, StateError
from librarian.names import check_entry_path, show_name
from store_agent.faults import explained
from store_agent.paths import DIRECTORY_FLAGS, make_directories, open_beneath

_REFUSALS = (errno.EACCES, errno.EPERM, errno.EROFS)


class StagingPrefix:
    """The directory beneath which files are staged, if any is configured."""

    def __init__(self, prefix: Path | None) -> None:
        self.path = prefix

    def check_destination(self, destination: str) -> str:
        """Return a destination as an absolute path; it need not exist yet.

        Raises InvalidRequestError when it lies outside the prefix or goes through a link.
        """
        relative = self.relative(destination)
        with explained("The staging destination"):
            prefix_fd = self._open_prefix()
            try:
                _check_links(prefix_fd, relative)
            finally:
                os.close(prefix_fd)
        return f"{self._prefix()}/{relative}"

    def relative(self, destination: str) -> str:
        """Return a destination relative to the prefix, or raise InvalidRequestError."""
        prefix = self._prefix()
        relative = destination
        if destination.startswith("/"):
            # With the separator: /stage must not admit /stage-evil.
            beginnings = [f"{prefix}/".replace("//", "/"), f"{os.path.realpath(prefix)}/"]
            found = [start for start in beginnings if destination.startswith(start)]
            if not found:
                raise _outside(destination, prefix)
            relative = destination[len(found[0]) :]
        parts = [part for part in relative.split("/") if part not in ("", ".")]
        if ".." in parts or not parts:
            raise _outside(destination, prefix)
        return check_entry_path("/".join(parts))

    @contextmanager
    def opened(self, destination: str, *, make: bool = False) -> Iterator[int]:
        """Give a destination, open; raise StateError when it is not there.

        `make` makes it, with the directories above it, when it is missing. Raises
        InvalidRequestError where nothing may be written: another destination must be chosen.
        """
        with explained("The staging destination"), _refusals_told(destination):
            fd = self._open(self.relative(destination), make=make)
            try:
                yield fd
            finally:
                os.close(fd)

    def _open(self, relative: str, *, make: bool) -> int:
        prefix_fd = self._open_prefix()
        try:
            if make:
                return make_directories(prefix_fd, relative, durable=False)
            return open_beneath(prefix_fd, relative, DIRECTORY_FLAGS)
        except FileNotFoundError:
            raise StateError(
                f"The staging destination {show_name(relative)} is gone: begin the staging anew."
            ) from None
        finally:
            os.close(prefix_fd)

    def _prefix(self) -> Path:
        if self.path is None:
            raise StateError(
                "This agent stages no files: set staging_prefix in its configuration first."
            )
        return self.path

    def _open_prefix(self) -> int:
        prefix = self._prefix()
        try:
            return os.open(prefix, DIRECTORY_FLAGS)
        except PermissionError:
            raise
        except OSError as error:
            raise StateError(
                f"The staging prefix {prefix} cannot be opened ({error.strerror}): make it, or"
                " mount its disk."
            ) from error


@contextmanager
def _refusals_told(destination: str) -> Iterator[None]:
    """Tell what no waiting mends apart from a disk that may be mounted again."""
    try:
        yield
    except OSError as error:
        if error.errno not in _REFUSALS:
            raise
        raise InvalidRequestError(
            f"The agent may not write in the staging destination {show_name(destination)}"
            f" ({error.strerror}): change its permissions, or choose another."
        ) from error


def _check_links(prefix_fd: int, relative: str) -> None:
    try:
        os.close(open_beneath(prefix_fd, relative, DIRECTORY_FLAGS))
    except FileNotFoundError:
        # What is missing will be made; what is there above it must not be a link either.
        parent, separator, _ = relative.rpartition("/")
        if separator:
            _check_links(prefix_fd, parent)


def _outside(destination: str, prefix: Path) -> InvalidRequestError:
    return InvalidRequestError(
        f"The destination {show_name(destination)} does not lie beneath {prefix}: choose a"
        " directory beneath it, without '..'."
    )
