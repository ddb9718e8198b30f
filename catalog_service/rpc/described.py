"""What the audit log says of a call: what it is done to, and details without any secret.

Only the fields that are named here are shown, so that a new one is not told before somebody decided
that it is no secret.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from google.protobuf.json_format import MessageToDict
from google.protobuf.message import Message

# So much of a text, and so many items of a list, are told.
_TEXT_CHARACTERS = 300
_ITEMS = 10


@dataclass(frozen=True)
class Description:
    """What an entry says of a call."""

    subject: str = ""
    details: dict[str, Any] = field(default_factory=dict)


# Gets the request, or the first of a stream.
Describe = Callable[[Any], Description]


def fields(subject: str, *shown: str, changed: Iterable[str] = ()) -> Describe:
    """Describe calls by fields, `outer.inner` for one of a message within.

    Of those that `changed` names it is only told that they were given: they are secret, or long.
    """
    secret = tuple(changed)

    def describe(request: Message) -> Description:
        details = {path.rpartition(".")[2]: _value(request, path) for path in shown}
        details["changed"] = [name for name in secret if _value(request, name) is not None]
        told = {name: value for name, value in details.items() if value not in (None, [], {})}
        return Description(_subject(request, subject), told)

    return describe


def uploads(request: Any) -> Description:
    """Describe a batch of uploads that start: one entry for all."""
    names = [item.file_name for item in request.uploads]
    details: dict[str, Any] = {"file_count": len(names), "first_names": _cut(names)}
    stores = sorted({item.store_name for item in request.uploads if item.store_name})
    if stores:
        details["store_names"] = _cut(stores)
    return Description(names[0] if len(names) == 1 else "", details)


def completions(request: Any) -> Description:
    """Describe a batch of uploads that are complete: one entry for all."""
    ids = [item.id for item in request.uploads]
    return Description(
        ids[0] if len(ids) == 1 else "", {"file_count": len(ids), "first_uploads": _cut(ids)}
    )


def token(request: Any) -> Description:
    """Describe a call about a token by its public part, for it may bring the whole."""
    whole = str(request.id)
    return Description(whole.split("_")[1] if whole.count("_") > 1 else whole[:16])


def _subject(request: Message, path: str) -> str:
    value = _value(request, path) if path else None
    if isinstance(value, list):
        return str(value[0]) if len(value) == 1 else ""
    return "" if value is None else str(value)


def _value(request: Message, path: str) -> Any:
    """Return a field as JSON has it; None for one that was not given."""
    outer, _, inner = path.partition(".")
    value = getattr(request, outer)
    if inner:
        return _value(value, inner)
    described = request.DESCRIPTOR.fields_by_name[outer]
    if described.has_presence and not request.HasField(outer):
        return None
    if described.is_repeated:
        return _repeated(described, value)
    if described.has_presence or value:
        return _single(described, value)
    return None


def _single(described: Any, value: Any) -> Any:
    if described.enum_type is not None:
        known = described.enum_type.values_by_number.get(value)
        return known.name if known else value
    if described.message_type is not None:
        return _cut(MessageToDict(value))
    return _cut(value)


def _repeated(described: Any, values: Any) -> Any:
    if hasattr(values, "items"):
        # Of what is kept by key: the keys.
        return _cut(sorted(values))
    return _limit([_single(described, value) for value in values[:_ITEMS]], len(values))


def _cut(value: Any) -> Any:
    if isinstance(value, str) and len(value) > _TEXT_CHARACTERS:
        return f"{value[:_TEXT_CHARACTERS]}…"
    if isinstance(value, list):
        return _limit([_cut(item) for item in value[:_ITEMS]], len(value))
    if isinstance(value, dict):
        return {key: _cut(item) for key, item in value.items()}
    return value


def _limit(items: list[Any], count: int) -> list[Any]:
    return [*items, f"and {count - _ITEMS} more"] if count > _ITEMS else items
