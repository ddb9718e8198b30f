"""The command that runs a site."""

import logging
import sys
from pathlib import Path

import click

from librarian.cli.arguments import json_option
from librarian.cli.output import print_json, print_line
from librarian.supervisor.config import DEFAULT_PORT
from librarian.supervisor.layout import SiteDirectory, make_site_directory
from librarian.supervisor.serving import ReadySite, ServeOptions, serve_site

_NEXT = """\
The connection `{name}` of your client leads here. Try, in another terminal:
  librarian check-connections
  librarian upload {name} FILE DIRECTORIES/NAME
  librarian search-files {name} name:%
  librarian stage-files {name} first-look name:% --wait
"""
_NEXT_WEB = "  librarian sign-in-link {name}     # a link to the web pages, signed in"


@click.command()
@click.option("--config", metavar="FILE", type=click.Path(path_type=Path), help="Configuration.")
@click.option(
    "--dir", "directory", metavar="DIR", type=click.Path(path_type=Path), help="Site's directory."
)
@click.option(
    "--port",
    type=click.IntRange(1, 65532),
    help="Port of a new site's catalogue; the other services take the next three. It is kept in"
    f" site.toml, and not changed by a later start.  [default: {DEFAULT_PORT}]",
)
@json_option
def serve(config: Path | None, directory: Path | None, port: int | None, as_json: bool) -> None:
    """Run a site on this machine until Ctrl-C.

    With --dir all of it lies in one directory, which is made when it is missing: configuration,
    SQLite catalogue, secrets, logs, the store `store`, and `staging`, where files are staged. With
    --config it runs the services that a configuration file has tables for.

    A new site's administrator gets a token, a connection `local` in your client configuration, and
    a link that opens the web pages.
    """
    if (config is None) == (directory is None):
        raise click.UsageError("Give either --dir or --config.", click.get_current_context())
    if config is not None and port is not None:
        raise click.UsageError(
            "--port goes with --dir: a configuration file has its own addresses.",
            click.get_current_context(),
        )
    logging.basicConfig(level=logging.INFO, format="librarian: %(message)s", stream=sys.stderr)
    options = _options(config, directory, port)
    show = _print_json if as_json else lambda ready: _print_text(ready, options.directory)
    serve_site(options, show)


def _options(config: Path | None, directory: Path | None, port: int | None) -> ServeOptions:
    if config is not None:
        return ServeOptions(config)
    assert directory is not None  # noqa: S101 - one of the two is there
    site = make_site_directory(directory, port or DEFAULT_PORT)
    return ServeOptions(site.config_file, site, port)


def _print_json(ready: ReadySite) -> None:
    administrator = ready.administrator
    document = {
        "config": str(ready.config_file),
        "addresses": ready.addresses,
        "connection": ready.connection,
        "administrator": administrator.name if administrator else None,
        "token": administrator.token if administrator else None,
        "web_url": ready.web_url or None,
        "sign_in_link": ready.sign_in_link or None,
    }
    print_json(document, flush=True)


def _print_text(ready: ReadySite, directory: SiteDirectory | None) -> None:
    for service, address in ready.addresses.items():
        print_line(f"{service:<16} {address}")
    print_line(f"{'configuration':<16} {ready.config_file}")
    if directory:
        print_line(f"{'logs':<16} {directory.logs}")
    if ready.administrator:
        print_line(f"{'administrator':<16} {ready.administrator.name}")
        print_line(f"{'token':<16} {ready.administrator.token}")
        print_line("This token is shown once.")
    if ready.web_url:
        print_line(f"{'web pages':<16} {ready.web_url}/")
    if ready.sign_in_link:
        print_line(f"{'signed in':<16} {ready.sign_in_link}")
        print_line("This link opens the web pages as the administrator, once, within ten minutes.")
    if ready.connection:
        print_line(_NEXT.format(name=ready.connection).rstrip())
        if ready.web_url:
            print_line(_NEXT_WEB.format(name=ready.connection))
    print_line("ready", flush=True)
