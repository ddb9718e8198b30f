"""Persons of a site, one for each role."""

from collections.abc import Iterable
from dataclasses import dataclass

from librarian.client.librarian import Librarian

ROLES = ("NONE", "READONLY", "CALLBACK", "READAPPEND", "READWRITE", "ADMIN")


@dataclass(frozen=True)
class People:
    """Names by role, and the password of all of them."""

    password: str = "correct horse battery"

    @classmethod
    def of(cls, admin: Librarian, roles: Iterable[str]) -> "People":
        """Create a person for each role."""
        people = cls()
        for role in roles:
            admin.create_user(people.name(role), role, people.password)
        return people

    def name(self, role: str) -> str:
        """Return the name of the person with a role."""
        return f"web-{role.lower()}"
