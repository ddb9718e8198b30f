"""The directory of a site that `librarian serve --dir` makes, and its configuration."""

import fcntl
import json
import os
import socket
import tomllib
from dataclasses import dataclass
from pathlib import Path

from librarian.supervisor.config import (
    AGENT,
    CATALOG,
    TRANSFERS,
    WEB,
    check_ports,
    new_addresses,
)
from librarian.supervisor.errors import SiteStartError

DEFAULT_STORE = "store"

_CONFIG = """\
# Made by `librarian serve`; deploy/librarian.example.toml lists every key. Change it as you like:
# it is read at each start, and never written again.

[site]
name = {site_name}

[catalog_service]
listen = {catalog_address}
database_url = {database_url}
secret_key_file = {secret_key_file}

[store_agent]
name = "agent"
listen = {agent_address}
catalog_address = {catalog_address}
token_file = {token_file}
# Stores lie beneath these: further ones in `stores`, or beneath what you add here, such as a disk.
store_prefixes = [{store}, {stores}]
staging_prefix = {staging_prefix}

# Pushes files to the neighbours that `librarian add-librarian` names.
[transfer_service]
listen = {transfer_address}
catalog_address = {catalog_address}
token_file = {transfer_token_file}

# The pages for people's browsers. Others reach them through a proxy that speaks TLS.
[web_frontend]
listen = {web_address}
public_url = {public_url}
catalog_address = {catalog_address}
token_file = {web_token_file}
secret_key_file = {web_key_file}
"""


@dataclass(frozen=True)
class SiteDirectory:
    """Where the parts of a site lie that lives in one directory."""

    root: Path

    @property
    def config_file(self) -> Path:
        """Return the file that configures the site's processes."""
        return self.root / "site.toml"

    @property
    def store(self) -> Path:
        """Return the root of the default store."""
        return self.root / "store"

    @property
    def stores(self) -> Path:
        """Return the directory beneath which further stores may lie."""
        return self.root / "stores"

    @property
    def staging(self) -> Path:
        """Return the directory beneath which files are staged."""
        return self.root / "staging"

    @property
    def secrets(self) -> Path:
        """Return the directory that only the site's owner may read."""
        return self.root / "secrets"

    @property
    def logs(self) -> Path:
        """Return the directory of the processes' logs."""
        return self.root / "logs"


def make_site_directory(root: Path, port: int, *, database_url: str = "") -> SiteDirectory:
    """Make what is missing of a site's directory, and leave what is there as it is.

    A new site's catalogue listens on `port`, its agent, transfer service and web front end on the
    three after it, on loopback; the database is SQLite in the directory unless a URL is given.
    Nothing is configured for ports that something else listens on.
    """
    site = SiteDirectory(Path(os.path.abspath(root)))
    _check_path(site.root)
    _check_not_moved(site)
    try:
        for directory in (site.root, site.store, site.staging, site.logs):
            directory.mkdir(parents=True, exist_ok=True)
        site.secrets.mkdir(mode=0o700, exist_ok=True)
        if not site.config_file.exists():
            check_ports(new_addresses(port))
            _write_config(site, port, database_url)
    except OSError as error:
        raise SiteStartError(
            f"Cannot make a site in {site.root}: {error.strerror}. Choose another directory."
        ) from error
    return site


def lock_path(path: Path) -> int:
    """Return a descriptor that keeps others from serving the same site while it is open."""
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except OSError as error:
        raise SiteStartError(f"Cannot open {path}: {error.strerror}.") from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        raise SiteStartError(
            f"Another `librarian serve` is running the site of {path}: stop it first, or use it."
        ) from None
    return descriptor


def _check_path(root: Path) -> None:
    """Refuse what cannot be written in the configuration, or would mean something else there."""
    text = str(root)
    if "?" in text or not text.isprintable():
        raise SiteStartError(
            f"A site cannot live in {text!r}: use a path of printable characters without '?'."
        )


def _check_not_moved(site: SiteDirectory) -> None:
    """Refuse a directory that was moved: a new site would begin where the old one lay."""
    try:
        tables = tomllib.loads(site.config_file.read_text(encoding="utf-8"))
        named = Path(tables["catalog_service"]["secret_key_file"])
    except (OSError, ValueError, LookupError, TypeError):
        # Nothing is there yet, or what reads the configuration says what is wrong with it.
        return
    if (site.secrets / "keys").exists() and not named.exists():
        raise SiteStartError(
            f"{site.config_file} is of a site in another directory ({named} is not there), and"
            " its stores are on record by their paths: move the directory back to serve it."
        )


def _write_config(site: SiteDirectory, port: int, database_url: str) -> None:
    addresses = new_addresses(port)
    values = {
        "site_name": socket.gethostname(),
        "catalog_address": addresses[CATALOG],
        "agent_address": addresses[AGENT],
        "transfer_address": addresses[TRANSFERS],
        "database_url": database_url or f"sqlite:///{site.root / 'catalog.sqlite'}",
        "secret_key_file": str(site.secrets / "keys"),
        "token_file": str(site.secrets / "agent.token"),
        "transfer_token_file": str(site.secrets / "transfer.token"),
        "web_address": addresses[WEB],
        "public_url": f"http://{addresses[WEB]}",
        "web_token_file": str(site.secrets / "web.token"),
        "web_key_file": str(site.secrets / "web.key"),
        "store": str(site.store),
        "stores": str(site.stores),
        "staging_prefix": str(site.staging),
    }
    # A JSON string is a TOML string too.
    text = _CONFIG.format_map({key: json.dumps(value) for key, value in values.items()})
    new = site.config_file.with_suffix(".new")
    new.write_text(text, encoding="utf-8")
    new.rename(site.config_file)
