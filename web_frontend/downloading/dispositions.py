"""The header that has a browser save what comes, under its own name."""

from urllib.parse import quote

# What a quoted string may hold without being read differently by some browser.
_PLAIN = frozenset(
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789 !#$&'()+,-.=@[]^_`{}~"
)


def attachment(name: str) -> str:
    """Return `Content-Disposition` for a name: RFC 6266, with RFC 8187 where it is not plain."""
    plain = "".join(c if c in _PLAIN else "_" for c in name)
    header = f'attachment; filename="{plain}"'
    if plain == name:
        return header
    return f"{header}; filename*=UTF-8''{quote(name, safe='')}"
