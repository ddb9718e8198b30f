"""A site whose ports speak TLS: to people, between its services, and to nobody in plaintext."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme

from tests.system.site import Site


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make an authority's certificate, and one of it for loopback."""
    directory = tmp_path_factory.mktemp("certificates")
    authority = trustme.CA()
    own = authority.issue_cert("127.0.0.1")
    authority.cert_pem.write_to_path(directory / "ca.pem")
    own.cert_chain_pems[0].write_to_path(directory / "cert.pem")
    own.private_key_pem.write_to_path(directory / "key.pem")
    return directory


@pytest.fixture(scope="module")
def tls_site(certificates: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Run a site with TLS on both of its ports."""
    pair = {"TLS_CERT_FILE": "cert.pem", "TLS_KEY_FILE": "key.pem"}
    catalog = {**pair, "AGENT_CA_FILE": "ca.pem"}
    agent = {**pair, "CATALOG_CA_FILE": "ca.pem", "CATALOG_TLS": ""}

    def environment(service: str, keys: dict[str, str]) -> dict[str, str]:
        return {
            f"LIBRARIAN_{service}__{key}": str(certificates / name) if name else "true"
            for key, name in keys.items()
        }

    with Site(
        tmp_path_factory.mktemp("tls-site"),
        environment={
            "catalog_service": environment("CATALOG_SERVICE", catalog),
            "store_agent": environment("STORE_AGENT", agent),
        },
        ca_file=certificates / "ca.pem",
    ) as running:
        yield running


@pytest.mark.parametrize("way", ["path", "stream"])
def test_files_go_in_and_come_out_encrypted(tls_site: Site, tmp_path: Path, way: str) -> None:
    local = tmp_path / f"{way}.txt"
    local.write_bytes(way.encode() * 100_000)
    chosen = {"LIBRARIAN_UPLOAD_WAY": way} if way == "stream" else {}
    done = tls_site.run("upload", "local", local, local.name, "--null-obsid", environment=chosen)
    assert done.returncode == 0, done.stderr
    chosen = {"LIBRARIAN_DOWNLOAD_WAY": way} if way == "stream" else {}
    done = tls_site.run("get", "local", local.name, tmp_path / "fetched", environment=chosen)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "fetched").read_bytes() == local.read_bytes()


def test_a_staging_works_between_services_that_speak_tls(tls_site: Site, tmp_path: Path) -> None:
    local = tmp_path / "staged.txt"
    local.write_text("to be staged")
    assert tls_site.run("upload", "local", local, local.name, "--null-obsid").returncode == 0
    search = json.dumps({"name-is-exactly": local.name})
    done = tls_site.run("stage-files", "local", "out", search, "--wait")
    assert done.returncode == 0, done.stderr
    assert (tls_site.layout.staging / "out" / local.name).read_text() == "to be staged"


def test_a_client_without_the_authority_or_without_tls_gets_no_answer(
    tls_site: Site, tmp_path: Path
) -> None:
    settings = json.loads(tls_site.client_config.read_text())["connections"]["local"]
    for changes in ({"ca_file": None, "tls": True}, {"ca_file": None, "tls": False}):
        changed = {
            key: value for key, value in {**settings, **changes}.items() if value is not None
        }
        config = tmp_path / "client.cfg"
        config.write_text(json.dumps({"connections": {"local": changed}}))
        config.chmod(0o600)
        environment = {"LIBRARIAN_CLIENT_CONFIG": str(config)}
        done = tls_site.run("search-files", "local", "{}", environment=environment)
        assert done.returncode == 7, done.stderr
        assert settings["authenticator"] not in done.stderr
