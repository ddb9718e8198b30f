"""The program: help without weight, and one way out for every error."""

import errno
import json
import os
import re
import socket
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from threading import Thread
from typing import NoReturn

import click
import pytest
from click.testing import CliRunner, Result

from librarian.cli.lazy import LazyCommand
from librarian.cli.program import COMMANDS, Program, program
from librarian.errors import CorruptContentsError, NotSignedInError
from librarian.supervisor.errors import SiteStartError

HEAVY = ["alembic", "astropy", "blake3", "grpc", "h5py", "numpy", "pydantic", "rich", "sqlalchemy"]


def run(*arguments: str) -> Result:
    return CliRunner().invoke(program, list(arguments))


def run_raising(error: BaseException, *, debug: bool = False) -> Result:
    """Run a program whose one command raises an error."""

    class Raising(Program):
        def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command:
            return click.Command("fail", callback=_raiser(error))

    raising = Raising(
        "librarian", table={"fail": LazyCommand("none", "Files", "Fail.")}, params=program.params
    )
    raising.callback = program.callback
    return CliRunner().invoke(raising, ["--debug", "fail"] if debug else ["fail"])


def _raiser(error: BaseException) -> Callable[[], NoReturn]:
    def fail() -> NoReturn:
        raise error

    return fail


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["completion", "bash"]])
def test_help_imports_nothing_heavy(arguments: list[str]) -> None:
    code = (
        "import sys\nfrom librarian.cli.__main__ import main\n"
        "sys.argv[1:] = " + repr(arguments) + "\n"
        "try:\n    main()\nexcept SystemExit as end:\n    assert end.code == 0, end.code\n"
        f"print('LOADED', sorted(set({HEAVY!r}) & set(sys.modules)))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "LOADED []"


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_of_the_table_exists_and_takes_json(name: str) -> None:
    result = run(name, "--help")
    assert result.exit_code == 0, result.output
    assert "--json" in result.output


@pytest.mark.parametrize("name", COMMANDS)
def test_the_help_of_a_command_shows_its_examples_a_line_each(name: str) -> None:
    lines = run(name, "--help").output.splitlines()
    assert not any("\\b" in line for line in lines)
    assert not any(len(re.findall(r"(?<![\w-])librarian ", line)) > 1 for line in lines)


@pytest.mark.parametrize("name", COMMANDS)
def test_the_list_of_commands_says_what_the_command_says(name: str) -> None:
    command = program.get_command(click.Context(program), name)
    assert command is not None
    assert command.name == name


def test_an_unknown_command_names_the_nearest() -> None:
    result = run("serch-files", "here", "{}")
    assert result.exit_code == 2
    assert "did you mean search-files" in result.stderr


def test_no_command_at_all_shows_the_help() -> None:
    result = run()
    assert result.exit_code == 2
    assert "search-files" in result.output


def test_a_missing_argument_is_wrong_usage_in_one_line() -> None:
    result = run("locate-file", "here")
    assert result.exit_code == 2
    assert result.stderr == (
        "librarian: Missing argument 'NAME'. Try `librarian locate-file --help`.\n"
    )


def test_grpc_adds_no_lines_of_its_own(tmp_path: Path) -> None:
    """A port that speaks no TLS, or nothing that gRPC knows, made it tell so on stderr."""
    config_file = tmp_path / "client.cfg"
    with socket.create_server(("127.0.0.1", 0)) as server:
        Thread(target=_answer_nonsense, args=(server,), daemon=True).start()
        entry = {"url": f"127.0.0.1:{server.getsockname()[1]}", "authenticator": "t", "tls": True}
        config_file.write_text(json.dumps({"connections": {"here": entry}}))
        result = subprocess.run(
            [sys.executable, "-m", "librarian.cli", "list-users", "here"],
            env={**os.environ, "LIBRARIAN_CLIENT_CONFIG": str(config_file)},
            capture_output=True,
            text=True,
        )
    assert result.returncode == 7
    assert len(result.stderr.splitlines()) == 1, result.stderr


def _answer_nonsense(server: socket.socket) -> None:
    with suppress(OSError):
        while True:
            connection, _ = server.accept()
            connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
            connection.close()


def test_a_missing_choice_is_wrong_usage_in_one_line() -> None:
    result = run("completion")
    assert result.exit_code == 2
    assert len(result.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    "arguments",
    [
        ["show-job", "here", "9" * 23],
        ["upload", "here", "local", "dest", "--obsid", "9" * 23],
        ["register", "here", "store", "path", "--obsid", "9" * 23],
        ["search-files", "here", "{}", "--limit", "9" * 23],
    ],
)
def test_a_number_too_large_for_a_site_is_wrong_usage(arguments: list[str]) -> None:
    result = run(*arguments)
    assert result.exit_code == 2
    assert "is not in the range" in result.stderr


@pytest.mark.parametrize(
    ("error", "code", "sentence"),
    [
        (NotSignedInError("No valid token."), 4, "librarian: No valid token.\n"),
        (CorruptContentsError("Differs."), 1, "librarian: Differs.\n"),
        (SiteStartError("No room."), 1, "librarian: No room.\n"),
        (PermissionError(errno.EACCES, "No", "/x"), 1, "librarian: /x: No.\n"),
        (KeyboardInterrupt(), 130, "\nlibrarian: interrupted.\n"),
        (BrokenPipeError(errno.EPIPE, "Broken pipe"), 1, ""),
    ],
)
def test_an_error_is_one_sentence_and_a_number(
    error: BaseException, code: int, sentence: str
) -> None:
    result = run_raising(error)
    assert (result.exit_code, result.stderr) == (code, sentence)


def test_a_fault_of_the_program_shows_no_traceback() -> None:
    result = run_raising(ZeroDivisionError("by nought"))
    assert result.exit_code == 1
    assert "by nought" in result.stderr
    assert "Traceback" not in result.stderr


def test_debug_shows_the_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LIBRARIAN_DEBUG", raising=False)
    result = run_raising(ZeroDivisionError("by nought"), debug=True)
    assert "Traceback" in result.stderr
    os.environ.pop("LIBRARIAN_DEBUG")


def test_a_reader_that_leaves_is_no_drama() -> None:
    command = f"{sys.executable} -m librarian.cli --help | true; echo ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=True)
    assert done.stderr == ""
    assert done.stdout.strip() in ("0", "1")


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_each_shell_gets_a_completion_script(shell: str) -> None:
    result = run("completion", shell)
    assert result.exit_code == 0
    assert "_LIBRARIAN_COMPLETE" in result.output


def test_a_command_is_completed_from_its_beginning() -> None:
    environment = {
        **os.environ,
        "_LIBRARIAN_COMPLETE": "bash_complete",
        "COMP_WORDS": "librarian search-f",
        "COMP_CWORD": "1",
    }
    command = [sys.executable, "-m", "librarian.cli"]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=True)
    assert done.stdout == "plain,search-files\n"
