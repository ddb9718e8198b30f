"""`python -m transfer_service --config site.toml` pushes a site's files to its neighbours."""

import argparse
import sys
from pathlib import Path

from librarian.service.config import ConfigError, load_config
from librarian.service.logs import configure_logs
from librarian.service.processes import die_with_parent
from librarian.service.server import wait_for_signal
from transfer_service import app
from transfer_service.config import TransferServiceConfig


def main() -> int:
    """Work until SIGTERM or SIGINT; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m transfer_service", description=__doc__)
    parser.add_argument("--config", type=Path, required=True, help="TOML file of the site")
    arguments = parser.parse_args()
    die_with_parent()
    try:
        config = load_config(arguments.config, "transfer_service", TransferServiceConfig)
        configure_logs(config.log_level)
        service = app.start(config)
    except ConfigError as error:
        sys.stderr.write(f"{error}\n")
        return 1

    def tell() -> None:
        sys.stdout.write(f"listening on {service.address}\n")
        sys.stdout.flush()

    wait_for_signal(service.stop, on_ready=tell)
    return 0


if __name__ == "__main__":
    sys.exit(main())
