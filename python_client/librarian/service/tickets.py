"""Tickets: what a catalogue gives out so that a store agent lets the bearer in.

An agent makes a key, and shares it with its catalogue alone. A ticket that is signed with it
says what its bearer may do there, so that the agent need ask nobody.
"""

import secrets
from dataclasses import dataclass
from typing import Literal, get_args

from itsdangerous import BadData, URLSafeTimedSerializer

from librarian.errors import NotSignedInError

Action = Literal["manage", "write", "read", "push"]

_SALT = "librarian-ticket"
# Clocks of a site's hosts may differ by this much before tickets fail.
_CLOCK_SKEW_SECONDS = 300


@dataclass(frozen=True)
class Ticket:
    """What its bearer may do at one agent.

    `subject` is empty for `manage`, the batch of uploads for `write`, that of transfers for `push`;
    for `read` it is the store's name, a line feed, and the path.
    """

    action: Action
    subject: str = ""


def new_ticket_key() -> bytes:
    """Make a key; it lives as long as the agent's process."""
    return secrets.token_bytes(32)


def sign_ticket(key: bytes, ticket: Ticket, lifetime_seconds: int) -> str:
    """Return the ticket as text that only holders of the key can make."""
    claims = [ticket.action, ticket.subject, lifetime_seconds]
    return URLSafeTimedSerializer(key, salt=_SALT).dumps(claims)


def read_ticket(key: bytes, text: str) -> Ticket:
    """Return what a ticket allows; raise NotSignedInError when it is forged or has expired."""
    try:
        claims, signed = URLSafeTimedSerializer(key, salt=_SALT).loads(text, return_timestamp=True)
        action, subject, lifetime_seconds = claims
        URLSafeTimedSerializer(key, salt=_SALT).loads(
            text, max_age=lifetime_seconds + _CLOCK_SKEW_SECONDS
        )
    except (BadData, ValueError, TypeError) as error:
        raise NotSignedInError(
            "The ticket is not valid at this agent, or has expired: ask the catalogue again."
        ) from error
    if action not in get_args(Action) or not signed:
        raise NotSignedInError("The ticket says nothing that this agent knows.")
    return Ticket(action, subject)
