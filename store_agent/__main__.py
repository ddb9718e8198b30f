"""`python -m store_agent --config site.toml` serves a storage node's stores."""

import argparse
import resource
import sys
from pathlib import Path

from librarian.service.config import ConfigError, load_config
from librarian.service.logs import configure_logs
from librarian.service.processes import die_with_parent
from librarian.service.server import wait_for_signal
from store_agent import app
from store_agent.config import StoreAgentConfig


def main() -> int:
    """Serve until SIGTERM or SIGINT; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m store_agent", description=__doc__)
    parser.add_argument("--config", type=Path, required=True, help="TOML file of the site")
    arguments = parser.parse_args()
    die_with_parent()
    configure_logs()
    _allow_many_files()
    try:
        agent = app.start(load_config(arguments.config, "store_agent", StoreAgentConfig))
    except ConfigError as error:
        sys.stderr.write(f"{error}\n")
        return 1

    def tell() -> None:
        sys.stdout.write(f"listening on {agent.address}\n")
        sys.stdout.flush()

    wait_for_signal(agent.stop, on_ready=tell)
    return 0


def _allow_many_files() -> None:
    """Raise the soft limit of open files: a batch may hold a directory open for each upload."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


if __name__ == "__main__":
    sys.exit(main())
