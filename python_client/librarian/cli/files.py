"""Commands about files: showing, locating, logging events."""

import json
from collections.abc import Iterator, Sequence
from typing import Any

import click

from librarian.cli.arguments import (
    UTF8_TEXT,
    connection_argument,
    json_option,
    name_argument,
)
from librarian.cli.metadata import metadata_fields
from librarian.cli.output import (
    Column,
    format_size,
    format_time,
    print_fields,
    print_json,
    print_line,
    print_rows,
)
from librarian.client.librarian import Librarian
from librarian.client.librarians import RemoteInstance
from librarian.client.records import File, FileEvent, Instance, to_json
from librarian.errors import NoInstanceError

_INSTANCE_COLUMNS = [Column("Store"), Column("State"), Column("Host"), Column("Path")]
_REMOTE_COLUMNS = [Column("Librarian"), Column("Confirmed (UTC)")]
_EVENT_COLUMNS = [Column("Time (UTC)"), Column("Event"), Column("Details")]


@click.command()
@connection_argument
@name_argument
@json_option
def show_file(connection: str, name: str, as_json: bool) -> None:
    """Show the file NAME, its copies at the site, and what happened to it."""
    with Librarian.connect(connection) as site:
        file, instances = site.get_file(name), site.list_instances(name)
        events, elsewhere = site.list_file_events(name), site.list_remote_instances(name)
        if as_json:
            document = _whole_file(file, instances, events)
            print_json({**document, "remote_instances": to_json(elsewhere)})
            return
        print_fields(_file_fields(file))
        print_line()
        print_rows(_INSTANCE_COLUMNS, map(_instance_row, instances), empty="No copy is here.")
        for instance in instances:
            if instance.problem:
                print_line(f"The copy on {instance.store} is suspect: {instance.problem}")
        print_line()
        print_rows(_REMOTE_COLUMNS, map(_remote_row, elsewhere), empty="It is not elsewhere.")
        print_line()
        print_rows(_EVENT_COLUMNS, map(_event_row, events), empty="Nothing happened to it.")


@click.command()
@connection_argument
@name_argument
@json_option
def locate_file(connection: str, name: str, as_json: bool) -> None:
    """Say where each available copy of the file NAME lies, as `host:path`.

    When none is here, the librarians that are believed to have it are named.
    """
    with Librarian.connect(connection) as site:
        for instance in _locate(site, name):
            if as_json:
                place = {"host": instance.host, "path": instance.path, "store": instance.store}
                print_json(place)
            else:
                print_line(f"{instance.host}:{instance.path}")


@click.command()
@connection_argument
@name_argument
@click.argument("event_type", metavar="TYPE", type=UTF8_TEXT)
@click.argument("details", metavar="KEY=VALUE...", nargs=-1, required=True, type=UTF8_TEXT)
@json_option
def add_file_event(
    connection: str, name: str, event_type: str, details: Sequence[str], as_json: bool
) -> None:
    """Log an event of the kind TYPE with the file NAME.

    A VALUE is JSON, such as 3, true, "text" or [1, 2]; what is not JSON is taken as text.
    """
    payload = dict(_parse_detail(detail) for detail in details)
    with Librarian.connect(connection) as site:
        event = site.add_file_event(name, event_type, payload)
    if as_json:
        print_json(event.to_json())
    else:
        print_line(f"Logged {event.type} with {name}.")


def _locate(site: Librarian, name: str) -> list[Instance]:
    try:
        return site.locate_file(name)
    except NoInstanceError as error:
        names = [one.librarian_name for one in site.list_remote_instances(name)]
        if not names:
            raise
        raise NoInstanceError(f"{error} It is believed to be at {', '.join(names)}.") from error


def _parse_detail(detail: str) -> tuple[str, Any]:
    key, equals, text = detail.partition("=")
    if not key or not equals:
        raise click.UsageError(f"{detail!r} is not KEY=VALUE.", click.get_current_context())
    try:
        return key, json.loads(text)
    except (ValueError, RecursionError):
        return key, text


def _whole_file(
    file: File, instances: Sequence[Instance], events: Iterator[FileEvent]
) -> dict[str, Any]:
    return {
        **file.to_json(),
        "metadata": to_json(file.metadata),
        "instances": [instance.to_json() for instance in instances],
        "events": [event.to_json() for event in events],
    }


def _file_fields(file: File) -> dict[str, str]:
    return {
        "name": file.name,
        "type": file.type,
        "size": f"{format_size(file.size_bytes)} ({file.size_bytes} bytes)",
        "checksum": file.checksum,
        "obsid": "none" if file.obsid is None else str(file.obsid),
        "created": f"{format_time(file.create_time)} UTC by {file.source}",
        "copies": str(file.instance_count),
        **metadata_fields(file.metadata),
    }


def _instance_row(instance: Instance) -> list[str]:
    return [instance.store, instance.state.lower(), instance.host, instance.path]


def _remote_row(remote: RemoteInstance) -> list[str]:
    return [remote.librarian_name, format_time(remote.confirm_time)]


def _event_row(event: FileEvent) -> list[str]:
    return [format_time(event.time), event.type, json.dumps(event.payload, ensure_ascii=False)]
