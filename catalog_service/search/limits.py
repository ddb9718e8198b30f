"""How long, wide and deep a search may be, in either form."""

from collections.abc import Iterator

from catalog_service.search.mistakes import located
from catalog_service.search.tree import (
    And,
    Clause,
    Comparison,
    NoneOf,
    ObservationMatches,
    Or,
    Place,
    Saved,
)

MAX_TEXT_BYTES = 32 * 1024 * 1024
# Of the text without its lists of values.
MAX_BARE_BYTES = 64 * 1024
# Comparisons, constants and saved searches.
MAX_CLAUSES = 256
# Groups within groups.
MAX_DEPTH = 32
MAX_LIST_VALUES = 100_000
# Of all lists together.
MAX_VALUES = 400_000
MAX_PATTERN_CHARACTERS = 1024

_START = Place(1, 1)


def check_text_size(text: str) -> None:
    """Raise InvalidRequestError when a search is too long to be looked at at all."""
    if size_bytes(text) > MAX_TEXT_BYTES:
        raise located(f"A search has at most {MAX_TEXT_BYTES // 2**20} MiB.", _START)


def check_bare_size(bare_bytes: int) -> None:
    """Raise InvalidRequestError when what is not in lists of values is too long."""
    if bare_bytes > MAX_BARE_BYTES:
        raise located(
            f"Without its lists of values, a search has at most {MAX_BARE_BYTES:,} bytes, "
            f"this one has {bare_bytes:,}.",
            _START,
        )


def check_list_size(values: int, place: Place) -> None:
    """Raise InvalidRequestError when a list of values is too long."""
    if values > MAX_LIST_VALUES:
        raise located(
            f"A list has at most {MAX_LIST_VALUES:,} values, this one more: search in parts.",
            place,
        )


def check_values(values: int, place: Place) -> None:
    """Raise InvalidRequestError when all lists of values together are too long."""
    if values > MAX_VALUES:
        raise located(
            f"The lists of a search have at most {MAX_VALUES:,} values together, these more: "
            "search in parts.",
            place,
        )


def check_tree(tree: Clause) -> None:
    """Raise InvalidRequestError when a search has too many clauses, or nests too deep."""
    place = _START
    for count, (clause, depth) in enumerate(_leaves(tree, 0), start=1):
        place = (clause.place if isinstance(clause, Comparison | Saved) else None) or place
        if count > MAX_CLAUSES:
            raise located(f"A search has at most {MAX_CLAUSES} clauses: split this one.", place)
        if depth > MAX_DEPTH:
            raise too_deep(place)


def too_deep(place: Place) -> Exception:
    """Return the error of a search that nests too deep."""
    return located(
        f"The search nests more than {MAX_DEPTH} levels deep: say it with fewer groups in groups.",
        place,
    )


def size_bytes(text: str) -> int:
    """Return how many bytes a text has in UTF-8, also one that has no right UTF-8."""
    return len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass"))


def _leaves(tree: Clause, depth: int) -> Iterator[tuple[Clause, int]]:
    # With a stack of its own: how deep the tree is, is what is to be found out.
    left = [(tree, depth)]
    while left:
        clause, depth = left.pop()
        if isinstance(clause, And | Or | NoneOf):
            left += [(inner, depth + 1) for inner in reversed(clause.clauses)]
        elif isinstance(clause, ObservationMatches):
            left.append((clause.clause, depth + 1))
        else:
            yield clause, depth
