"""Values as the text form of a search takes them."""

import re

_BARE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_./+-]*")


def quote_value(text: str) -> str:
    """Return a text as a value that means just it: in quotes where a sign might mean something."""
    if _BARE.fullmatch(text):
        return text
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
