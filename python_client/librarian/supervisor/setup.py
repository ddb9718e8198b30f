"""What a site needs before its services run: a database, keys, accounts."""

import importlib.util
import json
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

from librarian.supervisor.errors import SiteStartError
from librarian.supervisor.processes import child_environment, service_command

# Of each library of the extra `server`, the package that the services import first.
_NEEDED = ("sqlalchemy", "alembic", "pydantic_settings", "grpc_health", "itsdangerous")

# The database is for the catalogue alone.
CATALOG_UMASK = 0o077


@dataclass(frozen=True)
class NewAdministrator:
    """The account that a new site begins with."""

    name: str
    # Shown once: only its hash is kept.
    token: str = field(repr=False)


def check_installation() -> None:
    """Raise SiteStartError when this installation is a client's alone."""
    missing = [name for name in _NEEDED if importlib.util.find_spec(name) is None]
    if missing:
        raise SiteStartError(
            f"This installation cannot run a site ({missing[0]} is missing): "
            "pip install 'librarian[server]'"
        )


def set_up(config_file: Path, environment: dict[str, str] | None = None) -> NewAdministrator | None:
    """Prepare a catalogue, again or for the first time; return the administrator if it is new."""
    printed = _run_catalog("setup", config_file, environment or {})
    administrator = json.loads(printed)["administrator"]
    if administrator is None:
        return None
    return NewAdministrator(administrator["name"], administrator["token"])


def rotate_keys(config_file: Path) -> str:
    """Have a catalogue's secrets encrypted under a new key; return what came of it, as JSON."""
    return _run_catalog("rotate-keys", config_file, {})


def _run_catalog(subcommand: str, config_file: Path, environment: dict[str, str]) -> str:
    """Run a command of the catalogue's program; return what it printed."""
    done = subprocess.run(
        service_command("catalog_service", config_file, subcommand=subcommand),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        env=child_environment(environment),
        umask=CATALOG_UMASK,
        check=False,
    )
    if done.returncode != 0:
        lines = done.stderr.strip().splitlines()
        raise SiteStartError(lines[-1] if lines else f"The catalogue's {subcommand} failed.")
    return done.stdout
