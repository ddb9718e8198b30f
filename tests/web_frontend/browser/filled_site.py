"""A site with something of everything, so that each page has something to show."""

import math
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from catalog_service.database import open_database
from deploy.demo.synthetic_night import make_night
from librarian.client.librarian import Librarian
from tests.system.site import WEB_SERVICES, Site
from tests.web_frontend.browser.history import NIGHTS, add_history
from tests.web_frontend.people import ROLES, People

LONG_NAME = f"zen.{'very-long-name-of-a-calibration-product.' * 4}calfits"


@dataclass
class FilledSite:
    """A site that runs, and what lies in it."""

    site: Site
    # Files of a night that were uploaded, by name; the last is spoilt on its store.
    files: dict[str, Path] = field(default_factory=dict)
    people: People = field(default_factory=People)

    @property
    def address(self) -> str:
        """Return where its pages are."""
        return f"http://127.0.0.1:{self.site.port + 3}"

    @property
    def first(self) -> str:
        """Return the name of the first file of the night."""
        return next(iter(self.files))


def named_site(directory: Path) -> Site:
    """Return a site with pages and a name for people, which is yet to be started."""
    site = Site(directory, services=WEB_SERVICES)
    config = site.layout.config_file
    text = config.read_text(encoding="utf-8")
    named = re.sub(r"^name = .*", 'name = "karoo"', text, count=1, flags=re.MULTILINE)
    config.write_text(named, encoding="utf-8")
    return site


@contextmanager
def filled_site(directory: Path, *, nights: int = NIGHTS) -> Iterator[FilledSite]:
    """Run a site with something of everything."""
    with named_site(directory / "site") as site:
        filled = FilledSite(site)
        with site.librarian() as admin:
            People.of(admin, ROLES)
            _upload(admin, filled, directory / "night")
            _add_stores(admin, site)
            _add_neighbours(admin, filled)
            _stage(admin, filled)
            _add_history(site, nights)
            _add_tokens(admin)
            yield filled


def _upload(admin: Librarian, filled: FilledSite, directory: Path) -> None:
    night = math.floor(datetime.now(UTC).timestamp() / 86400 + 2440587.5) - 1
    paths = make_night(directory, files=6, start_jd=night + 0.34569)
    (directory / LONG_NAME).write_bytes(b"gains")
    for path in [*paths, directory / LONG_NAME]:
        of_none = path.suffix not in (".uv", ".uvh5")
        admin.upload(
            path,
            f"{night}/{path.name}",
            null_obsid=of_none,
            metadata={"pipeline": "h6c", "good_antennas": 312},
        )
        filled.files[path.name] = path
    admin.assign_sessions(night, night + 1)
    # One copy is not what it was.
    [copy] = admin.list_instances(paths[5].name)
    Path(copy.path).chmod(0o644)
    Path(copy.path).write_bytes(b"spoilt")
    admin.verify_file(paths[5].name)


def _add_stores(admin: Librarian, site: Site) -> None:
    admin.add_store("spare", str(site.layout.root / "stores" / "spare"), ingestible=False)
    admin.add_store("retired", str(site.layout.root / "stores" / "retired"))
    admin.set_store_state("retired", enabled=False)


def _add_neighbours(admin: Librarian, filled: FilledSite) -> None:
    secret = "telescope:secret"
    admin.add_librarian("archive", "127.0.0.1:9", secret, check=False)
    admin.add_librarian("mirror", "127.0.0.1:9", secret, check=False, transfers_enabled=False)
    admin.send("mirror", f"name:{filled.first[:11]}*")
    create = admin.create_standing_order
    create("nightly-products", "archive", "type:uvh5 size:>1MB", enabled=False)
    create(
        "maintenance",
        "mirror",
        'name:"maintenance-*" -type:uvh5',
        hours="18:00-06:00",
        timezone="Africa/Johannesburg",
        bandwidth_bytes_per_second=20_000_000,
    )
    admin.save_search("lately", "created:<7d type:uvh5", shared=True)
    admin.save_search("large", "size:>1GB -type:log")


def _add_history(site: Site, nights: int) -> None:
    database = open_database(site.database_url)
    with database.transactions.begin() as db:
        add_history(db, datetime.now(UTC), nights=nights)
    database.dispose()


def _stage(admin: Librarian, filled: FilledSite) -> None:
    admin.stage_files(f"name:{filled.first}", "web-admin/one").wait(timeout_seconds=60)


def _add_tokens(admin: Librarian) -> None:
    admin.create_token("notebook on the cluster", user="web-admin")
    admin.create_token("nightly report", user="web-admin")
