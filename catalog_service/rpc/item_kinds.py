"""Kinds of items, on the wire and here."""

from catalog_service.search.attributes import ItemKind
from librarian.errors import InvalidRequestError
from librarian.v1 import search_pb2

_ITEMS = {
    search_pb2.ITEM_KIND_UNSPECIFIED: ItemKind.FILES,
    search_pb2.FILES: ItemKind.FILES,
    search_pb2.OBSERVATIONS: ItemKind.OBSERVATIONS,
    search_pb2.SESSIONS: ItemKind.SESSIONS,
    # A search of instances is one of their files.
    search_pb2.INSTANCES: ItemKind.FILES,
}
_NUMBERS = {
    ItemKind.FILES: search_pb2.FILES,
    ItemKind.OBSERVATIONS: search_pb2.OBSERVATIONS,
    ItemKind.SESSIONS: search_pb2.SESSIONS,
}


def item_of(kind: "search_pb2.ItemKind") -> ItemKind:
    """Return what a search finds that a caller wants of a kind, or raise InvalidRequestError."""
    if kind not in _ITEMS:
        raise InvalidRequestError(f"There is no kind of item {kind}.")
    return _ITEMS[kind]


def item_kind_number(item: ItemKind) -> "search_pb2.ItemKind":
    """Return the number by which messages tell what a search finds."""
    return _NUMBERS[item]
