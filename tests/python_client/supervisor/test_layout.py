"""A site's directory: made once, kept as it is, served by one."""

import os
import stat
import tomllib
from pathlib import Path

import pytest

from deploy.demo.ports import find_free_port
from librarian.supervisor.errors import SiteStartError
from librarian.supervisor.layout import lock_path, make_site_directory


def test_a_site_directory_is_made_with_all_it_needs(tmp_path: Path) -> None:
    site = make_site_directory(tmp_path / "a" / "site", find_free_port())
    assert {path.name for path in site.root.iterdir()} == {
        "logs",
        "secrets",
        "site.toml",
        "staging",
        "store",
    }
    assert stat.S_IMODE(site.secrets.stat().st_mode) == 0o700


def test_what_is_there_is_left_as_it_is(tmp_path: Path) -> None:
    site = make_site_directory(tmp_path, find_free_port())
    site.config_file.write_text("# mine\n")
    make_site_directory(tmp_path, 4000)
    assert site.config_file.read_text() == "# mine\n"


def test_the_configuration_names_absolute_paths_and_all_ports(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    port = find_free_port()
    site = make_site_directory(Path('s "quoted" é'), port)
    tables = tomllib.loads(site.config_file.read_text())
    root = tmp_path / 's "quoted" é'
    assert tables["catalog_service"]["listen"] == f"127.0.0.1:{port}"
    assert tables["store_agent"]["listen"] == f"127.0.0.1:{port + 1}"
    assert tables["transfer_service"]["listen"] == f"127.0.0.1:{port + 2}"
    assert tables["web_frontend"]["listen"] == f"127.0.0.1:{port + 3}"
    assert tables["catalog_service"]["database_url"] == f"sqlite:///{root}/catalog.sqlite"
    assert tables["store_agent"]["store_prefixes"] == [f"{root}/store", f"{root}/stores"]
    assert tables["store_agent"]["staging_prefix"] == f"{root}/staging"


def test_a_site_that_was_moved_is_not_begun_anew_where_it_lay(tmp_path: Path) -> None:
    site = make_site_directory(tmp_path / "old", find_free_port())
    (site.secrets / "keys").touch()
    make_site_directory(site.root, find_free_port())
    site.root.rename(tmp_path / "new")
    with pytest.raises(SiteStartError, match="move the directory back"):
        make_site_directory(tmp_path / "new", find_free_port())
    assert not site.root.exists()


@pytest.mark.parametrize("name", ["a?b", "a\nb", os.fsdecode(b"\xff")])
def test_a_path_that_cannot_be_written_down_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(SiteStartError, match="printable"):
        make_site_directory(tmp_path / name, find_free_port())
    assert list(tmp_path.iterdir()) == []


def test_a_lock_keeps_a_second_out_until_it_is_closed(tmp_path: Path) -> None:
    lock = lock_path(tmp_path)
    with pytest.raises(SiteStartError, match="stop it first"):
        lock_path(tmp_path)
    os.close(lock)
    os.close(lock_path(tmp_path))
