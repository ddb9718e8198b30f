"""Neighbours as a form has them; a secret goes in, and is never shown again."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from librarian.client.librarians import Neighbour

_TEXTS = (
    "name",
    "url",
    "account_name",
    "ssh_host_key",
    "ssh_url",
    "agent_url",
    "callback_account",
    "batches",
)
_CHOICES = ("tls", "insecure", "check")
DEFAULT_BATCHES, MOST_BATCHES = 2, 16


@dataclass(slots=True)
class LibrarianForm:
    """What a person has put into the form, and what is wrong with it by field."""

    name: str = ""
    url: str = ""
    account_name: str = ""
    ssh_host_key: str = ""
    ssh_url: str = ""
    agent_url: str = ""
    callback_account: str = ""
    batches: str = str(DEFAULT_BATCHES)
    tls: bool = True
    insecure: bool = False
    check: bool = True
    # Neither is ever put into a page.
    secret: str = field(default="", repr=False)
    ca_pem: str = field(default="", repr=False)
    errors: dict[str, str] = field(default_factory=dict)

    @property
    def authenticator(self) -> str | None:
        """Return the account and its secret; None when no secret is given."""
        return f"{self.account_name}:{self.secret}" if self.secret else None

    @property
    def settings(self) -> dict[str, Any]:
        """Return the settings, by the names that the client has."""
        given = {
            "tls": self.tls,
            "insecure": self.insecure,
            "ssh_host_key": self.ssh_host_key,
            "ssh_url": self.ssh_url,
            "agent_url": self.agent_url,
            "callback_account": self.callback_account,
            "batches": int(self.batches),
            "check": self.check,
        }
        return given | ({"ca_pem": self.ca_pem} if self.ca_pem else {})

    def validate(self, before: Neighbour | None) -> bool:
        """Note what is wrong field by field; tell whether nothing is.

        The catalogue decides on all that is not of the form itself.
        """
        self.errors = {}
        if not self.name:
            self.errors["name"] = "Give it a name, such as archive."
        if not self.url:
            self.errors["url"] = "Give the address of its catalogue, such as archive.org:21106."
        if not self.account_name:
            self.errors["account_name"] = "Give the account that this site has there."
        if not self.secret and (before is None or before.account_name != self.account_name):
            self.errors |= {"secret": "Give the token, or the password, of the account there."}
        if not (self.batches.isascii() and self.batches.isdigit() and self._batches_fit()):
            self.errors["batches"] = f"That is a whole number from 1 to {MOST_BATCHES}."
        return not self.errors

    def _batches_fit(self) -> bool:
        return len(self.batches) < 3 and 1 <= int(self.batches) <= MOST_BATCHES


def read_librarian_form(values: Mapping[str, str]) -> LibrarianForm:
    """Return the form that was sent."""
    texts: dict[str, Any] = {name: values[name].strip() for name in _TEXTS if name in values}
    choices: dict[str, Any] = {name: name in values for name in _CHOICES}
    ca_pem = values.get("ca_pem", "").replace("\r\n", "\n").strip()
    # A blank at the end comes from copying, never from a token.
    return LibrarianForm(**texts, **choices, secret=values.get("secret", "").strip(), ca_pem=ca_pem)


def librarian_form(neighbour: Neighbour) -> LibrarianForm:
    """Return the form that changes a neighbour."""
    texts: dict[str, Any] = {name: getattr(neighbour, name) for name in _TEXTS if name != "batches"}
    return LibrarianForm(
        **texts,
        batches=str(neighbour.batches or DEFAULT_BATCHES),
        tls=neighbour.tls,
        insecure=neighbour.insecure,
    )
