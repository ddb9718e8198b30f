"""Standing orders as a form has them: hours as two times of day, a limit as a number and a unit."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cache
from typing import Any
from zoneinfo import available_timezones

from librarian.client.standing_orders import StandingOrder

RATE_UNITS: Mapping[str, int] = {"kB/s": 1000, "MB/s": 1000**2, "GB/s": 1000**3}
DEFAULT_PRIORITY = 10
_LARGEST_RATE = 2**62


@dataclass(slots=True)
class OrderForm:
    """What a person has put into the form, and what is wrong with it by field."""

    name: str = ""
    librarian: str = ""
    search: str = ""
    priority: str = str(DEFAULT_PRIORITY)
    begin: str = ""
    end: str = ""
    timezone: str = ""
    limit: str = ""
    limit_unit: str = "MB/s"
    enabled: bool = True
    errors: dict[str, str] = field(default_factory=dict)

    @property
    def hours(self) -> str:
        """Return the hours as the catalogue has them; empty for always."""
        return f"{self.begin}-{self.end}" if self.begin or self.end else ""

    @property
    def priority_number(self) -> int:
        """Return the priority; 0 when what is there is no number."""
        is_number = self.priority.isascii() and self.priority.isdigit() and len(self.priority) < 4
        return int(self.priority) if is_number else 0

    @property
    def bytes_per_second(self) -> int:
        """Return the limit; 0 for none, and for what is no number."""
        return _rate(self.limit, self.limit_unit) or 0

    def validate(self) -> bool:
        """Note what is wrong field by field; tell whether nothing is.

        The catalogue decides on all that is not of the form itself.
        """
        self.errors = {}
        if not self.name:
            self.errors["name"] = "Give the order a name, such as nightly-to-archive."
        if not self.librarian:
            self.errors["librarian"] = "Choose where to push it."
        if not self.search:
            self.errors["search"] = "Say what to push, such as name:zen.*.uvh5."
        if not 1 <= self.priority_number <= 100:
            self.errors["priority"] = "The priority is a whole number from 1 to 100."
        if bool(self.begin) != bool(self.end):
            self.errors["hours"] = "Give both times of day, or none for always."
        if self.limit and _rate(self.limit, self.limit_unit) is None:
            self.errors["limit"] = "The limit is a number above 0, or nothing for none."
        return not self.errors


def read_order_form(values: Mapping[str, str]) -> OrderForm:
    """Return the form that was sent."""
    plain = ("name", "librarian", "priority", "begin", "end", "timezone", "limit", "limit_unit")
    given: dict[str, Any] = {name: values[name].strip() for name in plain if name in values}
    # Browsers send the ends of lines as CR LF.
    search = values.get("search", "").replace("\r\n", "\n").strip()
    return OrderForm(**given, search=search, enabled="enabled" in values)


def order_form(order: StandingOrder) -> OrderForm:
    """Return the form that changes an order."""
    begin, _, end = order.hours.partition("-")
    limit, unit = split_rate(order.bandwidth_bytes_per_second)
    return OrderForm(
        name=order.name,
        librarian=order.librarian,
        search=order.search,
        priority=str(order.priority),
        begin=begin,
        end=end,
        timezone=order.timezone,
        limit=limit,
        limit_unit=unit,
        enabled=order.enabled,
    )


def split_rate(bytes_per_second: int) -> tuple[str, str]:
    """Return a rate as a number and the largest unit in which it is written in full."""
    if not bytes_per_second:
        return "", "MB/s"
    rate = Decimal(bytes_per_second)
    for unit, factor in sorted(RATE_UNITS.items(), key=lambda item: -item[1]):
        number = rate / factor
        if number >= 1 and number == round(number, 1):
            return _digits(number), unit
    return _digits(rate / 1000), "kB/s"


@cache
def known_timezones() -> tuple[str, ...]:
    """Return the time zones that people call by a place, and UTC."""
    return ("UTC", *sorted(name for name in available_timezones() if _is_place(name)))


def _is_place(name: str) -> bool:
    region, slash, _ = name.partition("/")
    return bool(slash) and region not in {"Etc", "SystemV", "US", "posix", "right"}


def _digits(number: Decimal) -> str:
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _rate(text: str, unit: str) -> int | None:
    """Return bytes a second; None for what is no number above 0, or no unit."""
    try:
        number = float(text) * RATE_UNITS[unit]
    except (ValueError, KeyError):
        return None
    return round(number) if math.isfinite(number) and 1 <= number <= _LARGEST_RATE else None
