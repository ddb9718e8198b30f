"""The JSON form of a search: from what was read to the tree that it means."""

from collections.abc import Callable, Iterable, Iterator

from catalog_service.search.attributes import (
    METADATA_OPERATORS,
    METADATA_PREFIX,
    ClauseForm,
    ItemKind,
    Kind,
    clause_names,
    find_form,
)
from catalog_service.search.json_reader import Array, Key, Node, Object, Scalar, Texts, read_json
from catalog_service.search.json_values import LISTS, READERS
from catalog_service.search.limits import check_tree
from catalog_service.search.mistakes import located, nearest, shown
from catalog_service.search.tree import (
    Clause,
    Comparison,
    Constant,
    ObservationMatches,
    Saved,
    all_of,
    any_of,
    none_of,
)
from catalog_service.search.values import check_metadata_key, check_text
from librarian.errors import InvalidRequestError

CONSTANTS = {"always-true": True, "always-false": False}
GROUPS: dict[str, Callable[[Iterable[Clause]], Clause]] = {
    "and": all_of,
    "or": any_of,
    "none-of": none_of,
}
OBSERVATION_MATCHES = "obs-matches"
SAVED = "saved-search"

# Longer lists are only named in an error.
_MAX_SHOWN_VALUES = 10


def parse_json(text: str, item: ItemKind) -> Clause:
    """Return the tree that a search in JSON means, or raise InvalidRequestError."""
    document = read_json(text)
    if not isinstance(document, Object):
        raise located(f"A search is an object of clauses such as {_example(item)}.", document.place)
    tree = all_of(_members("The search", document, item))
    check_tree(tree)
    return tree


def _example(item: ItemKind) -> str:
    return '{"name-matches": "zen.%"}' if item is ItemKind.FILES else '{"num-files-at-least": 1}'


def _members(name: str, node: Object, item: ItemKind) -> list[Clause]:
    if not node.members:
        raise located(
            f'{name} has no clause in it: write one, {{"always-true": true}} matches all.',
            node.place,
        )
    return [_clause(key, payload, item) for key, payload in node.members]


def _clause(key: Key, payload: Node, item: ItemKind) -> Clause:
    if key.name in CONSTANTS:
        return Constant(CONSTANTS[key.name])
    if key.name in GROUPS:
        return _group(key, payload, item)
    if key.name == OBSERVATION_MATCHES and item is ItemKind.FILES:
        objects = _objects(key, payload)
        return all_of(_observation_matches(key, inner) for inner in objects)
    if key.name == SAVED:
        return all_of(_saved(key, name) for name in _alternatives(key, payload))
    form = find_form(item, key.name)
    if form is None:
        raise _unknown(key, item)
    return all_of(_comparisons(key, form, payload))


def _group(key: Key, payload: Node, item: ItemKind) -> Clause:
    make = GROUPS[key.name]
    name = f"The clause '{key.name}'"
    if isinstance(payload, Object):
        return make(_members(name, payload, item))
    return make(all_of(_members(name, inner, item)) for inner in _objects(key, payload))


def _objects(key: Key, payload: Node) -> list[Object]:
    if isinstance(payload, Array) and not payload.items:
        raise _empty(key, payload)
    nodes = payload.items if isinstance(payload, Array) else (payload,)
    objects = [node for node in nodes if isinstance(node, Object)]
    if len(objects) == len(nodes):
        return objects
    wrong = next(node for node in nodes if not isinstance(node, Object))
    raise located(
        f"The clause '{key.name}' takes an object of clauses in braces, or a list of such, "
        f"not {_show(wrong)}.",
        wrong.place,
    )


def _observation_matches(key: Key, node: Object) -> Clause:
    clauses = _members(f"The clause '{key.name}'", node, ItemKind.OBSERVATIONS)
    return ObservationMatches(all_of(clauses))


def _saved(key: Key, node: Node) -> Clause:
    if not (isinstance(node, Scalar) and isinstance(node.value, str) and node.value):
        raise located(
            f"The clause '{key.name}' takes the name of a saved search in quotes, "
            f"not {_show(node)}.",
            node.place,
        )
    return Saved(check_text(node.value, node.place), node.place)


def _comparisons(key: Key, form: ClauseForm, payload: Node) -> Iterator[Clause]:
    """Yield what one member means: several clauses, all to hold, when it lists several values."""
    if form.attribute.startswith(METADATA_PREFIX):
        check_metadata_key(form.attribute.removeprefix(METADATA_PREFIX), key.place)
    nodes = [payload]
    if form.kind is not Kind.ANYTHING:
        nodes = _alternatives(key, payload, is_list=form.kind in LISTS)
    for node in nodes:
        value = READERS[form.kind](node)
        if value is None:
            wrong = _wrong_part(form.kind, node)
            raise located(
                f"The clause '{key.name}' takes {form.kind.value}, not {_show(wrong)}.", wrong.place
            )
        yield Comparison(form.attribute, form.operator, value, node.place)


def _wrong_part(kind: Kind, node: Node) -> Node:
    """Return the first of a list of values that cannot be there, or else the whole."""
    if kind not in (Kind.TEXTS, Kind.SCALARS) or not isinstance(node, Array):
        return node
    alone = (item for item in node.items if READERS[kind](Array((item,), item.place)) is None)
    return next(alone, node)


def _alternatives(key: Key, payload: Node, *, is_list: bool = False) -> list[Node]:
    """Return the values of a clause: one, or those of a list; a value can be a list itself."""
    if isinstance(payload, Array) and not payload.items:
        raise _empty(key, payload)
    if isinstance(payload, Texts) and not is_list:
        return [Scalar(text, payload.place) for text in payload.texts]
    if isinstance(payload, Array) and is_list == isinstance(payload.items[0], Array | Texts):
        return list(payload.items)
    return [payload]


def _empty(key: Key, payload: Array) -> InvalidRequestError:
    return located(f"The clause '{key.name}' has an empty list: give it a value.", payload.place)


def _unknown(key: Key, item: ItemKind) -> InvalidRequestError:
    if key.name.startswith(METADATA_PREFIX) and item is ItemKind.FILES:
        attribute = key.name.partition("-")[0]
        known = [f"{attribute}-{operator}" for operator in METADATA_OPERATORS]
    else:
        known = [*clause_names(item), *CONSTANTS, *GROUPS, SAVED]
        known += [OBSERVATION_MATCHES] if item is ItemKind.FILES else []
    return located(
        f"There is no clause {shown(key.name)} of {item.value}; {nearest(key.name, known)}",
        key.place,
    )


def _show(node: Node) -> str:
    if isinstance(node, Object):
        return "an object"
    if isinstance(node, Array):
        values = [inner.value for inner in node.items if isinstance(inner, Scalar)]
        return shown(values) if len(values) == len(node.items) <= _MAX_SHOWN_VALUES else "a list"
    return shown(node.value) if isinstance(node, Scalar) else "a list of texts"
