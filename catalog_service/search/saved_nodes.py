"""Saved searches within searches: `@name` is replaced by what it stands for."""

from dataclasses import replace

from sqlalchemy.orm import Session

from catalog_service import saved_searches
from catalog_service.search.attributes import ItemKind
from catalog_service.search.language import parse_search
from catalog_service.search.limits import check_tree, size_bytes
from catalog_service.search.mistakes import located, shown
from catalog_service.search.tree import (
    And,
    Clause,
    Comparison,
    NoneOf,
    ObservationMatches,
    Or,
    Place,
    Saved,
    all_of,
    any_of,
    none_of,
)
from catalog_service.tables import SavedSearch
from librarian.errors import InvalidRequestError

_MAX_DEPTH = 16
# Searches that stand for searches can stand for more than there is room for.
_MAX_EXPANSIONS = 256
_MAX_EXPANDED_BYTES = 4 * 1024 * 1024
_GROUPS = {And: all_of, Or: any_of, NoneOf: none_of}


def expand_saved(db: Session, clause: Clause, item: ItemKind, account_name: str) -> Clause:
    """Return a tree in which what each saved search stands for has its place.

    Raises InvalidRequestError for one that is not known, finds something else, or contains itself.
    """
    return _Expansion(db, account_name).expand(clause, item, account_name, within=())


def check_saved(db: Session, saved: SavedSearch, clause: Clause, account_name: str) -> None:
    """Raise InvalidRequestError unless a search that is being saved stands for something.

    It is on record already, so that it is found where it contains itself.
    """
    item, within = ItemKind(saved.item_kind), (saved.id,)
    check_tree(_Expansion(db, account_name).expand(clause, item, account_name, within))


class _Expansion:
    """Expands what saved searches stand for; `within` are those that are being expanded."""

    def __init__(self, db: Session, account_name: str) -> None:
        self._db = db
        self._account_name = account_name
        self._count = 0
        self._size_bytes = 0

    def expand(
        self, clause: Clause, item: ItemKind, account_name: str, within: tuple[int, ...]
    ) -> Clause:
        """Return a tree without saved searches."""
        if isinstance(clause, Saved):
            return self._stands_for(clause, item, account_name, within)
        if isinstance(clause, ObservationMatches):
            inner = self.expand(clause.clause, ItemKind.OBSERVATIONS, account_name, within)
            return ObservationMatches(inner)
        if isinstance(clause, And | Or | NoneOf):
            each = [self.expand(one, item, account_name, within) for one in clause.clauses]
            return _GROUPS[type(clause)](each)
        return clause

    def _stands_for(
        self, clause: Saved, item: ItemKind, account_name: str, within: tuple[int, ...]
    ) -> Clause:
        place, name = clause.place or Place(1, 1), shown(clause.name)
        try:
            saved, owner = saved_searches.find_saved_search(self._db, account_name, clause.name)
            self._check(saved, name, item, within)
        except InvalidRequestError as error:
            raise located(str(error), place) from None
        try:
            tree = parse_search(saved.search, item)
            # What its owner calls by a name is the owner's, whoever uses it.
            expanded = self.expand(tree, item, owner, (*within, saved.id))
            check_tree(expanded)
        except InvalidRequestError as error:
            raise located(self._inner_message(name, owner, error), place) from None
        return _placed(expanded, place)

    def _inner_message(self, name: str, owner: str, error: InvalidRequestError) -> str:
        if owner == self._account_name:
            return f"in the saved search {name}: {error}"
        # What is wrong with it may name what its owner keeps private.
        return (
            f"The saved search {name} of {owner!r} cannot be used here: what it stands for is too"
            " large, not understood any more, or itself. Ask its owner, or say it another way."
        )

    def _check(
        self, saved: SavedSearch, name: str, item: ItemKind, within: tuple[int, ...]
    ) -> None:
        self._count += 1
        self._size_bytes += size_bytes(saved.search)
        if saved.item_kind != item.value:
            raise InvalidRequestError(
                f"The saved search {name} finds {saved.item_kind},"
                f" and {item.value} are looked for here."
            )
        if saved.id in within:
            raise InvalidRequestError(f"The saved search {name} contains itself.")
        if len(within) >= _MAX_DEPTH:
            raise InvalidRequestError(
                f"The saved search {name} lies more than {_MAX_DEPTH} deep in others."
            )
        if self._count > _MAX_EXPANSIONS:
            raise InvalidRequestError(
                f"A search stands for at most {_MAX_EXPANSIONS} saved searches: say less."
            )
        if self._size_bytes > _MAX_EXPANDED_BYTES:
            raise InvalidRequestError(
                f"The saved searches that a search stands for have at most {_MAX_EXPANDED_BYTES:,}"
                " bytes together: say less."
            )


def _placed(clause: Clause, place: Place) -> Clause:
    """Return what a saved search means as standing where the search names it.

    What only the catalogue finds wrong with it is then told where the person can see it.
    """
    if isinstance(clause, Comparison):
        return replace(clause, place=place)
    if isinstance(clause, ObservationMatches):
        return ObservationMatches(_placed(clause.clause, place))
    if isinstance(clause, And | Or | NoneOf):
        return type(clause)(tuple(_placed(one, place) for one in clause.clauses))
    return clause
