"""What is printed of what a search finds."""

import csv
import io
import json
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from librarian.cli.search_kinds import FILES, INSTANCES, OBSERVATIONS
from librarian.cli.search_output import Form, Output, print_found, print_paths
from librarian.client.records import File, Instance, Observation

MOMENT = datetime(2018, 11, 12, 3, 15, 1, 250000, tzinfo=UTC)


def file(name: str = "zen.2458432.34569.xx.HH.uvh5", obsid: int | None = 1225829886) -> File:
    return File(name, "uvh5", 123_456_789, "blake3:ab", obsid, MOMENT, "rtp", 2)


def instance(name: str, path: str, state: str = "AVAILABLE") -> Instance:
    return Instance(name, "store", "dir", "pot1", path, state, "DISALLOWED", MOMENT)


def show(output: Output, *records: File | Observation | Instance) -> None:
    print_found(output, output.columns(), records)


def test_a_table_of_files_fits_into_80_columns(capsys: pytest.CaptureFixture[str]) -> None:
    show(Output(FILES, Form.TABLE), file())
    head, row = capsys.readouterr().out.splitlines()
    assert head.split() == ["Name", "Created", "(UTC)", "Obsid", "Type", "Size", "Copies"]
    assert row == "zen.2458432.34569.xx.HH.uvh5  2018-11-12 03:15  1225829886  uvh5  123 MB       2"
    assert len(row) <= 80


def test_what_is_not_known_of_an_observation_is_shown_as_nothing(
    capsys: pytest.CaptureFixture[str],
) -> None:
    show(Output(OBSERVATIONS, Form.TABLE), Observation(1, 2458432.5, None, None, None, 3, 4000))
    assert capsys.readouterr().out.splitlines()[1].split() == [
        "1",
        "2458432.50000",
        "3",
        "4.0",
        "kB",
    ]


def test_no_file_is_told_on_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    show(Output(FILES, Form.TABLE))
    assert capsys.readouterr() == ("", "No file matches.\n")


@pytest.mark.parametrize("form", [Form.JSON, Form.NAMES])
def test_programs_read_nothing_when_there_is_none(
    form: Form, capsys: pytest.CaptureFixture[str]
) -> None:
    show(Output(FILES, form))
    assert capsys.readouterr() == ("", "")


def test_json_has_a_document_a_line_with_all_fields(capsys: pytest.CaptureFixture[str]) -> None:
    show(Output(FILES, Form.JSON), file(), file("☄.uvh5", None))
    first, second = map(json.loads, capsys.readouterr().out.splitlines())
    assert first == {
        "name": "zen.2458432.34569.xx.HH.uvh5",
        "type": "uvh5",
        "size_bytes": 123_456_789,
        "checksum": "blake3:ab",
        "obsid": 1225829886,
        "create_time": "2018-11-12T03:15:01.250000+00:00",
        "source": "rtp",
        "instance_count": 2,
    }
    assert (second["name"], second["obsid"]) == ("☄.uvh5", None)


def test_csv_is_rfc_4180_and_exact(capsys: pytest.CaptureFixture[str]) -> None:
    hostile = 'a,"b"=1+1 ☄'
    show(Output(FILES, Form.CSV), file(hostile, None))
    out = capsys.readouterr().out
    assert out.endswith("\r\n")
    assert '"a,""b""=1+1 ☄"' in out
    [row] = csv.DictReader(io.StringIO(out, newline=""))
    assert row["name"] == hostile
    assert (row["obsid"], row["size_bytes"]) == ("", "123456789")
    assert row["create_time"] == "2018-11-12T03:15:01.250000+00:00"


def test_csv_has_a_header_when_there_is_none(capsys: pytest.CaptureFixture[str]) -> None:
    show(Output(FILES, Form.CSV, ["name", "obsid"]))
    assert capsys.readouterr() == ("name,obsid\r\n", "")


def test_a_julian_date_loses_nothing_in_csv(capsys: pytest.CaptureFixture[str]) -> None:
    jd = 2458432.345690001
    show(Output(OBSERVATIONS, Form.CSV, ["start-time-jd"]), Observation(1, jd, 1.0, 1.0, 1, 1, 1))
    assert float(capsys.readouterr().out.splitlines()[1]) == jd


@pytest.mark.parametrize("form", [Form.TABLE, Form.CSV, Form.JSON])
def test_chosen_columns_come_in_their_order(form: Form, capsys: pytest.CaptureFixture[str]) -> None:
    show(Output(FILES, form, ["source", "size"]), file())
    out = capsys.readouterr().out
    assert (
        out
        == {
            Form.TABLE: "Source    Size\nrtp     123 MB\n",
            Form.CSV: "source,size_bytes\r\nrtp,123456789\r\n",
            Form.JSON: '{"source": "rtp", "size_bytes": 123456789}\n',
        }[form]
    )


def test_names_of_copies_are_told_once_each(capsys: pytest.CaptureFixture[str]) -> None:
    copies = [instance("a", "/1"), instance("a", "/2"), instance("b", "/3")]
    show(Output(INSTANCES, Form.NAMES), *copies)
    assert capsys.readouterr().out == "a\nb\n"


def test_paths_are_those_of_available_copies(capsys: pytest.CaptureFixture[str]) -> None:
    copies = [instance("a", "/1"), instance("a", "/2", "UNAVAILABLE"), instance("b", "/3")]
    print_paths(copies, None)
    assert capsys.readouterr().out == "pot1:/1\npot1:/3\n"


def test_a_limit_counts_the_paths_that_are_printed(capsys: pytest.CaptureFixture[str]) -> None:
    copies = [instance("a", "/0", "UNAVAILABLE"), *(instance("a", f"/{n}") for n in range(1, 4))]
    print_paths(copies, 2)
    assert capsys.readouterr().out == "pot1:/1\npot1:/2\n"


@pytest.mark.parametrize("form", [Form.CSV, Form.JSON, Form.NAMES])
def test_each_record_is_printed_before_the_next_is_asked_for(
    form: Form, capsys: pytest.CaptureFixture[str]
) -> None:
    printed: list[int] = []

    def files() -> Iterator[File]:
        for number in range(3):
            printed.append(len(capsys.readouterr().out.splitlines()))
            yield file(f"file{number}")

    output = Output(FILES, form, None if form is Form.NAMES else ["name"])
    print_found(output, output.columns(), files())
    assert printed[1:] == [1, 1]


def test_a_hostile_path_disturbs_no_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    show(Output(INSTANCES, Form.TABLE), instance("a", "/\x1b[2J\n"))
    out = capsys.readouterr().out
    assert "\x1b" not in out
    assert len(out.splitlines()) == 2
