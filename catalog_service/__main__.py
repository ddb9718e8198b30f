"""Run a catalogue, or set one up: `python -m catalog_service [setup|rotate-keys] --config FILE`."""

import argparse
import json
import logging
import sys
from pathlib import Path

from catalog_service.config import (
    CatalogConfig,
    LocalAgentConfig,
    LocalTransferConfig,
    LocalWebConfig,
    SiteConfig,
)
from librarian.errors import LibrarianError
from librarian.service.config import ConfigError, load_config
from librarian.service.logs import configure_logs
from librarian.service.processes import die_with_parent
from librarian.service.server import wait_for_signal


def main(arguments: list[str] | None = None) -> int:
    """Run what the arguments ask for; return the exit status."""
    options = _parser().parse_args(arguments)
    die_with_parent()
    try:
        config = load_config(options.config, "catalog_service", CatalogConfig)
        configure_logs(config.log_level)
        # It tells of its plugins; the migrations themselves say what they did.
        logging.getLogger("alembic").setLevel(logging.WARNING)
        match options.command:
            case "setup":
                return _set_up(options.config, config)
            case "rotate-keys":
                return _rotate_keys(config)
            case _:
                return _serve(_with_web_url(options.config, config))
    except (ConfigError, LibrarianError) as error:
        sys.stderr.write(f"{error}\n")
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m catalog_service", description=__doc__)
    parser.add_argument(
        "command", nargs="?", choices=["serve", "setup", "rotate-keys"], default="serve"
    )
    parser.add_argument("--config", type=Path, required=True, help="the site's TOML file")
    return parser


def _set_up(config_file: Path, config: CatalogConfig) -> int:
    # Imported here: a catalogue that serves has no use for Alembic's commands.
    from catalog_service.setup import ADMINISTRATOR, set_up

    site = load_config(config_file, "site", SiteConfig)
    agent = load_config(config_file, "store_agent", LocalAgentConfig)
    transfers = load_config(config_file, "transfer_service", LocalTransferConfig)
    web = load_config(config_file, "web_frontend", LocalWebConfig)
    result = set_up(config, site, agent, transfers, web)
    token = result.administrator_token
    outcome = {
        "administrator": {"name": ADMINISTRATOR, "token": token} if token else None,
        "agent_token_written": _shown(result.agent_token_file),
        "transfer_token_written": _shown(result.transfer_token_file),
        "web_token_written": _shown(result.web_token_file),
    }
    sys.stdout.write(json.dumps(outcome) + "\n")
    return 0


def _shown(path: Path | None) -> str | None:
    return str(path) if path else None


def _with_web_url(config_file: Path, config: CatalogConfig) -> CatalogConfig:
    """Let the catalogue know where the web front end of the same file is."""
    if config.web_url:
        return config
    web = load_config(config_file, "web_frontend", LocalWebConfig)
    return config.model_copy(update={"web_url": web.public_url.rstrip("/")})


def _rotate_keys(config: CatalogConfig) -> int:
    from catalog_service.key_rotation import rotate_keys

    result = rotate_keys(config)
    outcome = {"encrypted": result.encrypted, "unreadable_agents": list(result.unreadable_agents)}
    sys.stdout.write(json.dumps(outcome) + "\n")
    return 0


def _serve(config: CatalogConfig) -> int:
    from catalog_service.app import CatalogApp

    app = CatalogApp(config)

    def tell() -> None:
        sys.stdout.write(f"listening on {app.server.address}\n")
        sys.stdout.flush()

    wait_for_signal(app.stop, on_ready=tell)
    return 0


if __name__ == "__main__":
    sys.exit(main())
