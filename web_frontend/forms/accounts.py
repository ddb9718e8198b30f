"""What people choose about accounts and tokens, and what a form of theirs says."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from web_frontend.rights import ROLES, covers

MIN_PASSWORD_CHARACTERS = 8
_DAYS = {"1": "1 day", "7": "7 days", "30": "30 days", "90": "90 days", "365": "1 year"}
_NEVER = ("never", "It does not end")
DEFAULT_DAYS = "90"
LIFETIMES = (*_DAYS.items(), _NEVER)
# What each role may, beyond the one before it.
ROLE_WORDS = {
    "NONE": "only sign in",
    "READONLY": "search, read, stage",
    "CALLBACK": "confirm pushes",
    "READAPPEND": "put files in",
    "READWRITE": "change and send",
    "ADMIN": "manage the site",
}


def roles_up_to(role: str) -> list[tuple[str, str]]:
    """Return the roles that a token of this one's may have, the highest first, with words."""
    return [(one, f"{one}: {ROLE_WORDS[one]}") for one in reversed(ROLES) if covers(role, one)]


@dataclass(slots=True)
class TokenForm:
    """The token that somebody wants."""

    name: str = ""
    role: str = ""
    days: str = DEFAULT_DAYS
    errors: dict[str, str] = field(default_factory=dict)

    @property
    def lifetime(self) -> timedelta | None:
        """Return how long it shall last; None for ever."""
        return timedelta(days=int(self.days)) if self.days in _DAYS else None

    def validate(self) -> bool:
        """Note what is wrong, field by field; tell whether nothing is."""
        if not self.name:
            self.errors["name"] = "Say what it is for, such as laptop."
        if self.role not in ROLES:
            self.errors["role"] = "Choose one of these."
        if self.days not in dict(LIFETIMES):
            self.errors["days"] = "Choose one of these."
        return not self.errors


def read_token_form(values: Mapping[str, str]) -> TokenForm:
    """Return the form that was sent."""
    name, role, days = (values.get(key, "").strip() for key in ("name", "role", "days"))
    return TokenForm(name, role, days)


def connection_text(site: str, address: str, secret: str) -> str:
    """Return what to put into `~/.hl_client.cfg`, so that the command and scripts use a token."""
    name = "".join(c if c.isalnum() or c in "-_" else "-" for c in site.lower()) or "site"
    connection = {"url": address, "authenticator": secret}
    return json.dumps({"connections": {name: connection}}, indent=2)


def check_new_password(new: str, again: str) -> dict[str, str]:
    """Return what is wrong with a new password, by field."""
    if len(new) < MIN_PASSWORD_CHARACTERS:
        return {"new": f"It has {MIN_PASSWORD_CHARACTERS} characters at least."}
    return {} if new == again else {"again": "The two are not the same."}
