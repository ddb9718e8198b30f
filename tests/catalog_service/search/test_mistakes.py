"""What is said of names that nobody knows, however many are known."""

import pytest

from catalog_service.search.mistakes import nearest


@pytest.mark.parametrize(
    ("known", "says"),
    [
        (["quality"], "did you mean 'quality'?"),
        (["quality", "antenna", "quantity"], "did you mean 'quality' or 'quantity'?"),
        (["antenna"], "known are 'antenna'."),
        (["c", "a", "b"], "known are 'a', 'b' or 'c'."),
        ([], "none is known."),
    ],
)
def test_the_nearest_are_told_or_else_all(known: list[str], says: str) -> None:
    assert nearest("qualty", known) == says


def test_of_very_many_only_some_are_told() -> None:
    told = nearest("x", [f"a{number:063d}" for number in range(200)])
    assert told.endswith(" and 170 more.")
    assert len(told) < 2500
