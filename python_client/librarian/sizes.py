"""Sizes for people."""

_UNITS = ("B", "kB", "MB", "GB", "TB", "PB")


def format_size(size_bytes: float) -> str:
    """Return a size for people, in decimal units."""
    value, power = float(size_bytes), 0
    while value >= 999.5 and power < len(_UNITS) - 1:
        value, power = value / 1000, power + 1
    digits = 0 if power == 0 or value >= 99.95 else 1
    return f"{value:.{digits}f} {_UNITS[power]}"
