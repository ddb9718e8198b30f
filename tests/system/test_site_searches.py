"""Searching and exporting, run as a person would on a real site."""

import csv
import io
import json
import os
import re
import shlex
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from pyarrow import parquet

from deploy.demo.synthetic_night import make_night
from librarian.client.records import MetadataValue
from tests.system.site import Site, librarian_command
from tests.system.terminals import Terminal

DAY = 2_459_100
QUALITY = 0.125
INSPECTED = datetime(2020, 10, 1, 12, 30, 0, 250000, UTC)


class Night(NamedTuple):
    """A night in a site: its files by name, and the observing session."""

    site: Site
    names: list[str]
    obsids: list[int]

    def search(self, *words: str, code: int = 0, stdin: str = "") -> str:
        """Search for files; return what was printed."""
        done = self.site.run("search-files", "local", *words, stdin=stdin)
        assert done.returncode == code, done.stderr
        return done.stdout


@pytest.fixture(scope="module")
def night(sqlite_site: Site, tmp_path_factory: pytest.TempPathFactory) -> Night:
    """Put a night into the shared site on SQLite."""
    return put_night(sqlite_site, tmp_path_factory.mktemp("night"))


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def each_night(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Night:
    """Put a night into the shared site on each database: the test runs once on each."""
    if request.param == "sqlite":
        found: Night = request.getfixturevalue("night")
        return found
    return put_night(request.getfixturevalue("postgres_site"), tmp_path_factory.mktemp("night"))


def put_night(site: Site, directory: Path) -> Night:
    """Put three observed files into a site, one with metadata, and group them."""
    paths = make_night(directory / "files", files=2, start_jd=DAY + 0.25)
    paths.pop().unlink()
    with site.librarian() as client:
        for path in paths:
            client.upload(path, f"{DAY}/{path.name}")
        values: dict[str, MetadataValue] = {
            "quality": QUALITY,
            "feed": "HH",
            "good": True,
            "inspected": INSPECTED,
        }
        client.update_metadata(paths[0].name, set=values)
        client.assign_sessions(DAY, DAY + 1)
        obsids = [client.get_file(path.name).obsid or 0 for path in paths]
    return Night(site, [path.name for path in paths], obsids)


def documents(text: str) -> list[dict[str, Any]]:
    """Return the JSON documents of a text, a line each."""
    return [json.loads(line) for line in text.splitlines()]


def test_the_text_form_needs_no_quotes(each_night: Night) -> None:
    found = each_night.search(
        f"name:zen.{DAY}.%", "-type:uv", f"obsid:{each_night.obsids[0]}..", "--names"
    )
    assert found.splitlines() == each_night.names[:2]


def test_the_json_form_and_stdin_find_the_same(night: Night) -> None:
    search = json.dumps({"name-matches": f"zen.{DAY}.%", "type-is-exactly": "uv"})
    assert night.search(search, "--names") == f"{night.names[2]}\n"
    assert night.search("-", "--names", stdin=search) == f"{night.names[2]}\n"


def test_the_order_is_chosen(each_night: Night) -> None:
    words = (f"name:zen.{DAY}.%", "--names", "--limit", "2")
    down = each_night.search(*words, "--order-by", "start-time,desc").splitlines()
    assert down == each_night.names[:0:-1]
    sizes = [one["size_bytes"] for one in documents(each_night.search(words[0], "--json"))]
    ordered = documents(each_night.search(words[0], "--json", "--order-by=size"))
    assert [one["size_bytes"] for one in ordered] == sorted(sizes)


def test_matches_are_counted(each_night: Night) -> None:
    assert each_night.search(f"name:zen.{DAY}.%", "--count") == "3\n"
    assert documents(each_night.search(f"name:zen.{DAY}.%", "--count", "--json")) == [{"count": 3}]
    assert each_night.search("name:nothing.here", "--count") == "0\n"


def test_paths_lead_to_the_copies(night: Night) -> None:
    lines = night.search(f"name:{night.names[0]}", "--paths").splitlines()
    [(host, path)] = [line.split(":", 1) for line in lines]
    assert host
    assert Path(path).name == night.names[0]
    assert Path(path).is_file()
    same = night.site.run("search-instances", "local", f"name:{night.names[0]}", "--paths")
    assert same.stdout.splitlines() == lines


def test_metadata_are_columns_of_every_form(night: Night) -> None:
    words = (f"name:zen.{DAY}.%", "--columns", "name,meta.quality,meta.good,meta.inspected")
    row, other, _ = list(csv.DictReader(io.StringIO(night.search(*words, "--csv"))))
    assert float(row["meta.quality"]) == QUALITY
    assert (row["meta.good"], row["meta.inspected"]) == ("true", INSPECTED.isoformat())
    assert other["meta.quality"] == ""
    [first, *_] = documents(night.search(*words, "--json"))
    assert list(first) == ["name", "meta.quality", "meta.good", "meta.inspected"]
    assert (first["meta.quality"], first["meta.good"]) == (QUALITY, True)
    head, shown, *_ = night.search(*words).splitlines()
    assert head.split() == ["Name", "meta.quality", "meta.good", "meta.inspected"]
    assert shown.split() == [night.names[0], "0.125", "true", "2020-10-01", "12:30:00"]
    [whole] = documents(night.search(f"name:{night.names[0]}", "--json", "--columns=metadata"))
    assert whole["metadata"]["feed"] == "HH"


def test_an_unknown_metadata_key_names_the_nearest(night: Night) -> None:
    done = night.site.run("search-files", "local", "name:x", "--columns", "name,meta.qualty")
    assert done.returncode == 2
    assert "did you mean meta.quality?" in done.stderr


def test_a_mistake_in_a_search_is_told_with_its_place(night: Night) -> None:
    done = night.site.run("search-files", "local", "type:uvh5", "naem:x")
    assert done.returncode == 2
    assert "line 1, column 11" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_observations_and_sessions_are_found(each_night: Night) -> None:
    run = each_night.site.run
    done = run("search-obs", "local", f"session:{each_night.obsids[0]}", "--json")
    assert [one["obsid"] for one in documents(done.stdout)] == each_night.obsids
    names = run("search-obs", "local", f"session:{each_night.obsids[0]}", "--names")
    assert names.stdout.split() == [str(obsid) for obsid in each_night.obsids]
    table = run("search-obs", "local", f"obsid:{each_night.obsids[0]}").stdout.splitlines()
    assert table[0].split()[:3] == ["Obsid", "Start", "(JD)"]
    assert table[1].split()[0] == str(each_night.obsids[0])
    done = run("search-sessions", "local", "obs:3", f"session:{each_night.obsids[0]}", "--json")
    [session] = documents(done.stdout)
    assert (session["id"], session["observation_count"]) == (each_night.obsids[0], 3)


@pytest.mark.parametrize(
    ("command", "words", "sentence"),
    [
        ("search-files", "name:nothing.here", "No file matches.\n"),
        ("search-obs", "obsid:1", "No observation matches.\n"),
        ("search-sessions", "session:1", "No observing session matches.\n"),
        ("search-instances", "name:nothing.here", "No copy of a file that matches is here.\n"),
    ],
)
def test_no_match_is_done_and_told(night: Night, command: str, words: str, sentence: str) -> None:
    done = night.site.run(command, "local", words)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", sentence)


def test_a_search_is_explained_in_both_forms(night: Night) -> None:
    done = night.site.run("explain-search", "local", "type:uvh5", "-source:rtp", "--json")
    [told] = documents(done.stdout)
    again = night.site.run("explain-search", "local", told["json"], "--json")
    assert documents(again.stdout) == [told]
    shown = night.site.run("explain-search", "local", told["text"]).stdout
    assert [line for line in shown.splitlines() if line and line[0] != " "] == [
        "JSON:",
        "Text:",
        "Meaning:",
    ]
    of_observations = night.site.run("explain-search", "local", "--obs", "duration:>10m")
    assert "duration" in of_observations.stdout


def test_parquet_has_the_files_and_their_metadata(each_night: Night, tmp_path: Path) -> None:
    path = tmp_path / "night.parquet"
    arguments = ("export-catalog", "local", path, "--search", f"name:zen.{DAY}.%")
    done = each_night.site.run(*arguments)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(f"Wrote 3 files to {path} (")
    table = parquet.read_table(path)
    assert str(table.schema.field("create_time").type) == "timestamp[us, tz=UTC]"
    assert str(table.schema.field("obsid").type) == "int64"
    first, second, _ = table.to_pylist()
    assert (first["name"], first["obsid"]) == (each_night.names[0], each_night.obsids[0])
    assert (first["meta.quality"], first["meta.good"], first["meta.inspected"]) == (
        QUALITY,
        True,
        INSPECTED,
    )
    assert second["meta.quality"] is None
    assert os.listdir(tmp_path) == ["night.parquet"]


def test_an_export_overwrites_only_when_told(night: Night, tmp_path: Path) -> None:
    path = tmp_path / "all.csv"
    path.write_text("precious")
    done = night.site.run("export-catalog", "local", path)
    assert done.returncode == 6
    assert "--force" in done.stderr
    assert path.read_text() == "precious"
    chosen = ("--force", "--columns", "obsid,name,meta.good", "--json")
    [export] = documents(night.site.run("export-catalog", "local", path, *chosen).stdout)
    with path.open(newline="") as file:
        head, *rows = csv.reader(file)
    assert head == ["obsid", "name", "meta.good"]
    assert (export["row_count"], export["format"]) == (len(rows), "csv")
    assert [str(night.obsids[0]), night.names[0], "true"] in rows


@pytest.mark.parametrize(
    ("file", "options", "words"),
    [
        ("table.txt", [], "does not say its format"),
        ("none/a.csv", [], "There is no directory"),
        ("a.csv", ["--columns", "nmae"], "did you mean name"),
        ("a.csv", ["--columns", "meta.qualty"], "did you mean meta.quality"),
        ("a.csv", ["--search", "naem:x"], "line 1, column 1"),
    ],
)
def test_an_export_that_cannot_be_leaves_nothing(
    night: Night, tmp_path: Path, file: str, options: list[str], words: str
) -> None:
    done = night.site.run("export-catalog", "local", tmp_path / file, *options)
    assert done.returncode in (2, 3)
    assert words in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert os.listdir(tmp_path) == []


def test_a_terminal_shows_a_table_and_a_bar(night: Night, tmp_path: Path) -> None:
    search = Terminal(night.site, "search-files", "local", f"name:zen.{DAY}.%")
    assert "───" in search.read_to_end()
    path = tmp_path / "all.parquet"
    shown = Terminal(night.site, "export-catalog", "local", path).read_to_end()
    rows = parquet.read_metadata(path).num_rows
    assert f"{rows}/{rows} files" in re.sub(r"\x1b\[[0-9;]*m", "", shown)
    assert f"Wrote {rows} files" in shown


def test_a_reader_that_leaves_ends_a_long_search_quietly(sqlite_site: Site) -> None:
    directory = sqlite_site.layout.store / "left"
    directory.mkdir()
    for number in range(2000):
        (directory / f"{number:0100}.left").touch()
    registered = sqlite_site.run("register", "local", "store", directory, "-r", "--null-obsid")
    assert registered.returncode == 0, registered.stderr
    for form in ("--names", "--json", "--csv", "--limit=1999"):
        command = shlex.join(librarian_command("search-files", "local", "type:left", form))
        done = subprocess.run(
            ["bash", "-c", f"{command} | head -n 1 | wc -l"],
            env=sqlite_site.client_environment(),
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert (done.stdout.strip(), done.stderr) == ("1", "")


def test_what_words_find_is_staged(night: Night) -> None:
    words = (f"name:zen.{DAY}.%", "-type:uv")
    done = night.site.run("stage-files", "local", f"words-{DAY}", *words, "--wait", "--json")
    [job] = documents(done.stdout)
    assert (job["state"], job["files_done"]) == ("SUCCEEDED", 2)
    staged = night.site.layout.staging / f"words-{DAY}" / str(DAY)
    assert sorted(os.listdir(staged)) == night.names[:2]
