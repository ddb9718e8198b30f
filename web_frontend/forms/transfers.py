"""Which transfers are looked at: what an address, or a form, says."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

GROUPS: Mapping[str, tuple[str, ...]] = {
    "": (),
    "going": ("OFFERED", "SENDING", "SENT"),
    "queued": ("QUEUED",),
    "attention": ("FAILED", "DECLINED"),
    "confirmed": ("CONFIRMED",),
    "cancelled": ("CANCELLED",),
}
GROUP_TITLES = {
    "": "All",
    "going": "Under way",
    "queued": "Queued",
    "attention": "Needs a person",
    "confirmed": "Confirmed",
    "cancelled": "Cancelled",
}


@dataclass(frozen=True, slots=True)
class TransferFilter:
    """What is empty holds for all; a state is a name of GROUPS."""

    to: str = ""
    order: str = ""
    file: str = ""
    state: str = ""

    @property
    def states(self) -> Sequence[str]:
        """Return the states of its group, none for all."""
        return GROUPS.get(self.state, ())

    @property
    def is_empty(self) -> bool:
        """Tell whether it holds for all transfers."""
        return self == TransferFilter()

    def query(self, **changes: str) -> dict[str, Any]:
        """Return what an address says of it, with changes; what is empty is left away."""
        return {name: value for name, value in {**asdict(self), **changes}.items() if value}


def read_filter(values: Mapping[str, str]) -> TransferFilter:
    """Return the filter that an address, or a form, tells; a state that there is not is all."""
    state = values.get("state", "")
    return TransferFilter(
        values.get("to", "").strip(),
        values.get("order", "").strip(),
        values.get("file", "").strip(),
        state if state in GROUPS else "",
    )
