"""`python -m web_frontend --config site.toml` serves a site's pages."""

import argparse
import sys
from pathlib import Path

from librarian.service.config import ConfigError, load_config
from librarian.service.logs import configure_logs
from librarian.service.processes import die_with_parent
from librarian.service.server import wait_for_signal
from web_frontend.config import WebFrontendConfig
from web_frontend.server import start


def main() -> int:
    """Serve until SIGTERM or SIGINT; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m web_frontend", description=__doc__)
    parser.add_argument("--config", type=Path, required=True, help="TOML file of the site")
    arguments = parser.parse_args()
    die_with_parent()
    try:
        config = load_config(arguments.config, "web_frontend", WebFrontendConfig)
        configure_logs(config.log_level)
        server = start(config)
    except ConfigError as error:
        sys.stderr.write(f"{error}\n")
        return 1

    def tell() -> None:
        sys.stdout.write(f"listening on {server.address}\n")
        sys.stdout.flush()

    wait_for_signal(server.stop, on_ready=tell)
    return 0


if __name__ == "__main__":
    sys.exit(main())
