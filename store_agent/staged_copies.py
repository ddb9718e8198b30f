"""One staged file: copied under a temporary name, compared with the record, and renamed."""

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager

from librarian.errors import ConflictError, CorruptContentsError, InvalidRequestError
from librarian.manifests import describe_contents
from librarian.names import show_name
from store_agent.comparing import algorithms_for, compare
from store_agent.copying import Target, copy_contents
from store_agent.instances import instance_path
from store_agent.markers import check_apart
from store_agent.paths import FILE_FLAGS, find_status, make_directories, move_without_replacing
from store_agent.quick_copies import QuickCopier, StagedCopy, temporary_name
from store_agent.reading import Reader, is_directory, open_instance
from store_agent.writing import remove_tree


class CopyStager:
    """Stages files of one job into its open destination."""

    def __init__(self, destination_fd: int, job_id: int, reader: Reader) -> None:
        self._destination_fd = destination_fd
        self._job_id = job_id
        self._reader = reader
        self._parent: tuple[str, int] | None = None
        self._quick = QuickCopier(job_id)

    def stage(self, root_fd: int, item: StagedCopy) -> bool:
        """Stage a file from an open store root; tell whether it had to be copied.

        Raises CorruptContentsError when the source is not what is on record, ConflictError when
        what is in the way cannot be replaced, or a mark of the staging's is meant to lie there.
        """
        check_apart(item.parent_dirs, item.name)
        if self._quick.copy(root_fd, self._destination_fd, item):
            return True
        path = instance_path(item.parent_dirs, item.name)
        source_fd = open_instance(root_fd, path)
        try:
            parent_fd = self._open_parent(item.parent_dirs)
            found = find_status(parent_fd, item.name)
            if found is not None and self._is_there(parent_fd, found, item):
                return False
            if found is not None and (is_directory(source_fd) or not stat.S_ISREG(found.st_mode)):
                raise _in_the_way(path)
            self._copy(source_fd, parent_fd, item)
        finally:
            os.close(source_fd)
        return True

    def close(self) -> None:
        """Close the directories that were kept open."""
        self._quick.close()
        self._close_parent()

    def _close_parent(self) -> None:
        if self._parent is not None:
            os.close(self._parent[1])
            self._parent = None

    def _copy(self, source_fd: int, parent_fd: int, item: StagedCopy) -> None:
        algorithms = algorithms_for(item.checksum)
        target = Target(parent_fd, durable=False)
        with _temporary(parent_fd, item.name, self._job_id) as temporary:
            try:
                contents = copy_contents(source_fd, algorithms, target, temporary, self._reader)
            except FileExistsError:
                # A worker that was killed left it.
                remove_tree(parent_fd, temporary)
                contents = copy_contents(source_fd, algorithms, target, temporary, self._reader)
            compare(contents, item.size_bytes, item.checksum)
            self._reader.check()
            if contents.manifest is None:
                os.rename(temporary, item.name, src_dir_fd=parent_fd, dst_dir_fd=parent_fd)
            else:
                move_without_replacing(parent_fd, temporary, parent_fd, item.name)

    def _is_there(self, parent_fd: int, found: os.stat_result, item: StagedCopy) -> bool:
        """Tell whether what lies there already is what shall be staged; it is read to know."""
        if stat.S_ISREG(found.st_mode):
            if found.st_size != item.size_bytes:
                return False
        elif not stat.S_ISDIR(found.st_mode):
            return False
        fd = os.open(item.name, FILE_FLAGS, dir_fd=parent_fd)
        try:
            algorithms = algorithms_for(item.checksum)
            contents = describe_contents(fd, algorithms, self._reader.read_file)
            compare(contents, item.size_bytes, item.checksum)
        except (CorruptContentsError, InvalidRequestError):
            return False
        finally:
            os.close(fd)
        return True

    def _open_parent(self, parent_dirs: str) -> int:
        """Return the directory of a copy, kept open: the next file is likely to go there too."""
        if self._parent is None or self._parent[0] != parent_dirs:
            self._close_parent()
            fd = make_directories(self._destination_fd, parent_dirs or ".", durable=False)
            self._parent = (parent_dirs, fd)
        return self._parent[1]


@contextmanager
def _temporary(parent_fd: int, name: str, job_id: int) -> Iterator[str]:
    """Give the temporary name of a copy, and leave nothing under it when the copy fails."""
    temporary = temporary_name(name, job_id)
    try:
        yield temporary
    except BaseException:
        remove_tree(parent_fd, temporary)
        raise


def _in_the_way(path: str) -> ConflictError:
    return ConflictError(
        f"Something else lies at {show_name(path)} in the destination, and it is not a flat file"
        " that could be replaced: move it away, and stage again."
    )
