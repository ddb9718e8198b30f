"""Commands about custom metadata, and the option by which files come with theirs."""

import json
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import click

from librarian.cli.arguments import UTF8_TEXT, connection_argument, json_option, name_argument
from librarian.cli.output import Column, print_fields, print_json, print_line, print_rows
from librarian.client.librarian import Librarian
from librarian.client.records import MetadataValue

_COLUMNS = [Column("Key"), Column("Type")]
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)
_TIME = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d.*", re.ASCII)


class _Setting(click.ParamType[tuple[str, MetadataValue]]):
    """A key and its value, as KEY=VALUE."""

    name = "KEY=VALUE"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, MetadataValue]:
        """Return the key and the value that the text means."""
        if isinstance(value, tuple):
            return value
        key, equals, text = UTF8_TEXT.convert(value, param, ctx).partition("=")
        if not key or not equals:
            self.fail(f"{value!r} is not KEY=VALUE.", param, ctx)
        return key, parse_value(text)


SETTING = _Setting()
metadata_option = click.option(
    "--meta",
    "metadata",
    multiple=True,
    type=SETTING,
    callback=lambda context, parameter, settings: dict(settings),
    help="Custom metadata of what is new: a number, true, false, a time, or a text.",
)


def parse_value(text: str) -> MetadataValue:
    """Return the number, truth value or time that a text is, or else the text.

    A text in double quotes is one, whatever it looks like.
    """
    if text in ("true", "false"):
        return text == "true"
    if _NUMBER.fullmatch(text):
        return int(text) if text.lstrip("+-").isdigit() else float(text)
    if _TIME.fullmatch(text) and (time := _read_time(text)):
        return time
    if len(text) > 1 and text[0] == text[-1] == '"':
        return _unquoted(text)
    return text


@click.command()
@connection_argument
@name_argument
@click.argument("settings", metavar="[KEY=VALUE]...", nargs=-1, type=SETTING)
@click.option("--remove", metavar="KEY", multiple=True, type=UTF8_TEXT, help="Take a key away.")
@json_option
def set_metadata(
    connection: str,
    name: str,
    settings: Sequence[tuple[str, MetadataValue]],
    remove: Sequence[str],
    as_json: bool,
) -> None:
    """Set custom metadata of the file NAME; the change is logged with the file.

    A VALUE is a number, true or false, a time such as 2018-10-01T12:00:00Z, or else a text; in
    double quotes it is a text in any case. All values of a key are of one type.

    \b
    librarian set-metadata CONN zen.2458432.34569.uvh5 antenna=12 quality=0.93
    librarian set-metadata CONN zen.2458432.34569.uvh5 --remove quality
    """  # noqa: D301 - click reads the character
    if not settings and not remove:
        raise click.UsageError("Give KEY=VALUE, or --remove KEY.", click.get_current_context())
    with Librarian.connect(connection) as site:
        file = site.update_metadata(name, dict(settings), remove)
    if as_json:
        print_json(file.to_json())
    elif file.metadata:
        print_fields(metadata_fields(file.metadata))
    else:
        print_line(f"{name} has no metadata.")


@click.command()
@connection_argument
@json_option
def list_metadata_keys(connection: str, as_json: bool) -> None:
    """List the keys of custom metadata, and the type of their values."""
    with Librarian.connect(connection) as site:
        keys = site.list_metadata_keys()
    if as_json:
        for key in keys:
            print_json(key.to_json())
    else:
        rows = [[key.name, key.type.lower()] for key in keys]
        print_rows(_COLUMNS, rows, empty="No file has metadata.")


def metadata_fields(metadata: Mapping[str, MetadataValue]) -> dict[str, str]:
    """Return metadata as a person reads them, by `meta.KEY`."""
    return {f"meta.{key}": format_value(value) for key, value in sorted(metadata.items())}


def format_value(value: MetadataValue) -> str:
    """Return a value as `parse_value` reads it, but for quotes."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return value.isoformat() if isinstance(value, datetime) else str(value)


def _read_time(text: str) -> datetime | None:
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        return None
    return time if time.tzinfo else time.replace(tzinfo=UTC)


def _unquoted(text: str) -> str:
    try:
        read = json.loads(text)
    except ValueError:
        return text
    return read if isinstance(read, str) else text
