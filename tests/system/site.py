"""A whole site for tests: real processes, a directory and ports of its own."""

import contextlib
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Literal

from deploy.demo.ports import find_free_port
from librarian.client.connections import ConnectionSettings, write_connection
from librarian.client.librarian import Librarian
from librarian.supervisor.errors import SiteStartError
from librarian.supervisor.layout import DEFAULT_STORE, make_site_directory
from librarian.supervisor.processes import Process
from librarian.supervisor.setup import set_up
from tests.polling import wait_until

Service = Literal["catalog_service", "store_agent", "transfer_service", "web_frontend"]
Environments = Mapping[Service, Mapping[str, str]]
"""Variables of the environment, for one service each."""

# Without neighbours a transfer service has nothing to do, and its start would cost each test time,
# as that of a web front end would, which few look at.
SERVICES: tuple[Service, ...] = ("catalog_service", "store_agent")
WEB_SERVICES: tuple[Service, ...] = (*SERVICES, "web_frontend")
ALL_SERVICES: tuple[Service, ...] = (*SERVICES, "transfer_service")
CONNECTION = "local"


class Site:
    """One site with a store called `store`, run by `with`, or by `start` and `stop`.

    `connection` names the administrator's connection in `client_config`.
    """

    connection = CONNECTION

    def __init__(
        self,
        directory: Path,
        database_url: str = "",
        *,
        services: tuple[Service, ...] = SERVICES,
        environment: Environments | None = None,
        ca_file: Path | None = None,
    ) -> None:
        """Prepare a site of some services; `environment` has variables for one service each.

        Clients expect TLS under the authority of `ca_file`, if there is one.
        """
        self.port = find_free_port()
        self.layout = make_site_directory(directory, self.port, database_url=database_url)
        self.client_config = directory / "client.cfg"
        self.database_url = database_url or f"sqlite:///{self.layout.root / 'catalog.sqlite'}"
        self._ca_file = str(ca_file) if ca_file else None
        self._environment = environment or {}
        self._processes = {service: self._process(service) for service in services}

    def __enter__(self) -> "Site":
        """Start the site."""
        try:
            self.start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Stop the site."""
        self.stop()

    def start(self) -> None:
        """Set the site up when it is new, and start it; return when its store can be used."""
        administrator = set_up(self.layout.config_file, fast_environment())
        if administrator:
            self._write_connection(CONNECTION, administrator.token)
        first, *others = self._processes.values()
        first.start_listening()
        for process in others:
            process.start()
        for process in others:
            process.wait_until_listening()
        self._wait_for_the_store()

    def stop(self) -> None:
        """Stop the services, the catalogue last."""
        for process in reversed(self._processes.values()):
            process.stop()

    def kill(self, service: Service) -> None:
        """End a service at once, as a crash would."""
        self._processes[service].kill()

    def stop_service(self, service: Service) -> None:
        """Stop one service in good order."""
        self._processes[service].stop()

    def restart(self, service: Service, environment: Mapping[str, str] | None = None) -> None:
        """Start a service anew, in good order if it runs; with other variables when given.

        They come on top of those that the site was made with.
        """
        process = self._processes[service]
        process.stop()
        if environment is not None:
            process.environment = {**self._variables(service), **environment}
        process.start_listening()

    def restart_to_die_at(self, service: Service, point: str) -> None:
        """Start a service anew, to die at a point of its work: maybe before it listens."""
        with contextlib.suppress(SiteStartError):
            self.restart(service, {"LIBRARIAN_KILL_AT": point})

    def is_running(self, service: Service) -> bool:
        """Tell whether a service runs; one that a hook told to die does not."""
        return self._processes[service].is_running()

    def pid(self, service: Service) -> int:
        """Return the number of a service's process."""
        return self._processes[service].pid

    def log(self, service: Service) -> str:
        """Return what a service logged."""
        path = self.layout.logs / f"{service}.log"
        return path.read_text(encoding="utf-8") if path.exists() else ""

    def librarian(self) -> Librarian:
        """Return a client that is signed in as the administrator."""
        return Librarian.connect(CONNECTION, config_file=self.client_config)

    def connect_as(self, name: str, role: str) -> str:
        """Create an account with a token; return the name of a connection that uses it."""
        with self.librarian() as admin:
            admin.create_user(name, role)
            new = admin.create_token("tests", user=name)
        self._write_connection(name, new.secret)
        return name

    def run(
        self,
        *arguments: str | Path,
        stdin: str = "",
        environment: Mapping[str, str] | None = None,
        timeout_seconds: float = 120.0,
    ) -> subprocess.CompletedProcess[str]:
        """Run the command `librarian` as a person at this site would, and return how it went."""
        return subprocess.run(
            librarian_command(*arguments),
            input=stdin,
            capture_output=True,
            encoding="utf-8",
            errors="surrogateescape",
            env=self.client_environment(environment),
            timeout=timeout_seconds,
            check=False,
        )

    def client_environment(self, changes: Mapping[str, str] | None = None) -> dict[str, str]:
        """Return the environment of a person at this site."""
        own = {"LIBRARIAN_CLIENT_CONFIG": str(self.client_config), "COLUMNS": "200"}
        return {**os.environ, **own, **(changes or {})}

    def wait_for_agent(self) -> None:
        """Wait until the catalogue finds the store in order, after a start or a restart."""
        with self.librarian() as site:
            # What an agent that is gone reported last may still stand for a while.
            before = [agent.report_time for agent in site.list_agents()]
            wait_until(
                lambda: [agent.report_time for agent in site.list_agents()] != before,
                what="a report of the agent",
            )
            wait_until(
                lambda: all(store.reachable for store in site.list_stores()),
                what="stores in order",
            )

    def _write_connection(self, name: str, token: str) -> None:
        settings = ConnectionSettings(f"127.0.0.1:{self.port}", token, ca_file=self._ca_file)
        write_connection(name, settings, self.client_config)

    def _process(self, service: Service) -> Process:
        return Process(
            module=service,
            config_file=self.layout.config_file,
            log_file=self.layout.logs / f"{service}.log",
            environment=self._variables(service),
        )

    def _variables(self, service: Service) -> dict[str, str]:
        return {**fast_environment(), **self._environment.get(service, {})}

    def _wait_for_the_store(self) -> None:
        with self.librarian() as site:
            wait_until(site.list_agents, what="the agent's first report")
            if not site.list_stores():
                site.add_store(DEFAULT_STORE, str(self.layout.store))
        self.wait_for_agent()


def librarian_command(*arguments: str | Path) -> list[str]:
    """Return the command `librarian` of this environment."""
    return [sys.executable, "-m", "librarian.cli", *(os.fspath(argument) for argument in arguments)]


def fast_environment() -> dict[str, str]:
    """Return what makes a site quick, and quick to hear of changes."""
    return {
        # The tests' cluster never syncs.
        "LIBRARIAN_CATALOG_SERVICE__ALLOW_UNSAFE_DATABASE": "true",
        "LIBRARIAN_STORE_AGENT__ANNOUNCE_SECONDS": "0.2",
    }
