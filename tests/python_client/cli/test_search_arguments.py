"""The arguments of a search: what is a word of it, what an option, and what is refused."""

import click
import pytest
from click.testing import CliRunner, Result

from librarian.cli.program import program
from librarian.cli.search_arguments import (
    SearchCommand,
    join_words,
    output_options,
    search_words,
    split_columns,
)

SEARCHES = ["search-files", "search-obs", "search-sessions", "search-instances"]


@click.command(cls=SearchCommand)
@search_words
@output_options("name")
def echo(words: tuple[str, ...], **chosen: object) -> None:
    """Print the search that the words make, and what else was given."""
    given = {name: value for name, value in sorted(chosen.items()) if value}
    click.echo(f"{join_words(words)}|{given}")


def parse(*arguments: str, stdin: bytes = b"") -> Result:
    return CliRunner().invoke(echo, list(arguments), input=stdin)


def run(*arguments: str) -> Result:
    return CliRunner().invoke(program, list(arguments))


@pytest.mark.parametrize(
    ("arguments", "search"),
    [
        (["type:uvh5", "size:>5GB"], "type:uvh5 size:>5GB"),
        (['{"name-is-exactly": "a"}'], '{"name-is-exactly": "a"}'),
        (["@mine"], "@mine"),
        (["-source:rtp", "type:uv"], "-source:rtp type:uv"),
        (["a", "-(type:uv or type:uvh5)"], "a -(type:uv or type:uvh5)"),
        (["-@mine"], "-@mine"),
        (["-lacks-event:checked"], "-lacks-event:checked"),
        (["-meta.by:me", "-name:a\nb"], "-meta.by:me -name:a\nb"),
        (["--", "-zen", "--csv"], "-zen --csv"),
        (["a", "-source:b", "--", "-c:d"], "a -source:b -c:d"),
    ],
)
def test_words_make_one_search(arguments: list[str], search: str) -> None:
    result = parse(*arguments)
    assert (result.output, result.exit_code) == (f"{search}|{{}}\n", 0)


def test_options_may_stand_anywhere_among_the_words() -> None:
    result = parse("--json", "a", "--limit", "3", "-b:c", "--order-by=name,desc")
    assert result.output == ("a -b:c|{'as_json': True, 'limit': 3, 'order_by': 'name,desc'}\n")


def test_a_search_comes_from_stdin() -> None:
    assert parse("-", stdin="name:☄".encode()).output == "name:☄|{}\n"


def test_a_search_that_is_not_utf8_is_refused() -> None:
    result = parse("-", stdin=b"name:\xff")
    assert str(result.exception) == "The search on stdin is not UTF-8."


@pytest.mark.parametrize("typo", ["--limt", "--jsn", "--csv-"])
def test_a_mistyped_option_is_no_word(typo: str) -> None:
    result = run("search-files", "here", "a", typo)
    assert result.exit_code == 2
    assert f"No such option '{typo}'" in result.stderr.replace(": ", " '").replace(".", "'")


@pytest.mark.parametrize("word", ["-zen", "-json", "-n"])
def test_a_word_that_may_be_an_option_says_where_it_goes(word: str) -> None:
    result = run("search-files", "here", "a", word)
    assert result.exit_code == 2
    assert "go behind `--`" in result.stderr
    assert len(result.stderr.splitlines()) == 1


@pytest.mark.parametrize("command", [*SEARCHES, "explain-search"])
def test_a_search_must_be_given(command: str) -> None:
    result = run(command, "here")
    assert result.exit_code == 2
    assert "Missing argument 'SEARCH...'" in result.stderr


@pytest.mark.parametrize(
    ("options", "first", "second"),
    [
        (["--json", "--csv"], "--json", "--csv"),
        (["--names", "--csv"], "--csv", "--names"),
        (["--paths", "--json", "--csv"], "--json", "--csv"),
        (["--names", "--columns", "name"], "--names", "--columns"),
        (["--paths", "--columns", "name"], "--paths", "--columns"),
        (["--count", "--csv"], "--csv", "--count"),
        (["--count", "--limit", "3"], "--limit", "--count"),
    ],
)
def test_two_forms_at_once_are_refused_in_a_sentence(
    options: list[str], first: str, second: str
) -> None:
    result = run("search-files", "here", "a", *options)
    assert result.exit_code == 2
    assert result.stderr == (
        f"librarian: {first} and {second} exclude each other: give one of them."
        " Try `librarian search-files --help`.\n"
    )


def test_a_search_is_explained_as_one_kind() -> None:
    result = run("explain-search", "here", "a", "--obs", "--sessions")
    assert result.exit_code == 2
    assert "--obs and --sessions exclude each other" in result.stderr


@pytest.mark.parametrize(
    ("command", "columns", "hint"),
    [
        ("search-files", "nmae", "There is no column 'nmae': did you mean name?"),
        ("search-files", "name,zzz", "there are name, type, size_bytes"),
        ("search-files", "name,meta.", "There is no column 'meta.'"),
        ("search-files", "name,size,size-bytes", "The column 'size_bytes' is given twice"),
        ("search-obs", "meta.antenna", "There is no column 'meta.antenna'"),
        ("search-sessions", "metadata", "There is no column 'metadata'"),
        ("search-instances", "hosts", "did you mean host?"),
    ],
)
def test_an_unknown_column_names_the_nearest(command: str, columns: str, hint: str) -> None:
    result = run(command, "here", "a", "--columns", columns)
    assert result.exit_code == 2
    assert hint in result.stderr


def test_columns_are_split_at_commas() -> None:
    assert split_columns(None) is None
    assert split_columns("a,b") == ["a", "b"]


@pytest.mark.parametrize("command", ["search-files", "search-instances"])
def test_paths_come_by_name_alone(command: str) -> None:
    for order_by, is_refused in (("size,desc", True), ("name,desc", False), (" name", False)):
        result = run(command, "nowhere", "a", "--paths", "--order-by", order_by)
        assert ("order by name, or leave --order-by away" in result.stderr) is is_refused
        assert (result.exit_code == 2) is is_refused
