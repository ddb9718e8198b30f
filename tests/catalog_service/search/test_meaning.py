"""What a search means is told in words that leave nothing of it out."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from catalog_service.search.attributes import ItemKind
from catalog_service.search.language import parse_search
from catalog_service.search.meaning import describe
from catalog_service.search.tree import (
    And,
    Clause,
    Comparison,
    NoneOf,
    ObservationMatches,
    Or,
)
from tests.catalog_service.search.trees import comparisons, trees

LINE = (
    "name:zen.2458*.HH.uvh5 size:>5GB lst:23..1 start:2018-10-01..2018-10-07 instances:>=2 "
    "created:<3d type:uvh5 store:pot1 -source:rtp (obsid:1222852410 or session:1222852000)"
)
MEANING = """\
files where
  the name matches the pattern "zen.2458%.HH.uvh5"
  and the size is more than 5 GB (5000000000 bytes)
  and the sidereal time at the start of its observation is from 23 h through midnight to 1 h
  and the start of its observation is not before 2018-10-01T00:00:00Z (Julian date 2458392.5)
  and the start of its observation is before 2018-10-08T00:00:00Z (Julian date 2458399.5)
  and the number of its available instances is at least 2
  and the time when it was put on record is less than 3 days ago
  and the type is "uvh5"
  and an instance of it is available on store "pot1"
  and it is known that none of:
    the source that it came from is "rtp"
  and any of:
    the obsid is 1222852410
    or the observing session of its observation is 1222852000"""


def test_a_search_is_told_a_phrase_a_line() -> None:
    assert describe(parse_search(LINE), ItemKind.FILES) == MEANING


PHRASES = {
    ("zen", ItemKind.FILES): 'the name matches the pattern "%zen%"',
    ("obsid:none", ItemKind.FILES): "it belongs to no observation",
    ("created:>2018-10-01T12:00", ItemKind.FILES): "put on record is after 2018-10-01T12:00:00Z",
    ("name:in(a b c d e f g)", ItemKind.FILES): '"a", "b", "c", "d", "e" and 2 more',
    ("meta.good:true", ItemKind.FILES): "the metadata good is true",
    ("meta.pol:!=xx", ItemKind.FILES): 'the metadata pol is known and is not "xx"',
    ("obs:(files:>3)", ItemKind.FILES): "the number of files is more than 3",
    ("-@mine", ItemKind.FILES): 'the saved search "mine" matches',
    ("always-false", ItemKind.FILES): "nothing matches",
    ("duration:>90m", ItemKind.OBSERVATIONS): "the duration is more than 1.5 hours",
    ("start:<3d", ItemKind.OBSERVATIONS): "the start is less than 3 days ago",
    ("lacks-event:done", ItemKind.SESSIONS): 'no file of it has an event of type "done"',
    ("age:<1d", ItemKind.SESSIONS): "the time since the stop is less than 1 day",
}


@pytest.mark.parametrize(("search", "phrase"), PHRASES.items(), ids=lambda value: str(value)[:30])
def test_each_clause_has_its_phrase(search: tuple[str, ItemKind], phrase: str) -> None:
    text, item = search
    assert phrase in describe(parse_search(text, item), item)


def count_lines(clause: Clause) -> int:
    if isinstance(clause, And | Or | NoneOf):
        return 1 + sum(count_lines(inner) for inner in clause.clauses)
    if isinstance(clause, ObservationMatches):
        inner = clause.clause
        return count_lines(inner) + (0 if isinstance(inner, And) else 1)
    return 1


@pytest.mark.parametrize("item", ItemKind)
@given(data=st.data())
@settings(max_examples=100, suppress_health_check=[HealthCheck.too_slow])
def test_any_search_is_told_with_a_line_for_each_clause(
    item: ItemKind, data: st.DataObject
) -> None:
    tree = data.draw(trees(item, odd=True, saved=True))
    told = describe(tree, item)
    lines = count_lines(tree) + (0 if isinstance(tree, And) else 1)
    assert len(told.split("\n")) == lines
    assert told.isprintable() or told.replace("\n", "").isprintable()


@pytest.mark.parametrize("item", ItemKind)
@given(data=st.data())
@settings(max_examples=100, suppress_health_check=[HealthCheck.too_slow])
def test_comparisons_of_another_operator_are_told_otherwise(
    item: ItemKind, data: st.DataObject
) -> None:
    one, other = data.draw(comparisons(item)), data.draw(comparisons(item))
    assert isinstance(one, Comparison)
    assert isinstance(other, Comparison)
    if (one.attribute, one.operator) != (other.attribute, other.operator):
        assert describe(one, item) != describe(other, item)
