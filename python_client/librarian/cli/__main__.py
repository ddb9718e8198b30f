"""Runs the command `librarian`."""

from typing import NoReturn

from librarian.cli.program import program


def main() -> NoReturn:
    """Run the command that the arguments name, and exit with its status."""
    program.main(prog_name="librarian")


if __name__ == "__main__":
    main()
