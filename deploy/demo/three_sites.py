"""`make demo-sites`: three sites, a night that travels from one to the next, and a power cut.

With SSH=1 in the environment the files travel by rsync over SSH, else by the agents' streams. With
KEEP=1 the sites are left running.
"""

import filecmp
import os
import sys
import tempfile
import time
from pathlib import Path

from deploy.demo.demo_site import DemoError, remove_tree
from deploy.demo.flow import watch_flow
from deploy.demo.sites import Sites, start_sites
from deploy.demo.synthetic_night import make_night

NAMES = ("telescope", "centre", "archive")
_FIRST_NIGHT_JD, _SECOND_NIGHT_JD = 2458432.34569, 2458433.34569
_FILES_A_NIGHT = 60
_DEADLINE_SECONDS = 120.0


def main() -> int:
    """Run the demonstration; return the exit status."""
    start = time.monotonic()
    directory = Path(tempfile.mkdtemp(prefix="librarian-sites-"))
    keep = _is_set("KEEP")
    sites = None
    try:
        sites = start_sites(directory, NAMES, by_ssh=_is_set("SSH"))
        _show(sites, directory)
        print(f"\nAll of it took {time.monotonic() - start:.1f} seconds.")
        status = 0
    except DemoError as error:
        print(f"\nThe demonstration failed: {error}", file=sys.stderr)
        status, keep = 1, False
    if keep and sites is not None:
        sites.tell_how_to_go_on()
        return status
    if sites is not None:
        sites.stop()
    remove_tree(directory)
    if status == 0:
        print("The sites are gone again. `make demo-sites KEEP=1` leaves them running to try.")
    return status


def _show(sites: Sites, directory: Path) -> None:
    sites.connect("telescope", "centre")
    sites.connect("centre", "archive")
    sites.run("create-standing-order", "telescope", "all", "--to", "centre", "--search", "name:*")
    sites.run("create-standing-order", "centre", "onward", "--to", "archive", "--search", "name:*")

    print(f"\nA night of {_FILES_A_NIGHT} UVH5 files, a MIRIAD dataset and a dump:", flush=True)
    first = make_night(directory / "first", files=_FILES_A_NIGHT, start_jd=_FIRST_NIGHT_JD)
    upload(sites, first, "2458432")
    watch_flow(sites, NAMES, total=len(first), deadline_seconds=_DEADLINE_SECONDS)
    _compare(first, sites.store("archive") / "2458432")
    sites.run("explain", "telescope", first[0].name)
    sites.run("list-transfers", "centre", "--limit", "3")

    print("\nAnother night; the centre's power is cut in the middle of it:", flush=True)
    second = make_night(
        directory / "second", files=_FILES_A_NIGHT, start_jd=_SECOND_NIGHT_JD, seed=2
    )
    upload(sites, second, "2458433")
    total = len(first) + len(second)
    _cut_power(sites, len(first))
    watch_flow(sites, NAMES, total=total, deadline_seconds=_DEADLINE_SECONDS)
    _compare(second, sites.store("archive") / "2458433")
    sites.run("reconcile", "telescope", "centre")
    print("\nWhat lies at the archive is what the telescope took, byte for byte.")


def upload(sites: Sites, paths: list[Path], directory: str) -> None:
    """Upload a night at the telescope; its dump belongs to no observation."""
    dump = paths[-1]
    night = dump.parent
    kept = dump.rename(night.parent / dump.name)
    sites.run("upload", "telescope", str(night), directory, "--recursive", "--quiet")
    sites.run("upload", "telescope", str(kept), f"{directory}/{dump.name}", "--null-obsid")
    kept.rename(dump)


def _cut_power(sites: Sites, before: int) -> None:
    """Kill the centre once some of the second night has come, and start it again."""
    deadline = time.monotonic() + _DEADLINE_SECONDS
    while sites.count_files("centre") <= before:
        if time.monotonic() > deadline:
            raise DemoError("nothing of the second night came to the centre.")
        time.sleep(0.01)
    sites["centre"].kill()
    print("  The centre is dead: every process of it was killed.", flush=True)
    sites.run("get-librarian-list", "telescope")
    sites["centre"].start()
    print("  The centre is back.", flush=True)


def _compare(night: list[Path], found: Path) -> None:
    for path in night:
        if not _is_same(path, found / path.name):
            raise DemoError(f"{found / path.name} is not what was uploaded.")


def _is_same(one: Path, other: Path) -> bool:
    if one.is_dir():
        files = [path for path in one.rglob("*") if path.is_file()]
        return bool(files) and all(_is_same(p, other / p.relative_to(one)) for p in files)
    return other.is_file() and filecmp.cmp(one, other, shallow=False)


def _is_set(name: str) -> bool:
    return os.environ.get(name, "") not in ("", "0")


if __name__ == "__main__":
    sys.exit(main())
