"""Passwords: from a file or a prompt, never from the command line, which others can list."""

import sys
from pathlib import Path

import click

password_file_option = click.option(
    "--password-file",
    metavar="FILE",
    type=click.Path(path_type=Path, allow_dash=True),
    help="Read the password from the first line of a file; `-` is stdin.",
)


def read_password(password_file: Path | None, prompt: str, *, confirm: bool) -> str:
    """Return a password from a file, or from a person at a terminal; empty when neither is there.

    `confirm` has the person type it twice.
    """
    if password_file is not None:
        return _first_line(password_file)
    if not sys.stdin.isatty():
        return ""
    return str(
        click.prompt(
            prompt,
            default="",
            show_default=False,
            hide_input=True,
            confirmation_prompt=confirm,
            err=True,
        )
    )


def _first_line(password_file: Path) -> str:
    if str(password_file) == "-":
        return sys.stdin.readline().rstrip("\r\n")
    with password_file.open(encoding="utf-8") as lines:
        return lines.readline().rstrip("\r\n")
