"""The program: its commands, and one way out of each for success, errors and interruption."""

import os
import sys
import traceback
from typing import Any, NoReturn

import click

from librarian.cli.exit_codes import CommandError, ExitCode, exit_code_of
from librarian.cli.lazy import LazyCommand, LazyGroup
from librarian.errors import LibrarianError
from librarian.supervisor.errors import SiteStartError

_FILES, _SEARCHES, _JOBS, _OBSERVATIONS = "Files", "Searches", "Staging", "Observations"
_STORES, _ACCOUNTS, _SITES = "Stores", "Accounts", "Sites"
_NEIGHBOURS = "Neighbours"

COMMANDS = {
    name: LazyCommand(f"librarian.cli.{module}", section, text)
    for name, module, section, text in [
        ("upload", "uploads", _FILES, "Put a file or a dataset into the archive."),
        ("register", "registration", _FILES, "Put files on record that lie on a store already."),
        ("show-file", "files", _FILES, "Show a file, its copies and its history."),
        ("locate-file", "files", _FILES, "Say where the copies of a file lie."),
        ("verify-file", "verification", _FILES, "Read the copies of a file, and compare them."),
        ("get", "downloads", _FILES, "Download a file, and check it."),
        ("add-file-event", "files", _FILES, "Log an event of your own with a file."),
        ("set-metadata", "metadata", _FILES, "Set custom metadata of a file."),
        ("list-metadata-keys", "metadata", _FILES, "List the keys of custom metadata."),
        ("search-files", "searches", _SEARCHES, "List the files that match a search."),
        ("search-obs", "searches", _SEARCHES, "List the observations that match."),
        ("search-sessions", "searches", _SEARCHES, "List the observing sessions that match."),
        ("search-instances", "searches", _SEARCHES, "List the copies of the files that match."),
        ("explain-search", "searches", _SEARCHES, "Print both forms of a search, and its meaning."),
        ("save-search", "saved_searches", _SEARCHES, "Keep a search by name."),
        ("list-searches", "saved_searches", _SEARCHES, "List saved searches."),
        ("delete-search", "saved_searches", _SEARCHES, "Delete a saved search."),
        ("export-catalog", "exports", _SEARCHES, "Write files and metadata as Parquet or CSV."),
        ("stage-files", "staging", _JOBS, "Copy what a search finds to where people compute."),
        ("list-jobs", "jobs", _JOBS, "List the jobs on record."),
        ("show-job", "jobs", _JOBS, "Show a job, or wait for it."),
        ("cancel-job", "jobs", _JOBS, "Ask a job to stop."),
        ("retry-job", "staging", _JOBS, "Go on with what a staging has not done."),
        ("assign-sessions", "observations", _OBSERVATIONS, "Group observations into sessions."),
        ("add-store", "stores", _STORES, "Add a directory in which files are kept."),
        ("get-store-list", "stores", _STORES, "List the stores and their space."),
        ("set-store-state", "stores", _STORES, "Enable or disable a store."),
        ("create-standing-order", "standing_orders", _NEIGHBOURS, "Push what matches a search."),
        ("update-standing-order", "standing_orders", _NEIGHBOURS, "Change a standing order."),
        ("delete-standing-order", "standing_orders", _NEIGHBOURS, "Delete a standing order."),
        ("list-standing-orders", "standing_orders", _NEIGHBOURS, "List the standing orders."),
        ("show-standing-order", "standing_orders", _NEIGHBOURS, "Show a standing order."),
        ("preview-standing-order", "standing_orders", _NEIGHBOURS, "Count what one would send."),
        ("send", "transfers", _NEIGHBOURS, "Send what a search finds to a librarian."),
        ("launch-copy", "transfers", _NEIGHBOURS, "Send one file to a librarian."),
        ("list-transfers", "transfers", _NEIGHBOURS, "List what is sent, or was."),
        ("show-transfer", "transfers", _NEIGHBOURS, "Show a transfer."),
        ("cancel-transfer", "transfers", _NEIGHBOURS, "Cancel transfers."),
        ("retry-transfer", "transfers", _NEIGHBOURS, "Queue transfers anew."),
        ("explain", "transfers", _NEIGHBOURS, "Say why a file is where it is, or not yet."),
        ("add-librarian", "librarians", _NEIGHBOURS, "Add a site that files are pushed to."),
        ("get-librarian-list", "librarians", _NEIGHBOURS, "List them, and how the links are."),
        ("update-librarian", "librarians", _NEIGHBOURS, "Change one, such as its secret."),
        ("set-librarian-transfer", "librarians", _NEIGHBOURS, "Push files to one, or not."),
        ("remove-librarian", "librarians", _NEIGHBOURS, "Take one off the record."),
        ("reconcile", "reconciliations", _NEIGHBOURS, "Compare belief with what is there."),
        ("create-user", "accounts", _ACCOUNTS, "Create an account."),
        ("delete-user", "accounts", _ACCOUNTS, "Delete an account and its tokens."),
        ("set-role", "accounts", _ACCOUNTS, "Change what an account may do."),
        ("set-password", "accounts", _ACCOUNTS, "Set a password."),
        ("list-users", "accounts", _ACCOUNTS, "List the accounts."),
        ("create-token", "tokens", _ACCOUNTS, "Create a token for a script."),
        ("list-tokens", "tokens", _ACCOUNTS, "List tokens, without their secrets."),
        ("revoke-token", "tokens", _ACCOUNTS, "End a token."),
        ("sign-in-link", "sign_in_links", _ACCOUNTS, "Print a link to the web pages, signed in."),
        ("audit-log", "audit", _ACCOUNTS, "List who changed what, when and from where."),
        ("serve", "serve", _SITES, "Run a site on this machine."),
        ("rotate-keys", "keys", _SITES, "Give a site on this machine new keys."),
        ("statistics", "statistics", _SITES, "Show what a site holds, and what arrived lately."),
        ("check-connections", "connections", _SITES, "Try each of your connections."),
        ("version", "about", _SITES, "Say which version this is."),
        ("completion", "about", _SITES, "Print a shell's completion script."),
    ]
}


class Program(LazyGroup):
    """The group of all commands; whatever happens in one ends here."""

    def main(self, *args: Any, **kwargs: Any) -> NoReturn:
        """Run a command and exit with its status."""
        for stream in (sys.stdout, sys.stderr):
            # Names on a local disk need not be UTF-8; showing one must not be an error.
            if hasattr(stream, "reconfigure"):
                stream.reconfigure(errors="backslashreplace")
        kwargs["standalone_mode"] = False
        try:
            code = super().main(*args, **kwargs)
            sys.stdout.flush()
        except BrokenPipeError:
            _discard_stdout()
            code = ExitCode.FAILED
        except Exception as error:
            code = _explain(error)
        sys.exit(int(code) if isinstance(code, int) else ExitCode.DONE)


def _explain(error: Exception) -> ExitCode:
    """Tell the person of an error in a sentence; return the exit status."""
    if _debugging():
        traceback.print_exception(error)
    message, code = _sentence(error)
    if message:
        click.echo(f"librarian: {message}", err=True)
    return code


def _sentence(error: Exception) -> tuple[str, ExitCode]:
    match error:
        case click.Abort():
            return "interrupted.", ExitCode.INTERRUPTED
        case click.UsageError():
            usage = f" Try `{error.ctx.command_path} --help`." if error.ctx else ""
            return f"{_one_line(error.format_message())}{usage}", ExitCode.WRONG_USAGE
        case click.ClickException():
            return error.format_message(), ExitCode.FAILED
        case CommandError():
            return str(error), error.code
        case LibrarianError():
            return str(error), exit_code_of(error)
        case SiteStartError():
            return str(error), ExitCode.FAILED
        case OSError() if error.strerror:
            where = f"{os.fsdecode(error.filename)}: " if error.filename else ""
            return f"{where}{error.strerror}.", ExitCode.FAILED
        case _:
            what = f"{type(error).__name__}: {error}"
            hint = "this is a fault of the program; `librarian --debug …` shows where."
            return f"{what} ({hint})", ExitCode.FAILED


def _one_line(message: str) -> str:
    """Return a message of click's, which may list choices below one another, as a sentence."""
    line = " ".join(message.split())
    return line if line.endswith((".", "?", ")")) else f"{line}."


def _debugging() -> bool:
    return "--debug" in sys.argv[1:2] or os.environ.get("LIBRARIAN_DEBUG") == "1"


def _discard_stdout() -> None:
    """Let the interpreter's last flush of what nobody reads go nowhere."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


@click.group(
    "librarian",
    cls=Program,
    table=COMMANDS,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="CONN names a connection of ~/.hl_client.cfg; `librarian COMMAND --help` tells more. "
    "Exit status: 0 done, 1 failed, 2 wrong usage, 3 not found, 4 not signed in or not allowed, "
    "5 done in part, 6 conflict, 7 not reachable, 8 wait timed out, 130 interrupted.",
)
@click.option("--debug", is_flag=True, help="Show the traceback of an error.")
@click.version_option(
    None, "-V", "--version", package_name="librarian", message="librarian %(version)s"
)
@click.pass_context
def program(context: click.Context, debug: bool) -> None:
    """Keep, find, copy and stage the data of a radio observatory."""
    if not debug and context.invoked_subcommand != "serve":
        # What goes wrong is said in a sentence; gRPC would write its own lines between.
        os.environ.setdefault("GRPC_VERBOSITY", "NONE")
    if debug:
        os.environ["LIBRARIAN_DEBUG"] = "1"
