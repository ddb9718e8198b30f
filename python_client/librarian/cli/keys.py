"""The command that gives a site new keys."""

import json
from pathlib import Path

import click

from librarian.cli.arguments import json_option
from librarian.cli.output import format_count, print_json, print_line, say
from librarian.supervisor.layout import SiteDirectory
from librarian.supervisor.setup import rotate_keys as rotate_keys_of


@click.command()
@click.option(
    "--config", metavar="FILE", type=click.Path(path_type=Path), help="Site's configuration."
)
@click.option(
    "--dir", "directory", metavar="DIR", type=click.Path(path_type=Path), help="Site's directory."
)
@json_option
def rotate_keys(config: Path | None, directory: Path | None, as_json: bool) -> None:
    """Encrypt the secrets that a site keeps under a new key, and drop the old ones.

    The site may serve meanwhile. A backup of the database from before needs the old key file.
    """
    if (config is None) == (directory is None):
        raise click.UsageError("Give either --dir or --config.", click.get_current_context())
    if directory is not None:
        config = SiteDirectory(directory.absolute()).config_file
    assert config is not None  # noqa: S101 - one of the two is there
    outcome = json.loads(rotate_keys_of(config))
    if as_json:
        print_json(outcome)
        return
    print_line(f"Encrypted {format_count(outcome['encrypted'], 'secret')} under a new key.")
    for name in outcome["unreadable_agents"]:
        say(f"The key of the store agent {name} could not be read: it announces another by itself.")
