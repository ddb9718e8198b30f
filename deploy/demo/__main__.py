"""`make demo`: a whole site from nothing to staged files, before one's eyes.

With KEEP=1 in the environment the site is left running.
"""

import filecmp
import json
import os
import sys
import time
from pathlib import Path

from deploy.demo.demo_site import INTERRUPTED, DemoError, DemoSite, heed_signals
from deploy.demo.synthetic_night import make_night
from deploy.demo.web_pages import WebPages, find_web_pages
from librarian.errors import LibrarianError

DAY = "2458432"
_EVERYTHING = "name:*"


def main() -> int:
    """Run the demonstration; return the exit status."""
    heed_signals()
    keep = os.environ.get("KEEP", "") not in ("", "0")
    start = time.monotonic()
    print("A site on SQLite, in a fresh directory …", flush=True)
    site = DemoSite()
    try:
        site.start()
        _show(site)
        pages = find_web_pages("local", site.config)
    except (DemoError, LibrarianError) as error:
        print(f"\nThe demonstration failed: {error}", file=sys.stderr)
        _leave(site)
        return 1
    except KeyboardInterrupt:
        print("\nThe demonstration was broken off; its site is taken away.", file=sys.stderr)
        _leave(site)
        return INTERRUPTED
    print(f"\nAll of it took {time.monotonic() - start:.1f} seconds.")
    if keep:
        _tell_how_to_go_on(site, pages)
    else:
        _leave(site)
        print(
            "The site is gone again. `make serve` runs one that stays; README.md says how to go on."
        )
        print("`make demo KEEP=1` leaves it running for you to try, with a link that signs you in")
        print(f"at its web pages. This time they were at {pages.url}")
    return 0


def _show(site: DemoSite) -> None:
    paths = make_night(site.directory / "night")
    dump = _move_dump(paths[-1], site.directory / "maintenance")
    print(f"An observing night: {len(paths) - 2} UVH5 files, a MIRIAD dataset, and a dump.")
    first, miriad = paths[0], paths[-2]
    search = json.dumps({"name-matches": f"zen.{DAY}.%"})

    site.run("upload", "local", "night", DAY, "--recursive")
    dump_path = f"maintenance/{dump.name}"
    site.run("upload", "local", dump_path, dump_path, "--null-obsid")
    site.run("search-files", "local", "type:uvh5", "size:10kB..", "--limit", "3")
    site.run("explain-search", "local", f"name:zen.{DAY}.*", "-type:uv")
    site.run("locate-file", "local", first.name)
    site.run("show-file", "local", miriad.name)
    site.run("assign-sessions", "local")
    site.run("stage-files", "local", "first-look", search, "--wait")
    site.run("get", "local", miriad.name, "fetched")

    staged = site.directory / "site" / "staging" / "first-look"
    _compare(site.directory / "night", staged / DAY)
    _compare(miriad, site.directory / "fetched")
    if not (staged / "STAGING-SUCCEEDED").exists():
        raise DemoError(f"{staged} has no STAGING-SUCCEEDED.")
    print("\nWhat was staged and fetched is what was uploaded, byte for byte.")


def _move_dump(dump: Path, directory: Path) -> Path:
    directory.mkdir()
    return dump.rename(directory / dump.name)


def _compare(expected: Path, found: Path) -> None:
    """Raise DemoError unless two directory trees are equal, byte for byte."""
    names = _names(expected)
    if _names(found) != names:
        raise DemoError(f"{found} has not the same files as {expected}.")
    same, differing, missing = filecmp.cmpfiles(expected, found, names, shallow=False)
    if differing or missing or len(same) != len(names):
        raise DemoError(f"{found} differs from {expected}: {(differing + missing)[:3]}.")


def _names(directory: Path) -> list[str]:
    files = (path for path in directory.rglob("*") if path.is_file())
    return sorted(str(path.relative_to(directory)) for path in files)


def _leave(site: DemoSite) -> None:
    site.stop()
    site.remove()


def _tell_how_to_go_on(site: DemoSite, pages: WebPages) -> None:
    librarian = Path(sys.executable).with_name("librarian")
    print(f"\nThe site goes on in {site.directory}. In this shell, try:")
    print(f"  export LIBRARIAN_CLIENT_CONFIG={site.config}")
    print(f"  {librarian} check-connections")
    print(f"  {librarian} search-files local '{_EVERYTHING}'")
    print(f"  {librarian} stage-files local mine '{_EVERYTHING}' --wait")
    print(f"  {librarian} list-jobs local")
    print(f"  {librarian} create-user local someone READONLY --no-password")
    print(f"  {librarian} sign-in-link local --account someone")
    print("To end it:")
    print(f"  kill {site.pid}; chmod -R u+w {site.directory} && rm -r {site.directory}")
    print(f"\nIts web pages are at {pages.url}")
    print("This opens them, signed in as its administrator; it works once, within ten minutes:")
    print(f"  {pages.link}")


if __name__ == "__main__":
    sys.exit(main())
