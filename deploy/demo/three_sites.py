"""`make demo-sites`: three sites, a night that travels from one to the next, and a power cut.

With SSH=1 in the environment the files travel by rsync over SSH, else by the agents' streams. With
KEEP=1 the sites are left running.
"""

import filecmp
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from deploy.demo.demo_site import INTERRUPTED, DemoError, heed_signals, remove_tree
from deploy.demo.flow import watch_flow
from deploy.demo.sites import Sites, start_sites
from deploy.demo.synthetic_night import make_night
from librarian.errors import LibrarianError

NAMES = ("telescope", "centre", "archive")
_FIRST_NIGHT_JD, _SECOND_NIGHT_JD = 2458432.34569, 2458433.34569
_FILES_A_NIGHT = 60
_DEADLINE_SECONDS = 240.0


def main() -> int:
    """Run the demonstration; return the exit status."""
    heed_signals()
    start = time.monotonic()
    directory = Path(tempfile.mkdtemp(prefix="librarian-sites-"))
    try:
        with _sites(directory) as sites:
            _show(sites, directory)
            print(f"\nAll of it took {time.monotonic() - start:.1f} seconds.")
    except (DemoError, LibrarianError) as error:
        print(f"\nThe demonstration failed: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nThe demonstration was broken off; its sites are gone again.", file=sys.stderr)
        return INTERRUPTED
    if not _is_set("KEEP"):
        print("The sites are gone again. `make demo-sites KEEP=1` leaves them running to try.")
    return 0


@contextmanager
def _sites(directory: Path) -> Iterator[Sites]:
    """Start the sites, and leave nothing of them behind unless they are to be kept."""
    sites = None
    try:
        sites = start_sites(directory, NAMES, by_ssh=_is_set("SSH"))
        yield sites
    except BaseException:
        _remove(sites, directory)
        raise
    if _is_set("KEEP"):
        sites.tell_how_to_go_on()
    else:
        _remove(sites, directory)


def _remove(sites: Sites | None, directory: Path) -> None:
    if sites is not None:
        sites.stop()
    remove_tree(directory)


def _show(sites: Sites, directory: Path) -> None:
    sites.connect("telescope", "centre")
    sites.connect("centre", "archive")
    sites.run("create-standing-order", "telescope", "all", "--to", "centre", "--search", "name:*")
    sites.run("create-standing-order", "centre", "onward", "--to", "archive", "--search", "name:*")

    first = make_night(directory / "first", files=_FILES_A_NIGHT, start_jd=_FIRST_NIGHT_JD)
    print(f"\nA night of {_FILES_A_NIGHT} UVH5 files, a MIRIAD dataset and a dump:", flush=True)
    _upload(sites, first, directory / "first", "2458432")
    watch_flow(sites, NAMES, total=len(first), deadline_seconds=_DEADLINE_SECONDS)
    _compare(first, sites.store("archive") / "2458432")
    sites.run("explain", "telescope", first[0].name)
    sites.run("list-transfers", "centre", "--limit", "3")
    _show_power_cut(sites, directory / "second", len(first))
    sites.run("reconcile", "telescope", "centre")
    print("\nWhat lies at the archive is what the telescope took, byte for byte.")


def _show_power_cut(sites: Sites, night: Path, before: int) -> None:
    """Take a second night, in the middle of which the centre dies, and comes back later."""
    paths = make_night(night, files=_FILES_A_NIGHT, start_jd=_SECOND_NIGHT_JD, seed=2)
    late = night.with_name("late")
    late.mkdir()
    print("\nAnother night; the centre's power is cut in the middle of it:", flush=True)
    later = [path.rename(late / path.name) for path in paths[_FILES_A_NIGHT // 2 : -1]]
    early = [path for path in paths if path.exists()]
    _upload(sites, early, night, "2458433")
    _cut_power(sites, before)
    sites.run("upload", "telescope", str(late), "2458433", "--recursive")
    _restore_power(sites)
    watch_flow(sites, NAMES, total=before + len(paths), deadline_seconds=_DEADLINE_SECONDS)
    _compare([*early, *later], sites.store("archive") / "2458433")


def _upload(sites: Sites, paths: list[Path], night: Path, directory: str) -> None:
    """Upload a night; its dump, the last of the paths, belongs to no observation."""
    dump = paths[-1]
    sites.run("upload", "telescope", str(dump), f"{directory}/{dump.name}", "--null-obsid")
    sites.run("upload", "telescope", str(night), directory, "--recursive")


def _cut_power(sites: Sites, before: int) -> None:
    """Kill the centre once some more files have come to it."""
    deadline = time.monotonic() + _DEADLINE_SECONDS
    while (count := sites.count_files("centre")) <= before:
        if time.monotonic() > deadline:
            raise DemoError("nothing of the second night came to the centre.")
        time.sleep(0.01)
    sites["centre"].kill()
    print(f"\nThe centre had {count} files; then every process of it was killed.", flush=True)


def _restore_power(sites: Sites) -> None:
    """Show what the telescope makes of it, once it has noticed, and start the centre again."""
    deadline = time.monotonic() + _DEADLINE_SECONDS
    while sites.link("telescope", "centre").state == "closed":
        if time.monotonic() > deadline:
            raise DemoError("the telescope did not notice that the centre is dead.")
        time.sleep(0.05)
    sites.run("get-librarian-list", "telescope")
    sites["centre"].start()
    print("\nThe centre is back.", flush=True)


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
