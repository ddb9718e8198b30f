"""Rates as people type them: `20MB/s`."""

import re
from typing import Any

import click

_RATE = re.compile(r"([0-9]+(?:\.[0-9]+)?) ?([kmgt]?i?)b?(?:/s)?", re.IGNORECASE)
_POWERS = {"": 0, "k": 1, "m": 2, "g": 3, "t": 4}


class _Bandwidth(click.ParamType[int]):
    """Bytes a second."""

    name = "rate"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Return the bytes a second."""
        found = _RATE.fullmatch(str(value).strip())
        if found is None or found[2].lower() == "i":
            self.fail(f"'{value}' is no rate: give one such as 20MB/s or 512KiB/s.", param, ctx)
        unit = found[2].lower()
        base = 1024 if unit.endswith("i") else 1000
        factor: int = base ** _POWERS[unit.removesuffix("i")]
        return round(float(found[1]) * factor)


BANDWIDTH = _Bandwidth()
