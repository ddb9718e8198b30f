"""Handing staged files over to the person they are for, by the site's own command."""

import re
import subprocess

from librarian.errors import InvalidRequestError
from librarian.names import show_name

# No leading `-`, which the command would take for an option.
_LOGIN = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}\$?")
_MAX_SHOWN_CHARACTERS = 500


class Handover:
    """The command that gives files to a user; without one nothing is handed over."""

    def __init__(self, command: list[str], timeout_seconds: float) -> None:
        self._command = command
        self._timeout_seconds = timeout_seconds

    def check_user(self, user: str) -> None:
        """Raise InvalidRequestError for what is no login name; nobody is nobody."""
        if user and not _LOGIN.fullmatch(user):
            raise InvalidRequestError(f"{show_name(user)} is not a login name.")

    def hand_over(self, user: str, destination: str) -> str:
        """Hand a directory over; return what went wrong in a sentence, or nothing."""
        self.check_user(user)
        if not (self._command and user):
            return ""
        command = [*self._command, "-u", user, "-R", "-d", destination]
        try:
            done = subprocess.run(
                command,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=self._timeout_seconds,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return (
                f"The command that hands files over did not end in {self._timeout_seconds:.0f} s."
            )
        except OSError as error:
            return f"The command that hands files over cannot be run: {error.strerror}."
        if done.returncode == 0:
            return ""
        said = (done.stderr or done.stdout).decode(errors="replace").strip()
        said = said[-_MAX_SHOWN_CHARACTERS:]
        return f"The command that hands files over failed with {done.returncode}: {said}"
