"""Where an instance lies under a store's root, as text that was checked."""

from librarian.errors import InvalidRequestError
from librarian.names import RESERVED_PREFIX, check_file_name, check_parent_dirs, show_name


def check_instance_path(path: str) -> str:
    """Return the path of an instance beneath its root unchanged, or raise InvalidRequestError."""
    parent_dirs, _, name = path.rpartition("/")
    if path.startswith("/"):
        raise InvalidRequestError(
            f"The path {show_name(path)} begins with '/'; give it relative to the store's root."
        )
    check_parent_dirs(parent_dirs)
    check_file_name(name)
    return path


def instance_path(parent_dirs: str, name: str) -> str:
    """Return the path of an instance beneath its root, or raise InvalidRequestError."""
    check_parent_dirs(parent_dirs)
    check_file_name(name)
    return f"{parent_dirs}/{name}" if parent_dirs else name


def check_folder_path(path: str) -> str:
    """Return the path of a directory beneath a root, `.` for the root itself."""
    if path in ("", "."):
        return "."
    if path.split("/", 1)[0].startswith(RESERVED_PREFIX):
        raise InvalidRequestError(f"{show_name(path)} is the Librarian's own.")
    return check_parent_dirs(path.rstrip("/"))
