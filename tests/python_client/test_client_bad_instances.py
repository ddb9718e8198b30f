"""Downloads of instances that differ from the record, or are gone: never given out."""

import os
from pathlib import Path

import pytest

from librarian import Librarian
from librarian.errors import CorruptContentsError, NoInstanceError
from tests.system.site import Site


def stored(site: Site, name: str) -> Path:
    return site.layout.store / "downloads" / name


def spoil(path: Path) -> None:
    path.chmod(0o644)
    with path.open("r+b") as file:
        file.write(b"spoilt")


def test_a_spoilt_instance_is_never_given_out(
    client_site: Site, librarian: Librarian, way: str, put_flat: str, here: Path
) -> None:
    spoil(stored(client_site, put_flat))
    with pytest.raises(CorruptContentsError, match="differ from the record"):
        librarian.get(put_flat, here / "got")
    assert os.listdir(here) == []


@pytest.mark.parametrize("change", ["truncate", "append"])
def test_an_instance_of_another_size_is_never_given_out(
    client_site: Site, librarian: Librarian, way: str, put_flat: str, here: Path, change: str
) -> None:
    path = stored(client_site, put_flat)
    path.chmod(0o644)
    os.truncate(path, 3_000_000 if change == "truncate" else 4_000_000)
    with pytest.raises(CorruptContentsError):
        librarian.get(put_flat, here / "got")
    assert os.listdir(here) == []


def test_a_directory_with_a_spoilt_entry_is_never_given_out(
    client_site: Site, librarian: Librarian, way: str, put_tree: str, here: Path
) -> None:
    spoil(stored(client_site, put_tree) / "inner" / "visdata")
    with pytest.raises(CorruptContentsError):
        librarian.get(put_tree, here / "got")
    assert os.listdir(here) == []


@pytest.mark.parametrize("number", [0, 1])
@pytest.mark.parametrize("harm", ["spoil", "remove"])
def test_the_next_instance_serves_when_one_is_bad(
    client_site: Site,
    librarian: Librarian,
    way: str,
    put_flat: str,
    flat: Path,
    here: Path,
    number: int,
    harm: str,
) -> None:
    second = client_site.layout.store / "second"
    second.mkdir(exist_ok=True)
    (second / put_flat).write_bytes(flat.read_bytes())
    [progress] = librarian.register("store", [f"second/{put_flat}"], null_obsid=True)
    assert progress.failures == []
    bad = Path(librarian.locate_file(put_flat)[number].path)
    spoil(bad) if harm == "spoil" else bad.unlink()
    assert librarian.get(put_flat, here / "got").read_bytes() == flat.read_bytes()


def test_a_file_whose_instance_is_gone_from_disk_says_so(
    client_site: Site, librarian: Librarian, way: str, put_flat: str, here: Path
) -> None:
    stored(client_site, put_flat).unlink()
    with pytest.raises(NoInstanceError):
        librarian.get(put_flat, here / "got")
    assert os.listdir(here) == []
