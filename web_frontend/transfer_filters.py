"""Which transfers are looked at: what an address says, and what of them an action concerns."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import islice
from typing import Any

from librarian.client.librarian import Librarian
from librarian.client.transfer_records import Changed, Transfer, TransferPage
from librarian.client.transfers import ACTIVE_STATES, UNSENT_STATES

PAGE_SIZE = 50
MOST_AT_ONCE = 10_000
"""An action takes so many transfers at most; a person can repeat it."""

_LARGEST_PAGE = 1000
STATES = (*ACTIVE_STATES, "CONFIRMED", *UNSENT_STATES)
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
# What an action changes; the rest is left as it is.
CONCERNED = {"cancel": ACTIVE_STATES, "retry": UNSENT_STATES}


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


@dataclass(frozen=True, slots=True)
class Concerned:
    """The transfers that an action would change, as far as they were counted."""

    ids: Sequence[int]
    has_more: bool


def read_filter(values: Mapping[str, str]) -> TransferFilter:
    """Return the filter that an address, or a form, tells; a state that there is not is all."""
    state = values.get("state", "")
    return TransferFilter(
        values.get("to", "").strip(),
        values.get("order", "").strip(),
        values.get("file", "").strip(),
        state if state in GROUPS else "",
    )


def list_page(
    site: Librarian, chosen: TransferFilter, page_token: str = "", page_size: int = PAGE_SIZE
) -> TransferPage:
    """Return one page of the transfers that a filter holds for, newest first."""
    return _page(site, chosen, chosen.states, page_size=page_size, page_token=page_token)


def list_going(site: Librarian, chosen: TransferFilter, limit: int = 200) -> Sequence[Transfer]:
    """Return the newest transfers under way that a filter holds for."""
    if chosen.states and not set(chosen.states) & set(GROUPS["going"]):
        return ()
    return _page(site, chosen, GROUPS["going"], page_size=limit).transfers


def find_concerned(
    site: Librarian, chosen: TransferFilter, action: str, last_id: int = 0
) -> Concerned:
    """Return the newest transfers of a filter that an action would change, MOST_AT_ONCE of them.

    With a `last_id` only those up to that number: what a person was shown.
    """
    states = [one for one in CONCERNED[action] if one in (chosen.states or STATES)]
    ids: list[int] = []
    token = ""
    while states and len(ids) <= MOST_AT_ONCE:
        page = _page(
            site, chosen, states, page_size=_LARGEST_PAGE, page_token=token, last_id=last_id
        )
        ids += [transfer.id for transfer in page.transfers]
        token = page.next_page_token
        if not token:
            break
    return Concerned(list(islice(ids, MOST_AT_ONCE)), len(ids) > MOST_AT_ONCE)


def apply_action(site: Librarian, action: str, ids: Sequence[int]) -> Changed:
    """Cancel transfers, or queue them anew; say how many, and how many stay as they are."""
    if not ids:
        return Changed()
    return site.cancel_transfers(ids) if action == "cancel" else site.retry_transfers(ids)


def _page(
    site: Librarian,
    chosen: TransferFilter,
    states: Sequence[str],
    *,
    page_size: int,
    page_token: str = "",
    last_id: int = 0,
) -> TransferPage:
    return site.list_transfer_page(
        chosen.to,
        chosen.order,
        chosen.file,
        states,
        page_size=page_size,
        page_token=page_token,
        last_id=last_id,
    )
