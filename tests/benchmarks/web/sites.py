"""Where pages are measured: a filled catalogue, its web front end, and who is signed in."""

import tomllib
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from deploy.demo.ports import find_free_port
from librarian.supervisor.layout import SiteDirectory
from librarian.supervisor.processes import Process
from tests.benchmarks.processes import cpu_seconds
from tests.benchmarks.search.sites import SearchedCatalog, searched_catalog
from tests.benchmarks.web.browser import Browser
from tests.benchmarks.web.fill import fill

_TABLE = """
[web_frontend]
listen = "{address}"
public_url = "http://{address}"
catalog_address = "{catalog}"
token_file = "{secrets}/web.token"
secret_key_file = "{secrets}/web.key"
"""


@dataclass
class WebSite:
    """A catalogue with its pages."""

    catalog: SearchedCatalog
    address: str
    _web: Process
    _database_pid: int

    @property
    def web_pid(self) -> int:
        """Return the number of the web front end's process."""
        return self._web.pid

    def cpu(self) -> dict[str, float]:
        """Return the processor time that each part has had, in seconds."""
        parts = {"web": self._web.pid, "catalogue": self.catalog.pid()}
        if self._database_pid:
            parts["database"] = self._database_pid
        return {name: cpu_seconds(pid) for name, pid in parts.items()}

    @contextmanager
    def browser(self) -> Iterator[Browser]:
        """Yield a browser in which the administrator is signed in."""
        with closing(Browser(self.address)) as browser:
            with self.catalog.librarian() as site:
                browser.sign_in(site.create_sign_in_link().code)
            yield browser


@contextmanager
def web_site(directory: Path, database: str, size: int) -> Iterator[WebSite]:
    """Run a catalogue of about so many files and its pages; what is missing of it is made."""
    _add_web_front_end(directory)
    with searched_catalog(directory, database, size, before=fill) as catalog:
        layout = catalog.layout
        address = _address(layout)
        process = Process("web_frontend", layout.config_file, layout.logs / "web_frontend.log")
        try:
            process.start_listening()
            yield WebSite(catalog, address, process, _postmaster(directory))
        finally:
            process.stop()


def _add_web_front_end(directory: Path) -> None:
    """Let a site have one that was made before there were any."""
    config = directory / "site" / "site.toml"
    if not config.exists():
        return
    text = config.read_text(encoding="utf-8")
    tables = tomllib.loads(text)
    if "web_frontend" in tables:
        return
    values = {
        "address": f"127.0.0.1:{find_free_port()}",
        "catalog": tables["catalog_service"]["listen"],
        "secrets": config.parent / "secrets",
    }
    config.write_text(text + _TABLE.format_map(values), encoding="utf-8")


def _address(layout: SiteDirectory) -> str:
    tables = tomllib.loads(layout.config_file.read_text(encoding="utf-8"))
    return str(tables["web_frontend"]["listen"])


def _postmaster(directory: Path) -> int:
    path = directory / "postgresql" / "data" / "postmaster.pid"
    return int(path.read_text(encoding="ascii").splitlines()[0]) if path.exists() else 0
