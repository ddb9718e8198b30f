"""Transfers as pages list them, and those that an action concerns."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice

from librarian.client.librarian import Librarian
from librarian.client.transfer_records import Transfer, TransferPage
from librarian.client.transfers import ACTIVE_STATES, UNSENT_STATES
from web_frontend.forms.transfers import GROUPS, TransferFilter

PAGE_SIZE = 50
MOST_AT_ONCE = 10_000
"""An action takes so many transfers at most; a person can repeat it."""

_LARGEST_PAGE = 1000
_STATES = (*ACTIVE_STATES, "CONFIRMED", *UNSENT_STATES)
# What an action changes; the rest is left as it is.
CONCERNED = {"cancel": ACTIVE_STATES, "retry": UNSENT_STATES}


@dataclass(frozen=True, slots=True)
class Concerned:
    """The transfers that an action would change, as far as they were counted."""

    ids: Sequence[int]
    has_more: bool


def list_page(
    site: Librarian, chosen: TransferFilter, page_token: str = "", page_size: int = PAGE_SIZE
) -> TransferPage:
    """Return one page of the transfers that a filter holds for, newest first."""
    return _page(site, chosen, chosen.states, page_size=page_size, page_token=page_token)


def list_going(site: Librarian, chosen: TransferFilter, limit: int = 100) -> Sequence[Transfer]:
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
    states = [one for one in CONCERNED[action] if one in (chosen.states or _STATES)]
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
