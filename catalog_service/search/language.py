"""The JSON form of a search: text to tree, strictly, with errors that say where and what to do."""

import difflib
import json
import re
from typing import Any, NoReturn

from catalog_service.search.attributes import (
    CLAUSE_BY_ALIAS,
    FORM_BY_CLAUSE,
    ClauseForm,
    Kind,
)
from catalog_service.search.patterns import check_pattern
from catalog_service.search.tree import And, Clause, Comparison, Constant, NoneOf, Or, Value
from librarian.errors import InvalidRequestError

MAX_BYTES = 64 * 1024
MAX_DEPTH = 32
MAX_CLAUSES = 256

_GROUPS: dict[str, type[And] | type[Or] | type[NoneOf]] = {"and": And, "or": Or, "none-of": NoneOf}
_CONSTANTS = {"always-true": True, "always-false": False}
_CLAUSES = [*_GROUPS, *_CONSTANTS, *FORM_BY_CLAUSE, *CLAUSE_BY_ALIAS]
_LARGEST = 2**63 - 1
_SURROGATE = re.compile("[\ud800-\udfff]")
# A string as a whole, so that what looks like a comment or a bracket in it is left alone.
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"?|#[^\n]*|[\[\]{}]', re.DOTALL)


class _Object(list[tuple[str, Any]]):
    """The members of a JSON object in their order, with repeated keys kept."""


def parse_search(text: str) -> Clause:
    """Return the tree that a search in JSON means, or raise InvalidRequestError."""
    size_bytes = len(text.encode("utf-8", "surrogatepass"))
    if size_bytes > MAX_BYTES:
        raise InvalidRequestError(
            f"A search has at most {MAX_BYTES:,} bytes, this one has {size_bytes:,}."
        )
    document = _read_json(_without_comments(text))
    if not isinstance(document, _Object):
        raise InvalidRequestError(
            f'A search is a JSON object such as {{"name-matches": "zen.%"}}, not {_show(document)}.'
        )
    tree = _group(And, "The search", document)
    if _count(tree) > MAX_CLAUSES:
        raise InvalidRequestError(f"A search has at most {MAX_CLAUSES} clauses: split this one.")
    return tree


def _without_comments(text: str) -> str:
    """Blank comments out, so that columns stay true, and refuse what nests too deep."""
    depth = 0
    kept: list[str] = []
    end = 0
    for token in _TOKEN.finditer(text):
        kept.append(text[end : token.start()])
        end = token.end()
        word = token.group()
        kept.append(" " * len(word) if word.startswith("#") else word)
        depth += {"{": 1, "[": 1, "}": -1, "]": -1}.get(word, 0)
        if depth > MAX_DEPTH:
            raise InvalidRequestError(
                f"The search nests more than {MAX_DEPTH} brackets deep at "
                f"{_place(text, token.start())}: say it with fewer levels."
            )
    return "".join([*kept, text[end:]])


def _place(text: str, position: int) -> str:
    line = text.count("\n", 0, position) + 1
    return f"line {line}, column {position - text.rfind(chr(10), 0, position)}"


def _read_json(text: str) -> Any:
    try:
        return json.loads(
            text,
            object_pairs_hook=_Object,
            parse_constant=_refuse_constant,
            parse_int=_whole_number,
            parse_float=_number,
        )
    except json.JSONDecodeError as error:
        raise InvalidRequestError(
            f"The search is not JSON: {error.msg} at line {error.lineno}, column {error.colno}."
        ) from None


def _refuse_constant(word: str) -> NoReturn:
    raise InvalidRequestError(f"{word} is not a number that a search can use.")


def _whole_number(digits: str) -> int:
    # Python itself refuses thousands of digits, with an error of its own.
    number = int(digits) if len(digits) <= 20 else _LARGEST + 1
    if abs(number) > _LARGEST:
        raise InvalidRequestError(f"The number {digits[:20]}… in the search is too large.")
    return number


def _number(digits: str) -> float:
    number = float(digits)
    if abs(number) == float("inf"):
        raise InvalidRequestError(f"The number {digits[:20]} in the search is too large.")
    return number


def _group(kind: type[And] | type[Or] | type[NoneOf], name: str, members: Any) -> Clause:
    if not isinstance(members, _Object):
        raise InvalidRequestError(
            f"{name} takes an object of clauses in braces, not {_show(members)}."
        )
    if not members:
        raise InvalidRequestError(
            f'{name} has no clause in it; {{"always-true": true}} matches every file.'
        )
    return kind(tuple(clause for key, payload in members for clause in _clauses(key, payload)))


def _clauses(name: str, payload: Any) -> list[Clause]:
    """Return what one member means: several clauses, all to hold, when it lists several values."""
    if name in _CONSTANTS:
        return [Constant(_CONSTANTS[name])]
    if name in _GROUPS:
        return [_group(_GROUPS[name], f"The clause '{name}'", payload)]
    form = FORM_BY_CLAUSE.get(CLAUSE_BY_ALIAS.get(name, name))
    if form is None:
        _refuse_unknown(name)
    if isinstance(payload, list) and not isinstance(payload, _Object):
        if not payload:
            raise InvalidRequestError(f"The clause '{name}' has an empty list: give it a value.")
        both = tuple(_comparison(name, form, value) for value in payload)
        return [both[0] if len(both) == 1 else And(both)]
    return [_comparison(name, form, payload)]


def _refuse_unknown(name: str) -> NoReturn:
    near = difflib.get_close_matches(name[:100], _CLAUSES, n=3, cutoff=0.5)
    known = f"did you mean {_any_of(near)}?" if near else f"known are {_any_of(sorted(_CLAUSES))}."
    raise InvalidRequestError(f"There is no search clause {_show(name)}; {known}")


def _any_of(names: list[str]) -> str:
    quoted = [f"'{name}'" for name in names]
    return " or ".join([", ".join(quoted[:-1]), quoted[-1]] if len(quoted) > 1 else quoted)


def _comparison(name: str, form: ClauseForm, value: Any) -> Comparison:
    if not _fits(form.kind, value):
        raise InvalidRequestError(
            f"The clause '{name}' takes {form.kind.value}, not {_show(value)}."
        )
    if isinstance(value, str):
        _check_text(name, value)
    if form.kind is Kind.PATTERN:
        check_pattern(value)
    return Comparison(form.attribute, form.operator, value)


def _fits(kind: Kind, value: Any) -> bool:
    if kind in (Kind.TEXT, Kind.PATTERN):
        return isinstance(value, str)
    # To Python, true and false are numbers as well.
    numbers = int if kind is Kind.WHOLE_NUMBER else (int, float)
    return isinstance(value, numbers) and not isinstance(value, bool)


def _check_text(name: str, value: Value) -> None:
    # PostgreSQL takes neither; no file can have them in what is searched.
    if "\0" in str(value) or _SURROGATE.search(str(value)):
        raise InvalidRequestError(
            f"The clause '{name}' has a character in its value that no file can have: "
            f"{_show(value)}."
        )


def _count(tree: Clause) -> int:
    inner = tree.clauses if isinstance(tree, And | Or | NoneOf) else ()
    return 1 + sum(_count(clause) for clause in inner)


def _show(value: Any) -> str:
    """Return a value as JSON writes it, short and harmless to a terminal."""
    if isinstance(value, _Object):
        return "an object"
    if isinstance(value, list):
        return "a list"
    text = json.dumps(value)
    return text if len(text) <= 60 else f"{text[:60]}…"
