"""Where stores may lie: beneath the agent's prefixes, apart from what else the agent keeps."""

import os
from collections.abc import Callable
from pathlib import Path

from librarian.errors import InvalidRequestError
from librarian.names import show_name


class StoreRoots:
    """The directories that may become stores.

    A store's files can be registered and read by people, so none may hold the agent's token, or
    what others are having staged.
    """

    def __init__(
        self, prefixes: list[Path], token_file: Path, staging_prefix: Path | None = None
    ) -> None:
        self._prefixes = prefixes
        self._token_file = token_file
        self._staging_prefix = staging_prefix

    def check_root(self, root: Path) -> Path:
        """Return the prefix that a root lies beneath; raise InvalidRequestError when none may.

        This looks at no disk: one that hangs must not keep the agent from its other stores.
        """
        prefix = self._find_prefix(root)
        self._check_apart(root, str)
        return prefix

    def check_new_root(self, root: Path) -> Path:
        """Check a root as `check_root` does, and where links on the way to it lead as well."""
        prefix = self.check_root(root)
        self._check_apart(root, os.path.realpath)
        return prefix

    def _find_prefix(self, root: Path) -> Path:
        normal = Path(os.path.normpath(root))
        for prefix in self._prefixes:
            if root.is_absolute() and normal == root and root.is_relative_to(prefix):
                return prefix
        allowed = ", ".join(str(prefix) for prefix in self._prefixes)
        raise InvalidRequestError(
            f"This agent may not serve a store at {show_name(str(root))}: give an absolute path,"
            f" without '..', beneath one of {allowed}."
        )

    def _check_apart(self, root: Path, resolve: Callable[[Path], str]) -> None:
        place = Path(resolve(root))
        if Path(resolve(Path(os.path.abspath(self._token_file)))).is_relative_to(place):
            raise _not_apart(root, "it holds the agent's token")
        if self._staging_prefix is None:
            return
        staging = Path(resolve(Path(os.path.normpath(self._staging_prefix))))
        if staging.is_relative_to(place) or place.is_relative_to(staging):
            raise _not_apart(root, f"files are staged beneath {staging}")


def _not_apart(root: Path, why: str) -> InvalidRequestError:
    return InvalidRequestError(
        f"This agent may not serve a store at {show_name(str(root))}, for {why}: choose another"
        " directory."
    )
