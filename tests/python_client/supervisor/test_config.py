"""What the supervisor reads of a configuration."""

import socket
from pathlib import Path

import pytest

from librarian.supervisor.config import check_port_kept, check_ports, read_site_config
from librarian.supervisor.errors import SiteStartError


def write(directory: Path, text: str) -> Path:
    path = directory / "site.toml"
    path.write_text(text)
    return path


def test_services_are_those_that_have_tables_in_the_order_of_their_start(tmp_path: Path) -> None:
    path = write(tmp_path, "[store_agent]\n[site]\n[catalog_service]\n")
    config = read_site_config(path, {})
    assert config.services == ("catalog_service", "store_agent")
    assert dict(config.addresses) == {
        "catalog_service": "127.0.0.1:21106",
        "store_agent": "127.0.0.1:21107",
    }


def test_the_catalogue_is_reached_as_its_agent_reaches_it(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        '[catalog_service]\nlisten = "0.0.0.0:1"\n'
        '[store_agent]\ncatalog_address = "archive:1"\ncatalog_tls = true\n'
        'catalog_ca_file = "/ca.pem"\n',
    )
    config = read_site_config(path, {})
    assert config.catalog_address == "archive:1"
    assert config.catalog_tls
    assert config.catalog_ca_file == Path("/ca.pem")


def test_the_environment_goes_before_the_file(tmp_path: Path) -> None:
    path = write(tmp_path, '[catalog_service]\nlisten = "127.0.0.1:1"\n[store_agent]\n')
    config = read_site_config(path, {"LIBRARIAN_CATALOG_SERVICE__LISTEN": "127.0.0.1:4000"})
    assert config.addresses["catalog_service"] == "127.0.0.1:4000"
    assert config.catalog_address == "127.0.0.1:4000"
    check_port_kept(config, 4000)
    with pytest.raises(SiteStartError, match="chosen once"):
        check_port_kept(config, 1)


def test_a_port_in_use_is_told_with_its_service(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        path = write(tmp_path, f'[catalog_service]\nlisten = "{address}"\n')
        with pytest.raises(SiteStartError, match=f"catalog_service cannot listen on '{address}'"):
            check_ports(read_site_config(path, {}).addresses)
