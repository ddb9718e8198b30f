"""Nights that tests of pictures look at, in the site that all tests of pages share."""

from pathlib import Path

from deploy.demo.synthetic_night import make_night
from librarian.client.librarian import Librarian
from librarian.client.records import Observation

# Nobody else observes in these nights.
FIRST_NIGHT, LAST_NIGHT = 2459300, 2459302
RANGE = f"from={FIRST_NIGHT}&to={LAST_NIGHT}"


def observe(admin: Librarian, directory: Path) -> list[Observation]:
    """Put two nights into the site; return their observations by start."""
    for night in (FIRST_NIGHT, LAST_NIGHT):
        for path in make_night(directory / str(night), files=2, start_jd=night + 0.3):
            is_log = path.name.startswith("maintenance")
            admin.upload(path, f"pictures/{path.name}", null_obsid=is_log)
    window = {"start-time-jd-in-range": [FIRST_NIGHT, LAST_NIGHT + 1]}
    return list(admin.search_observations(window, order_by="obsid"))
