"""What the supervisor itself reads of a site's configuration; the services check the rest."""

import socket
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from librarian.supervisor.errors import SiteStartError

CATALOG = "catalog_service"
AGENT = "store_agent"
TRANSFERS = "transfer_service"
WEB = "web_frontend"
# The order in which they start: an agent announces itself to its catalogue.
SERVICES = (CATALOG, AGENT, TRANSFERS, WEB)
DEFAULT_PORT = 21106
_HOST = "127.0.0.1"


@dataclass(frozen=True)
class SiteConfig:
    """Which services a configuration file is for, and where they are found."""

    config_file: Path
    services: tuple[str, ...]
    # Address at which each service listens, by its name.
    addresses: Mapping[str, str]
    # How the catalogue is reached: as the agent beside it reaches it.
    catalog_address: str
    catalog_tls: bool
    catalog_ca_file: Path | None
    # Where people open the web pages; empty where the file does not say so.
    web_url: str


def read_site_config(config_file: Path, environment: Mapping[str, str]) -> SiteConfig:
    """Return what a configuration file says; the environment's keys go before the file's."""
    tables = _read_tables(config_file)
    services = tuple(service for service in SERVICES if service in tables)
    if not services:
        raise SiteStartError(
            f"{config_file} configures no service: it needs [{CATALOG}], [{AGENT}],"
            f" [{TRANSFERS}], [{WEB}], or several of them."
        )
    values = {name: _with_environment(name, tables[name], environment) for name in services}
    agent = values.get(AGENT, {})
    ca_file = agent.get("catalog_ca_file")
    defaults = new_addresses(DEFAULT_PORT)
    addresses = {name: str(values[name].get("listen", defaults[name])) for name in services}
    return SiteConfig(
        config_file=config_file,
        services=services,
        addresses=addresses,
        catalog_address=str(agent.get("catalog_address") or addresses.get(CATALOG, "")),
        catalog_tls=str(agent.get("catalog_tls", False)).lower() in ("true", "1"),
        catalog_ca_file=Path(ca_file) if ca_file else None,
        web_url=_web_url(values),
    )


def _web_url(values: Mapping[str, Mapping[str, Any]]) -> str:
    told = values.get(CATALOG, {}).get("web_url") or values.get(WEB, {}).get("public_url")
    return str(told or "").rstrip("/")


def new_addresses(port: int) -> dict[str, str]:
    """Return where the services of a new site listen, by name."""
    return {service: f"{_HOST}:{port + number}" for number, service in enumerate(SERVICES)}


def check_port_kept(config: SiteConfig, port: int) -> None:
    """Raise SiteStartError when a site's catalogue is configured for another port.

    Who has a connection to the site would not find it there.
    """
    address = config.addresses.get(CATALOG, "")
    if address.rpartition(":")[2] != str(port):
        raise SiteStartError(
            f"The port of a site is chosen once, and this one listens on {address!r}: leave --port"
            f" out, or change the addresses in {config.config_file} and in people's connections."
        )


def check_ports(addresses: Mapping[str, str]) -> None:
    """Raise SiteStartError when something else listens where a service shall."""
    for service, address in addresses.items():
        try:
            _try_to_bind(address)
        except (OSError, ValueError, OverflowError) as error:
            why = getattr(error, "strerror", None) or "it must be host:port"
            raise SiteStartError(
                f"The {service} cannot listen on {address!r} ({why}): stop what listens there, "
                "or choose another port."
            ) from error


def _try_to_bind(address: str) -> None:
    host, _, port = address.rpartition(":")
    found = socket.getaddrinfo(host.strip("[]"), int(port), type=socket.SOCK_STREAM)
    family, kind, _, _, place = found[0]
    with socket.socket(family, kind) as probe:
        # A connection that was just closed does not keep the port.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind(place)


def _read_tables(config_file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(config_file.read_text(encoding="utf-8"))
    except OSError as error:
        raise SiteStartError(f"Cannot read {config_file}: {error.strerror}.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SiteStartError(f"{config_file} is not TOML: {error}.") from error


def _with_environment(service: str, table: Any, environment: Mapping[str, str]) -> dict[str, Any]:
    prefix = f"LIBRARIAN_{service.upper()}__"
    found = {
        key.upper().removeprefix(prefix).lower(): value
        for key, value in environment.items()
        if key.upper().startswith(prefix)
    }
    return {**(table if isinstance(table, dict) else {}), **found}
