"""The units for systemd run services that exist, as they are run here."""

import configparser
import importlib.util
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.source_tree import ROOT

UNITS = sorted((ROOT / "deploy" / "systemd").glob("*.service"))


def read_unit(path: Path) -> configparser.ConfigParser:
    parser = configparser.ConfigParser()
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read(path)
    return parser


def test_each_service_has_a_unit() -> None:
    modules = {read_unit(path)["Service"]["ExecStart"].split()[2] for path in UNITS}
    assert modules == {"catalog_service", "store_agent", "transfer_service", "web_frontend"}
    assert all(importlib.util.find_spec(module) for module in modules)


@pytest.mark.parametrize("path", UNITS, ids=lambda path: path.stem)
def test_a_unit_gives_the_configuration_and_shows_no_secret(path: Path) -> None:
    service = read_unit(path)["Service"]
    assert service["ExecStart"].split()[3:] == ["--config", "/etc/librarian/librarian.toml"]
    # `setup` prints a token, which must not go to the journal.
    assert "ExecStartPre" not in service
    assert service["User"] == "librarian"


@pytest.mark.parametrize("path", UNITS, ids=lambda path: path.stem)
def test_systemd_understands_every_line_of_a_unit(path: Path, tmp_path: Path) -> None:
    analyze = shutil.which("systemd-analyze")
    here = path.read_text().replace("/opt/librarian/bin/python", sys.executable)
    unit = tmp_path / path.name
    unit.write_text(here)
    if analyze:  # Where systemd is not, the two tests above have to do.
        done = subprocess.run(
            [analyze, "verify", unit], capture_output=True, text=True, check=False
        )
        assert (done.returncode, done.stderr) == (0, "")
