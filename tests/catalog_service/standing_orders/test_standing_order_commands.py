"""The commands about standing orders, against a whole catalogue."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from librarian.cli.program import program
from tests.catalog_service.catalog_site import CatalogSite, catalog_site
from tests.catalog_service.neighbour_rows import add_librarian

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def site(sqlite_url: str, tmp_path: Path) -> Iterator[CatalogSite]:
    with catalog_site(sqlite_url, tmp_path) as running:
        with running.database.transactions.begin() as db:
            add_librarian(db)
        yield running


@pytest.fixture
def run(
    site: CatalogSite,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Run:
    """Return a function that runs a command, and tells its status and what it printed."""
    path = tmp_path / "client.cfg"
    known = {"connections": {"here": {"url": site.address, "authenticator": site.admin_token}}}
    path.write_text(json.dumps(known))
    path.chmod(0o600)
    monkeypatch.setenv("LIBRARIAN_CLIENT_CONFIG", str(path))

    def run(*words: str) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as ended:
            program.main(list(words))
        printed = capsys.readouterr()
        return int(str(ended.value.code)), printed.out, printed.err

    return run


def test_an_order_is_made_shown_changed_previewed_and_deleted(run: Run) -> None:
    terms = ("--hours", "20:00-08:00", "--timezone", "Africa/Johannesburg", "--priority", "3")
    made = run("create-standing-order", "here", "night", "--to", "centre", "--search", "*", *terms)
    assert made[:2] == (0, "night: enabled, looks at earlier files, to centre\n")
    changed = run("update-standing-order", "here", "night", "--disabled", "--bandwidth", "20MB/s")
    assert changed[:2] == (0, "night: disabled, to centre\n")
    code, listed, _ = run("list-standing-orders", "here", "--json")
    order = json.loads(listed)
    assert (code, order["librarian"], order["enabled"]) == (0, "centre", False)
    assert (order["hours"], order["bandwidth_bytes_per_second"]) == ("20:00-08:00", 20_000_000)
    shown = run("show-standing-order", "here", "night")[1]
    assert "20:00-08:00 Africa/Johannesburg" in shown
    assert "20.0 MB/s" in shown
    assert "night" in run("list-standing-orders", "here")[1]
    previewed = run("preview-standing-order", "here", "--to", "centre", "--search", "type:uvh5")
    assert previewed[0] == 0
    assert "Time      not known" in previewed[1]
    assert json.loads(run("preview-standing-order", "here", "night", "--json")[1]) == {
        "file_count": 0,
        "total_bytes": 0,
        "there_count": 0,
        "ended_count": 0,
        "without_instance_count": 0,
        "seconds": 0.0,
        "bytes_per_second": 20_000_000,
        "examples": [],
    }
    deleted = run("delete-standing-order", "here", "night")
    assert deleted[:2] == (0, "Deleted night; 0 transfers cancelled.\n")


def test_what_is_wrong_is_said_in_a_sentence_and_by_the_status(run: Run) -> None:
    create = ("create-standing-order", "here", "night", "--to")
    for words, status, said in [
        ((*create, "moon", "--search", "*"), 3, "get-librarian-list"),
        ((*create, "centre", "--search", "typ:uvh5"), 2, "type"),
        ((*create, "centre", "--search", "*", "--hours", "8-20"), 2, "20:00-08:00"),
        ((*create, "centre", "--search", "*", "--bandwidth", "fast"), 2, "20MB/s"),
        (("update-standing-order", "here", "night"), 2, "Say what to change"),
        (("update-standing-order", "here", "night", "--enabled"), 3, "list-standing-orders"),
        (("delete-standing-order", "here", "night"), 3, "list-standing-orders"),
        (("preview-standing-order", "here", "night", "--to", "centre"), 2, "or --to and --search"),
    ]:
        code, _, told = run(*words)
        assert (code, said in told) == (status, True), told
