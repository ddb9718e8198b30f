"""The arguments of a search: words that need no quotes where the shell allows."""

import re
from collections.abc import Callable
from typing import Any, TypeVar

import click

from librarian.cli.arguments import LARGEST_NUMBER, UTF8_TEXT, read_search
from librarian.client.searches import ItemKind

# Begins what looks like an option and is a word of a search; no argument of a process has it.
_WORD_MARK = "\0"
# `-source:rtp`, `-(type:uv or type:uvh5)`, `-@mine`: no option of a command looks like this.
_NEGATED_TERM = re.compile(r"-(?:[(@\"]|[^-:][^:]*:).*", re.DOTALL)

Command = TypeVar("Command", bound=Callable[..., Any])


class SearchCommand(click.Command):
    """A command whose arguments are words of a search, which may begin with `-`."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse the arguments; what can be no option is a word."""
        end = args.index("--") if "--" in args else len(args)
        marked = [_WORD_MARK + arg if _NEGATED_TERM.fullmatch(arg) else arg for arg in args[:end]]
        try:
            return super().parse_args(ctx, marked + args[end:])
        except click.NoSuchOption as error:
            if error.option_name.startswith("--"):
                raise
            raise click.UsageError(
                f"There is no option {error.option_name}; words of a search that begin with '-'"
                " go behind `--`.",
                ctx,
            ) from error


class _SearchWord(click.ParamType[str]):
    """A word of a search."""

    name = "text"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return the word as it was typed."""
        return UTF8_TEXT.convert(str(value).removeprefix(_WORD_MARK), param, ctx)


search_words = click.argument(
    "words", metavar="SEARCH...", nargs=-1, required=True, type=_SearchWord()
)
columns_option = click.option(
    "--columns", metavar="A,B,...", type=UTF8_TEXT, help="Choose columns, and their order."
)


def kind_options(command: Command) -> Command:
    """Add the options that say what a search is of, which `kind_of` reads."""
    sessions = click.option("--sessions", is_flag=True, help="It is one of observing sessions.")
    return click.option("--obs", is_flag=True, help="It is a search of observations.")(
        sessions(command)
    )


def kind_of(*, obs: bool, sessions: bool) -> ItemKind:
    """Return what a search is of; raises UsageError for two kinds at once."""
    if obs and sessions:
        raise click.UsageError(
            "--obs and --sessions exclude each other: give one of them.",
            click.get_current_context(),
        )
    return "observations" if obs else "sessions" if sessions else "files"


def join_words(words: tuple[str, ...]) -> str:
    """Return the search that words make, or the one on stdin for a single `-`."""
    return read_search(" ".join(words))


def split_columns(columns: str | None) -> list[str] | None:
    """Return the names of columns that are given."""
    return None if columns is None else columns.split(",")


def output_options(orders: str, *, paths: bool = False) -> Callable[[Command], Command]:
    """Return the decorator that adds the options of a search's output."""
    options = [
        click.option("--json", "as_json", is_flag=True, help="Print JSON, a document a line."),
        click.option("--csv", "as_csv", is_flag=True, help="Print CSV with a header."),
        click.option("--names", "as_names", is_flag=True, help="Print only what they are called."),
        click.option("--count", is_flag=True, help="Print only how many match."),
        columns_option,
        click.option(
            "--order-by",
            metavar="KEY[,desc]",
            type=UTF8_TEXT,
            default="",
            help=f"Order by {orders}; with `,desc` the largest come first.",
        ),
        click.option(
            "--limit",
            metavar="N",
            type=click.IntRange(1, LARGEST_NUMBER),
            help="Print this many at most.",
        ),
    ]
    if paths:
        help_text = "Print host:path of each available copy."
        options.insert(3, click.option("--paths", "as_paths", is_flag=True, help=help_text))

    def add(command: Command) -> Command:
        for option in reversed(options):
            command = option(command)
        return command

    return add
