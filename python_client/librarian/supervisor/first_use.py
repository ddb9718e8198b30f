"""What makes a new site usable at once: a connection to it, and a store."""

import logging
import time

from librarian.client.connections import ConnectionSettings, read_connection, write_connection
from librarian.client.librarian import Librarian
from librarian.errors import LibrarianError
from librarian.supervisor.config import SiteConfig
from librarian.supervisor.errors import SiteStartError
from librarian.supervisor.layout import DEFAULT_STORE, SiteDirectory
from librarian.supervisor.setup import NewAdministrator

logger = logging.getLogger(__name__)

LOCAL_CONNECTION = "local"
_AGENT_TIMEOUT_SECONDS = 60.0
_POLL_SECONDS = 0.05


def write_local_connection(config: SiteConfig, administrator: NewAdministrator) -> None:
    """Let the person who started a new site sign in to it as its administrator.

    A failure is only told: the token is yet to be shown, and would be lost with this process.
    """
    try:
        write_connection(LOCAL_CONNECTION, _settings(config, administrator))
    except (LibrarianError, OSError) as error:
        logger.warning("The connection %r was not written: %s", LOCAL_CONNECTION, error)


def find_local_connection(config: SiteConfig) -> str | None:
    """Return the connection `local` when it leads to this site."""
    try:
        settings = read_connection(LOCAL_CONNECTION)
    except LibrarianError:
        return None
    return LOCAL_CONNECTION if settings.url == config.catalog_address else None


def prepare_store(
    directory: SiteDirectory, config: SiteConfig, administrator: NewAdministrator | None
) -> None:
    """Wait until the site has an agent, and give a site without any store its first.

    This takes an administrator: a new one, or the connection `local` of an earlier start.
    """
    if administrator:
        settings = _settings(config, administrator)
    elif find_local_connection(config):
        settings = read_connection(LOCAL_CONNECTION)
    else:
        return
    with _connect(settings) as site:
        _wait_for_an_agent(site)
        if not site.list_stores():
            site.add_store(DEFAULT_STORE, str(directory.store))


def create_sign_in_link(
    config: SiteConfig, web_url: str, administrator: NewAdministrator | None
) -> str:
    """Return a link that signs a new site's administrator in at its web pages, once.

    A failure is only told: a command prints such a link at any time. Without pages there is none.
    """
    if not web_url or not administrator:
        return ""
    try:
        with _connect(_settings(config, administrator)) as site:
            return site.create_sign_in_link().url(web_url)
    except LibrarianError as error:
        logger.warning("There is no link to the web pages: %s", error)
        return ""


def _connect(settings: ConnectionSettings) -> Librarian:
    return Librarian(
        settings.url, settings.authenticator, settings.ca_file, settings.tls, settings.insecure
    )


def _settings(config: SiteConfig, administrator: NewAdministrator) -> ConnectionSettings:
    return ConnectionSettings(
        url=config.catalog_address,
        authenticator=administrator.token,
        ca_file=str(config.catalog_ca_file) if config.catalog_ca_file else None,
        tls=config.catalog_tls or None,
    )


def _wait_for_an_agent(site: Librarian) -> None:
    deadline = time.monotonic() + _AGENT_TIMEOUT_SECONDS
    while not site.list_agents():
        if time.monotonic() > deadline:
            raise SiteStartError(
                "The store agent runs, but has not reached the catalogue: its log says why."
            )
        time.sleep(_POLL_SECONDS)
