"""Paths beneath a directory, opened so that no link and no `..` leads out of it.

The kernel itself resolves each path (`openat2`): to resolve it here and open it afterwards would
leave a moment in which a directory can be swapped for a link.
"""

import ctypes
import errno
import os
import stat

from librarian.errors import InvalidRequestError
from librarian.names import show_name

DIRECTORY_FLAGS = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
# O_NONBLOCK: opening a FIFO would wait for a writer for ever.
FILE_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC

_SYS_OPENAT2 = 437
_RESOLVE_NO_MAGICLINKS = 0x02
_RESOLVE_NO_SYMLINKS = 0x04
_RESOLVE_BENEATH = 0x08
_RENAME_NOREPLACE = 1
_SYNC_FILE_RANGE_WRITE = 2

_libc = ctypes.CDLL(None, use_errno=True)


class _OpenHow(ctypes.Structure):
    _fields_ = (
        ("flags", ctypes.c_uint64),
        ("mode", ctypes.c_uint64),
        ("resolve", ctypes.c_uint64),
    )


_HOW_BYTES = ctypes.sizeof(_OpenHow)
_RESOLVE = _RESOLVE_BENEATH | _RESOLVE_NO_SYMLINKS | _RESOLVE_NO_MAGICLINKS


def kernel_can_confine() -> bool:
    """Tell whether this kernel has `openat2`: Linux has it since 5.6."""
    root_fd = os.open("/", DIRECTORY_FLAGS)
    try:
        os.close(open_beneath(root_fd, ".", DIRECTORY_FLAGS))
    except OSError:
        return False
    finally:
        os.close(root_fd)
    return True


def open_beneath(root_fd: int, path: str, flags: int, mode: int = 0) -> int:
    """Open a relative path beneath an open directory, and return the descriptor.

    Raises InvalidRequestError when it leads out of the directory or through a link, OSError
    when it cannot be opened.
    """
    if "\0" in path:
        raise InvalidRequestError(f"The path {show_name(path)} has a NUL in it.")
    how = _OpenHow(flags | os.O_CLOEXEC, mode, _RESOLVE)
    while True:
        name = os.fsencode(path) or b"."
        fd = _libc.syscall(_SYS_OPENAT2, root_fd, name, ctypes.byref(how), _HOW_BYTES)
        if fd >= 0:
            return int(fd)
        number = ctypes.get_errno()
        # EAGAIN: a directory was renamed while the kernel looked; it cannot vouch for `..`.
        if number not in (errno.EAGAIN, errno.EINTR):
            break
    if number in (errno.ELOOP, errno.EXDEV):
        raise leads_out(path)
    raise OSError(number, os.strerror(number), path)


def leads_out(path: str) -> InvalidRequestError:
    """Return the error of a path that leads out of the directory it must stay in."""
    return InvalidRequestError(
        f"The path {show_name(path)} leads through a symbolic link or out of its directory: give"
        " the path of the thing itself."
    )


def open_parent(root_fd: int, path: str) -> tuple[int, str]:
    """Open the directory that holds a path; return its descriptor and the path's last part."""
    parent, _, name = path.rpartition("/")
    return open_beneath(root_fd, parent, DIRECTORY_FLAGS), name


def make_directories(root_fd: int, path: str, *, durable: bool, mode: int = 0o777) -> int:
    """Make the directories of a path that are missing, and return the innermost, open.

    `durable` puts each new one on disk.
    """
    try:
        return open_beneath(root_fd, path, DIRECTORY_FLAGS)
    except FileNotFoundError:
        pass
    fd = os.dup(root_fd)
    try:
        for part in path.split("/"):
            fd = _enter(fd, part, durable, mode)
    except BaseException:
        os.close(fd)
        raise
    return fd


def _enter(fd: int, part: str, durable: bool, mode: int) -> int:
    """Open a directory's directory, made when it is missing; closes the outer one."""
    try:
        os.mkdir(part, mode, dir_fd=fd)
    except FileExistsError:
        pass
    else:
        if durable:
            os.fsync(fd)
    inner_fd = open_beneath(fd, part, DIRECTORY_FLAGS)
    os.close(fd)
    return inner_fd


def find_status(dir_fd: int, name: str) -> os.stat_result | None:
    """Return the status of a directory's entry itself, or None when there is none."""
    try:
        return os.stat(name, dir_fd=dir_fd, follow_symlinks=False)
    except FileNotFoundError:
        return None


def move_without_replacing(from_fd: int, from_name: str, to_fd: int, to_name: str) -> None:
    """Rename an entry of one directory into another; raise FileExistsError when it is taken."""
    names = os.fsencode(from_name), os.fsencode(to_name)
    if _libc.renameat2(from_fd, names[0], to_fd, names[1], _RENAME_NOREPLACE) == 0:
        return
    number = ctypes.get_errno()
    if number not in (errno.EINVAL, errno.ENOSYS):
        raise OSError(number, os.strerror(number), to_name)
    # Some network file systems cannot rename so; a link to a flat file replaces nothing either.
    if stat.S_ISDIR(os.stat(from_name, dir_fd=from_fd, follow_symlinks=False).st_mode):
        _claim_and_rename(from_fd, from_name, to_fd, to_name)
    else:
        os.link(from_name, to_name, src_dir_fd=from_fd, dst_dir_fd=to_fd, follow_symlinks=False)
        os.unlink(from_name, dir_fd=from_fd)


def _claim_and_rename(from_fd: int, from_name: str, to_fd: int, to_name: str) -> None:
    """Move a directory: an empty one claims the name, and is all that a rename can replace."""
    os.mkdir(to_name, dir_fd=to_fd)
    os.rename(from_name, to_name, src_dir_fd=from_fd, dst_dir_fd=to_fd)


def start_writing_back(fd: int, offset: int, size_bytes: int) -> None:
    """Have the kernel begin to write a range to disk, so that a later fsync finds little to do."""
    # Only a hint: file systems that cannot do it wait for the fsync.
    _libc.sync_file_range(
        fd, ctypes.c_int64(offset), ctypes.c_int64(size_bytes), _SYNC_FILE_RANGE_WRITE
    )
