"""The clauses that are offered to choose from are those of the language."""

import pytest

from catalog_service.search import attributes as language
from librarian.client.records import MetadataKey
from librarian.client.search_attributes import (
    ValueKind,
    metadata_attribute,
    search_attributes,
)

_KINDS = {
    language.Kind.TEXT: {ValueKind.TEXT},
    language.Kind.PATTERN: {ValueKind.PATTERN},
    language.Kind.REGEX: {ValueKind.REGEX},
    language.Kind.TEXTS: {ValueKind.TEXTS},
    language.Kind.WHOLE_NUMBER: {ValueKind.WHOLE_NUMBER},
    language.Kind.NUMBER: {ValueKind.NUMBER},
    language.Kind.NUMBER_RANGE: {ValueKind.NUMBER_RANGE},
    language.Kind.JD: {ValueKind.TIME},
    language.Kind.JD_RANGE: {ValueKind.TIME_RANGE},
    language.Kind.MOMENT: {ValueKind.MOMENT},
    language.Kind.HOURS_RANGE: {ValueKind.HOURS_RANGE},
    language.Kind.ANYTHING: {ValueKind.NOTHING},
    language.Kind.METADATA_KEY: {ValueKind.METADATA_KEY},
}


@pytest.mark.parametrize("item", language.ItemKind)
def test_each_clause_of_the_language_is_offered_once_with_its_kind_of_value(item):
    offered = [operator for one in search_attributes(item.value) for operator in one.operators]
    clauses = [operator.clause for operator in offered]
    own = {
        name
        for name in language.clause_names(item)
        if (form := language.find_form(item, name))
        and language.clause_name(item, form.attribute, form.operator) == name
    }
    assert sorted(clauses) == sorted(own)
    for operator in offered:
        form = language.find_form(item, operator.clause)
        assert form
        assert operator.value in _KINDS[form.kind], operator


def test_the_clauses_of_metadata_are_those_of_the_language():
    found = set()
    for kind in ("TEXT", "NUMBER", "BOOLEAN", "TIME"):
        attribute = metadata_attribute(MetadataKey("k", kind))
        found |= {operator.clause.removeprefix("meta.k-") for operator in attribute.operators}
    assert found == set(language.METADATA_OPERATORS)
