"""Downloads: getting a file's contents out of the archive, whole and verified."""

import os
from os import PathLike
from pathlib import Path

from librarian.client.download_parts import Part, is_already_there
from librarian.client.download_ways import find_ways
from librarian.client.progress import ProgressOption, metered
from librarian.client.retries import Backoff
from librarian.client.sites import SiteCalls
from librarian.client.stalls import StalledError
from librarian.errors import (
    BusyError,
    CorruptContentsError,
    LibrarianError,
    NoInstanceError,
    NotFoundError,
    NotReachableError,
    NotSignedInError,
)
from librarian.names import check_file_name
from librarian.v1 import instances_pb2, instances_pb2_grpc

_PATIENCE_SECONDS = 60.0


class DownloadCalls(SiteCalls):
    """How contents come out."""

    def get(
        self,
        name: str,
        dest: str | PathLike[str] | None = None,
        *,
        progress: ProgressOption = None,
    ) -> Path:
        """Bring a file here, verified against the record, and return its path.

        `dest` is the path it shall have, or a directory to put it into; without one it comes
        into the working directory. A download that was broken off is gone on with. What is there
        already and is the same is left as it is.

        Raises UnknownFileError, NoInstanceError, ConflictError when something else is there,
        CorruptContentsError when every instance differs from the record, NotReachableError.
        """
        target = _target(check_file_name(name), dest)
        opened = self._open_file(name)
        if is_already_there(target, opened):
            return target
        with metered(progress, f"get {name}") as meter:
            meter.expect(opened.size_bytes)
            part = Part(target, meter.advance)
            with part.held():
                self._fetch(name, part)
                part.publish()
            meter.finish_file()
        return target

    def _fetch(self, name: str, part: Part) -> None:
        """Bring the contents by the first way that serves; bear with agents that are away."""
        backoff = Backoff(_PATIENCE_SECONDS)
        bad: dict[tuple[str, str], LibrarianError] = {}
        counted_bytes = 0
        while True:
            away = self._fetch_once(self._open_file(name), part, bad)
            if away is None:
                return
            if part.counted_bytes > counted_bytes:
                backoff.reset()
            counted_bytes = part.counted_bytes
            if isinstance(away, StalledError) or not backoff.pause():
                raise away

    def _fetch_once(
        self,
        opened: instances_pb2.OpenFileResponse,
        part: Part,
        bad: dict[tuple[str, str], LibrarianError],
    ) -> LibrarianError | None:
        """Try each way that is not known to be bad; return why those left did not serve."""
        away: LibrarianError | None = None
        for way in find_ways(opened, self._link):
            try:
                if way.key not in bad:
                    part.fetch(way, opened)
                    return None
            except (CorruptContentsError, NoInstanceError) as error:
                bad[way.key] = error
            except (NotReachableError, NotSignedInError, BusyError) as error:
                away = error
            finally:
                way.close()
        if away is None:
            # A wrong instance tells more than one that is missing.
            raise max(bad.values(), key=lambda error: isinstance(error, CorruptContentsError))
        return away

    def _open_file(self, name: str) -> instances_pb2.OpenFileResponse:
        stub = self._link.catalog(instances_pb2_grpc.InstancesStub)
        opened: instances_pb2.OpenFileResponse = stub.OpenFile(
            instances_pb2.OpenFileRequest(file_name=name)
        )
        if not opened.ways_out:
            raise NoInstanceError(f"{name!r} is on record, but no instance of it is here.")
        return opened


def _target(name: str, dest: str | PathLike[str] | None) -> Path:
    """Return the path that a file shall have: `dest`, or beneath it when it is a directory.

    A directory of the file's own name is taken for the file itself, got before.
    """
    if dest is None:
        return Path.cwd() / name
    text = os.fspath(dest)
    path = Path(os.path.abspath(text))
    if text.endswith("/") or (path.is_dir() and path.name != name):
        path = path / name
    if not path.parent.is_dir():
        raise NotFoundError(f"There is no directory {path.parent}: make it first.")
    return path
