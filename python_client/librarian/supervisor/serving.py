"""`librarian serve`: a whole site from one command."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from librarian.supervisor.config import (
    CATALOG,
    WEB,
    SiteConfig,
    check_port_kept,
    check_ports,
    read_site_config,
)
from librarian.supervisor.first_use import (
    create_sign_in_link,
    find_local_connection,
    prepare_store,
    write_local_connection,
)
from librarian.supervisor.layout import SiteDirectory, lock_path
from librarian.supervisor.processes import Process
from librarian.supervisor.setup import CATALOG_UMASK, NewAdministrator, check_installation, set_up
from librarian.supervisor.signals import StopSignals
from librarian.supervisor.site import RunningSite


@dataclass(frozen=True)
class ReadySite:
    """A site that serves, as its first words to the person who started it."""

    config_file: Path
    # Address at which each service listens, by its name.
    addresses: dict[str, str]
    # Present when the site is new.
    administrator: NewAdministrator | None
    # Name of the client connection that leads here; None when none was written, now or before.
    connection: str | None
    # Where people open the web pages; empty where there are none.
    web_url: str = ""
    # Signs the administrator of a new site in there, once; empty where there is none.
    sign_in_link: str = ""


@dataclass(frozen=True)
class ServeOptions:
    """What to serve, and how."""

    config_file: Path
    # Present for a site that lives in one directory.
    directory: SiteDirectory | None = None
    # Port that the catalogue must be configured for; None takes what is configured.
    port: int | None = None


def serve_site(options: ServeOptions, on_ready: Callable[[ReadySite], None]) -> None:
    """Run a site until SIGTERM or SIGINT; raise SiteStartError when it cannot be started."""
    check_installation()
    lock = lock_path(options.directory.root if options.directory else options.config_file)
    try:
        with StopSignals() as signals:
            _serve(options, on_ready, signals)
    finally:
        os.close(lock)


def _serve(
    options: ServeOptions, on_ready: Callable[[ReadySite], None], signals: StopSignals
) -> None:
    config = read_site_config(options.config_file, os.environ)
    if options.port is not None:
        check_port_kept(config, options.port)
    check_ports(config.addresses)
    administrator = set_up(config.config_file) if CATALOG in config.services else None
    if administrator:
        # Before all else: the secret is nowhere but here, and would be lost with this process.
        write_local_connection(config, administrator)
    connection = find_local_connection(config)
    site = RunningSite(_processes(config, options.directory))
    try:
        with signals.raising():
            addresses = site.start()
            if options.directory:
                prepare_store(options.directory, config, administrator)
        named = dict(zip(config.services, addresses, strict=True))
        web_url = _web_url(config, named)
        link = create_sign_in_link(config, web_url, administrator)
        on_ready(ReadySite(config.config_file, named, administrator, connection, web_url, link))
        site.watch(signals)
    except KeyboardInterrupt:
        return
    finally:
        site.stop()


def _web_url(config: SiteConfig, addresses: Mapping[str, str]) -> str:
    if WEB not in addresses:
        return ""
    return config.web_url or f"http://{addresses[WEB]}"


def _processes(config: SiteConfig, directory: SiteDirectory | None) -> list[Process]:
    return [
        Process(
            module=service,
            config_file=config.config_file,
            log_file=directory.logs / f"{service}.log" if directory else None,
            umask=CATALOG_UMASK if service == CATALOG else -1,
        )
        for service in config.services
    ]
