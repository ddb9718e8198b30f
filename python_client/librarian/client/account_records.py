"""What the client's calls about accounts return."""

from dataclasses import dataclass, field
from datetime import datetime

from librarian.client.records import Record


@dataclass(frozen=True, slots=True)
class Account(Record):
    """Someone or something that signs in."""

    name: str
    role: str
    kind: str
    create_time: datetime
    has_password: bool


@dataclass(frozen=True, slots=True)
class Token(Record):
    """A token, without its secret."""

    id: str
    account: str
    name: str
    role: str
    create_time: datetime
    expire_time: datetime | None
    last_use_time: datetime | None


@dataclass(frozen=True, slots=True)
class NewToken(Record):
    """A token that was just made; nobody can be told its secret again."""

    token: Token
    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class SignInLink(Record):
    """The code of a link that signs one in at the web pages, once."""

    code: str = field(repr=False)
    expire_time: datetime

    def url(self, web_url: str) -> str:
        """Return the link; the code stands where no browser sends it by itself."""
        return f"{web_url.rstrip('/')}/sign-in/link#{self.code}"


@dataclass(frozen=True, slots=True)
class SiteInfo(Record):
    """What a site says of itself, and of whom it takes the caller for."""

    site: str
    version: str
    account: str
    role: str
    # Where people reach its web pages; empty when the site does not know.
    web_url: str = ""
