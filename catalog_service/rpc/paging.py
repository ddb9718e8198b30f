"""Sizes of pages."""

from librarian.errors import InvalidRequestError


def page_size_of(asked: int, default: int, largest: int) -> int:
    """Return how many items a page shall have; raise InvalidRequestError for less than none."""
    if asked < 0:
        raise InvalidRequestError("A page_size is 0, for the default, or more.")
    return min(asked or default, largest)
