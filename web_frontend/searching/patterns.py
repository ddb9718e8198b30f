r"""Patterns as people write them, with `*` and `?`, and as the JSON form has them, `%` and `_`."""

from collections.abc import Iterator

_FROM_TYPED = {"*": "%", "?": "_"}
_TO_TYPED = {"%": "*", "_": "?"}


def to_pattern(typed: str) -> str:
    r"""Return the pattern of a text with `*` and `?`; a backslash makes either plain."""
    return "".join(
        _FROM_TYPED[sign] if wild else _plain(sign) for sign, wild in _signs(typed, _FROM_TYPED)
    )


def from_pattern(pattern: str) -> str:
    r"""Return the text with `*` and `?` that a pattern is written as."""
    return "".join(
        _TO_TYPED[sign] if wild else (f"\\{sign}" if sign in "*?\\" else sign)
        for sign, wild in _signs(pattern, _TO_TYPED)
    )


def literal_pattern(text: str) -> str:
    """Return the pattern that a text alone matches."""
    return "".join(map(_plain, text))


def inner_text(pattern: str) -> tuple[bool, str, bool] | None:
    """Return the plain text of a pattern, and whether anything may stand before and behind it.

    None when it has other wildcards.
    """
    signs = list(_signs(pattern, _TO_TYPED))
    before = signs[:1] == [("%", True)]
    signs = signs[1:] if before else signs
    behind = signs[-1:] == [("%", True)]
    signs = signs[:-1] if behind else signs
    if any(wild for _sign, wild in signs):
        return None
    return before, "".join(sign for sign, _wild in signs), behind


def _plain(sign: str) -> str:
    return f"\\{sign}" if sign in "%_\\" else sign


def _signs(text: str, wildcards: dict[str, str]) -> Iterator[tuple[str, bool]]:
    """Yield each character that is meant, and whether it is a wildcard."""
    signs = iter(text)
    for sign in signs:
        if sign == "\\":
            yield next(signs, "\\"), False
        else:
            yield sign, sign in wildcards
