"""The commands that search: for files, observations, observing sessions and instances."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import click

from librarian.cli.arguments import connection_argument, json_option
from librarian.cli.output import print_json, print_line, printable
from librarian.cli.search_arguments import (
    SearchCommand,
    join_words,
    kind_of,
    kind_options,
    output_options,
    search_words,
    split_columns,
)
from librarian.cli.search_kinds import FILES, INSTANCES, OBSERVATIONS, SESSIONS, Found
from librarian.cli.search_output import (
    Form,
    Output,
    chosen_form,
    print_found,
    print_paths,
)
from librarian.client.columns import RecordColumn, check_metadata_keys
from librarian.client.librarian import Librarian


@dataclass(frozen=True)
class _Choice:
    """What the person chose of the output."""

    as_json: bool
    as_csv: bool
    as_names: bool
    count: bool
    columns: str | None
    order_by: str
    limit: int | None
    as_paths: bool = False

    def output(self, found: Found) -> Output:
        """Return what to print; raises UsageError when the options exclude each other."""
        form = chosen_form(
            {
                Form.JSON: self.as_json,
                Form.CSV: self.as_csv,
                Form.NAMES: self.as_names,
                Form.PATHS: self.as_paths,
            }
        )
        if self.columns is not None and form in (Form.NAMES, Form.PATHS):
            _refuse(form.value, "--columns")
        if form is Form.PATHS:
            self._check_order()
        if self.count:
            self._check_count(form)
        return Output(found, form, split_columns(self.columns))

    def _check_count(self, form: Form) -> None:
        if form not in (Form.TABLE, Form.JSON):
            _refuse(form.value, "--count")
        if self.limit is not None:
            _refuse("--limit", "--count")

    def _check_order(self) -> None:
        if self.order_by.partition(",")[0].strip() not in ("", "name"):
            raise click.UsageError(
                "With --paths, copies come by the names of their files: order by name, or leave"
                " --order-by away.",
                click.get_current_context(),
            )


@click.command(cls=SearchCommand)
@connection_argument
@search_words
@output_options("name, create-time, size, obsid or start-time", paths=True)
def search_files(connection: str, words: tuple[str, ...], **chosen: Any) -> None:
    """List the files that match SEARCH, in the text or the JSON form; `-` reads it from stdin.

    \b
    librarian search-files CONN type:uvh5 'name:zen.2458*' 'size:>5GB' -source:rtp
    librarian search-files CONN '{"obsid-is-exactly": 1223456789}' --csv

    Columns are name, type, size, checksum, obsid, create-time, source, copies, metadata, and
    meta.KEY of each metadata key. Quote what the shell takes for itself: > < ( ) * ? ~ !
    """  # noqa: D301 - click reads the character
    _search(FILES, connection, words, _Choice(**chosen))


@click.command(cls=SearchCommand)
@connection_argument
@search_words
@output_options("obsid or start-time")
def search_obs(connection: str, words: tuple[str, ...], **chosen: Any) -> None:
    """List the observations that match SEARCH; `-` reads it from stdin.

    \b
    librarian search-obs CONN start:2018-10-01..2018-10-07 lst:23..1
    librarian search-obs CONN '{"duration-less-than": 0.007, "num-files-greater-than": 0}' --count
    """  # noqa: D301 - click reads the character
    _search(OBSERVATIONS, connection, words, _Choice(**chosen))


@click.command(cls=SearchCommand)
@connection_argument
@search_words
@output_options("session-id or start-time")
def search_sessions(connection: str, words: tuple[str, ...], **chosen: Any) -> None:
    """List the observing sessions that match SEARCH; `-` reads it from stdin.

    \b
    librarian search-sessions CONN 'obs:>50' start:2018-10-01..2018-10-07
    librarian search-sessions CONN '{"no-file-has-event": "checked", "age-less-than": 3}' --names
    """  # noqa: D301 - click reads the character
    _search(SESSIONS, connection, words, _Choice(**chosen))


@click.command(cls=SearchCommand)
@connection_argument
@search_words
@output_options("name", paths=True)
def search_instances(connection: str, words: tuple[str, ...], **chosen: Any) -> None:
    """List the copies of the files that match SEARCH; `-` reads it from stdin.

    \b
    librarian search-instances CONN obsid:1223456789 store:pot1
    librarian search-instances CONN '{"type-is-exactly": "uvh5"}' --paths --limit 100
    """  # noqa: D301 - click reads the character
    _search(INSTANCES, connection, words, _Choice(**chosen))


@click.command(cls=SearchCommand)
@connection_argument
@search_words
@kind_options
@json_option
def explain_search(
    connection: str, words: tuple[str, ...], obs: bool, sessions: bool, as_json: bool
) -> None:
    """Print both forms of SEARCH, and what it means; `-` reads it from stdin.

    \b
    librarian explain-search CONN 'created:<3d' -type:uv
    librarian explain-search CONN --obs '{"session-id-is-exactly": 1223456789}'
    """  # noqa: D301 - click reads the character
    kind = kind_of(obs=obs, sessions=sessions)
    with Librarian.connect(connection) as site:
        explanation = site.explain_search(join_words(words), kind)
    if as_json:
        print_json(explanation.to_json())
        return
    parts = {"JSON": explanation.json, "Text": explanation.text, "Meaning": explanation.meaning}
    for number, (title, text) in enumerate(parts.items()):
        print_line(f"\n{title}:" if number else f"{title}:")
        for line in text.splitlines():
            print_line(f"  {printable(line)}")


def _search(found: Found, connection: str, words: tuple[str, ...], choice: _Choice) -> None:
    output = choice.output(found)
    columns = output.columns()
    search = join_words(words)
    with Librarian.connect(connection) as site:
        finder: Callable[..., Any] = getattr(site, f"search_{found.plural}")
        if choice.count:
            _print_count(finder(search).count(), as_json=choice.as_json)
        elif output.form is Form.PATHS:
            print_paths(site.search_instances(search, order_by=choice.order_by), choice.limit)
        else:
            asked = _metadata_asked(site, columns)
            records = finder(search, limit=choice.limit, order_by=choice.order_by, **asked)
            print_found(output, columns, records)


def _metadata_asked(site: Librarian, columns: Sequence[RecordColumn]) -> dict[str, bool]:
    """Return the option that asks for metadata, where a column shows some."""
    if not any(column.needs_metadata for column in columns):
        return {}
    check_metadata_keys(columns, {key.name for key in site.list_metadata_keys()})
    return {"with_metadata": True}


def _print_count(count: int, *, as_json: bool) -> None:
    if as_json:
        print_json({"count": count})
    else:
        print_line(str(count))


def _refuse(first: str, second: str) -> None:
    raise click.UsageError(
        f"{first} and {second} exclude each other: give one of them.", click.get_current_context()
    )
