"""The description of the language: every example of the page is run, and says what it finds."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from sqlalchemy import select

from catalog_service.database import Database, open_database
from catalog_service.search.attributes import ItemKind, clause_names
from catalog_service.search.compiler import compile_search
from catalog_service.search.language import parse_search
from catalog_service.tables import File, Observation, ObservingSession
from librarian.errors import InvalidRequestError
from tests.catalog_service.search import readme_catalogue
from tests.source_tree import ROOT

PAGE = (ROOT / "catalog_service" / "search" / "README.md").read_text(encoding="utf-8")
SECTIONS = {
    "Searches of observations": ItemKind.OBSERVATIONS,
    "Searches of observing sessions": ItemKind.SESSIONS,
}
_ROW = re.compile(r"^\| `(\{.*\})` \| `(.*)` \| ([A-Z0-9 ]+|none) \|$", re.MULTILINE)
_BLOCK = re.compile(
    r"^```(?P<form>json|text)(?: (?P<item>\w+))?\n(?P<search>.*?)^```\n", re.M | re.S
)
_FINDS = re.compile(r"\s*Finds ([A-Z0-9 ]+)\.$", re.MULTILINE)
_ERROR = re.compile(r"^```error\n((?:[^`].*\n)+)```\n\n((?:^> .*\n)+)", re.MULTILINE)


@dataclass(frozen=True)
class Example:
    """A search of the page, in one form or in both, and the labels of what it finds."""

    item: ItemKind
    searches: tuple[str, ...]
    finds: str | None


def sections() -> Iterator[tuple[ItemKind, str]]:
    for section in re.split(r"^## ", PAGE, flags=re.MULTILINE):
        yield SECTIONS.get(section.partition("\n")[0], ItemKind.FILES), section


def rows() -> list[Example]:
    return [
        Example(item, tuple(cell.replace(r"\|", "|") for cell in row.group(1, 2)), row[3])
        for item, section in sections()
        for row in _ROW.finditer(section)
    ]


def blocks() -> Iterator[Example]:
    """Yield the searches in fences; a text right after JSON is the same search."""
    twin: tuple[str, ...] = ()
    for block in _BLOCK.finditer(PAGE):
        searches = (*twin, block["search"]) if block["form"] == "text" else (block["search"],)
        finds = _FINDS.match(PAGE, block.end())
        yield Example(ItemKind(block["item"] or "files"), searches, finds and finds[1])
        is_json_before_text = PAGE.startswith("\n```text", block.end())
        twin = searches if block["form"] == "json" and is_json_before_text else ()


ROWS = rows()
BLOCKS = list(blocks())


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    database = open_database(database_url)
    with database.transactions.begin() as db:
        readme_catalogue.put_on_record(db)
    yield database
    database.dispose()


def found(database: Database, search: str, item: ItemKind) -> str:
    column, labels = {
        ItemKind.FILES: (File.name, {r.name: k for k, r in readme_catalogue.FILES.items()}),
        ItemKind.OBSERVATIONS: (
            Observation.obsid,
            {r["obsid"]: k for k, r in readme_catalogue.OBSERVATIONS.items()},
        ),
        ItemKind.SESSIONS: (
            ObservingSession.id,
            {r["id"]: k for k, r in readme_catalogue.SESSIONS.items()},
        ),
    }[item]
    compiled = compile_search(database, search, account_name="ann", item=item)
    with database.readings.begin() as db:
        keys = db.scalars(select(column).where(compiled.condition))
        return " ".join(sorted(labels[key] for key in keys)) or "none"


def test_each_example_finds_what_the_page_says(database: Database) -> None:
    examples = [example for example in ROWS + BLOCKS if example.finds]
    wrong = {
        search: (example.finds, answer)
        for example in examples
        for search in example.searches
        if (answer := found(database, search, example.item)) != example.finds
    }
    assert wrong == {}
    assert len(examples) > 200


def test_both_forms_of_an_example_are_one_search() -> None:
    pairs = [e for e in ROWS + BLOCKS if len(e.searches) == 2]
    trees = {e.searches: {parse_search(text, e.item) for text in e.searches} for e in pairs}
    assert [searches for searches, both in trees.items() if len(both) != 1] == []
    assert len(pairs) > 200


def test_each_example_is_understood() -> None:
    for example in BLOCKS:
        for search in example.searches:
            assert parse_search(search, example.item) is not None
    assert len(BLOCKS) > 15


@pytest.mark.parametrize("item", ItemKind)
def test_the_page_has_an_example_of_each_clause(item: ItemKind) -> None:
    examples = "".join(example.searches[0] for example in ROWS if example.item is item)
    assert [name for name in clause_names(item) if f'"{name}":' not in examples] == []


def test_mistakes_are_explained_as_the_page_says() -> None:
    mistakes = _ERROR.findall(PAGE)
    assert len(mistakes) == 2
    for search, quoted in mistakes:
        with pytest.raises(InvalidRequestError) as caught:
            parse_search(search)
        assert str(caught.value) == " ".join(re.findall(r"^> (.*)$", quoted, re.MULTILINE))
