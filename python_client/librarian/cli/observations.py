"""Commands about observations."""

import click

from librarian.cli.arguments import connection_argument, json_option
from librarian.cli.output import Column, format_size, print_json, print_rows
from librarian.client.librarian import Librarian
from librarian.client.records import ObservingSession

_COLUMNS = [
    Column("Session", right=True),
    Column("Start (JD)", right=True),
    Column("Stop (JD)", right=True),
    Column("Observations", right=True),
    Column("Files", right=True),
    Column("Size", right=True),
]


@click.command()
@connection_argument
@click.option("--min-start-jd", type=float, help="Leave observations alone that start before.")
@click.option("--max-start-jd", type=float, help="Leave observations alone that start after.")
@json_option
def assign_sessions(
    connection: str, min_start_jd: float | None, max_start_jd: float | None, as_json: bool
) -> None:
    """Group observations into observing sessions, and list the new ones.

    Not to be run while the telescope observes.
    """
    with Librarian.connect(connection) as site:
        sessions = site.assign_sessions(min_start_jd, max_start_jd)
    if as_json:
        for session in sessions:
            print_json(session.to_json())
    else:
        print_rows(_COLUMNS, map(_row, sessions), empty="No new observing sessions.")


def _row(session: ObservingSession) -> list[str]:
    return [
        str(session.id),
        f"{session.start_time_jd:.5f}",
        f"{session.stop_time_jd:.5f}",
        str(session.observation_count),
        str(session.file_count),
        format_size(session.total_bytes),
    ]
