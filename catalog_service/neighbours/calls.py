"""Calls to neighbouring librarians, as the account that this site has there."""

import time
from dataclasses import dataclass

from catalog_service.librarian_settings import LibrarianSettings
from catalog_service.librarians import Cipher, settings_of
from catalog_service.roles import Role
from catalog_service.tables import Librarian
from librarian.client.neighbours import connect_neighbour
from librarian.errors import (
    BusyError,
    InvalidRequestError,
    LibrarianError,
    NotAllowedError,
    NotReachableError,
    NotSignedInError,
)
from librarian.v1 import accounts_pb2, accounts_pb2_grpc, transfer_records_pb2

_TIMEOUT_SECONDS = 5.0


@dataclass(frozen=True)
class Answer:
    """What a neighbour said of itself, and of the account that asked."""

    site_id: str
    site_name: str
    role: str
    duration_seconds: float


class NeighbourCalls:
    """Calls neighbours, outside of any transaction: an answer may take ten seconds."""

    def __init__(self, cipher: Cipher) -> None:
        self._cipher = cipher

    def ping(self, librarian: Librarian) -> Answer:
        """Sign in at a neighbour on record; raise as `ping_settings` does."""
        return self.ping_settings(settings_of(librarian, self._cipher))

    def ping_settings(self, settings: LibrarianSettings) -> Answer:
        """Sign in as settings say.

        Raises NotReachableError when nothing answers, and InvalidRequestError when it refuses the
        account, is no Librarian, or the account's role is too low.
        """
        started = time.monotonic()
        answer = _ask(settings)
        try:
            role = Role(answer.role)
        except ValueError:
            role = Role.NONE
        # A neighbour that is pushed nothing is still told what arrived from it.
        needed = Role.READAPPEND if settings.transfers_enabled else Role.CALLBACK
        if role < needed:
            raise InvalidRequestError(
                f"The account {settings.account_name!r} at {settings.url} has the role"
                f" {role.name}: it needs {needed.name}, which an administrator there can give it."
            )
        duration = time.monotonic() - started
        return Answer(answer.site_id[:36], answer.site_name[:64], role.name, duration)


def _ask(settings: LibrarianSettings) -> accounts_pb2.PingResponse:
    who = f"the account {settings.account_name!r}"
    connection = connect_neighbour(_access(settings), sign_in_seconds=_TIMEOUT_SECONDS)
    try:
        stub = connection.stub(accounts_pb2_grpc.SiteStub)
        answer: accounts_pb2.PingResponse = stub.Ping(
            accounts_pb2.PingRequest(), timeout=_TIMEOUT_SECONDS
        )
    # Never with the error's own text: it is another site's, which knows the secret.
    except (NotReachableError, BusyError):
        way = "with" if settings.tls else "without"
        raise NotReachableError(
            f"The librarian at {settings.url} did not answer ({way} TLS): see that it runs, and"
            " that the url is right."
        ) from None
    except (NotSignedInError, NotAllowedError):
        raise InvalidRequestError(
            f"The librarian at {settings.url} refused {who}: correct its name or its secret."
        ) from None
    except LibrarianError:
        raise InvalidRequestError(
            f"What answers at {settings.url} is no Librarian that can be pushed to: correct the"
            " url."
        ) from None
    finally:
        connection.close()
    if not answer.site_id:
        raise InvalidRequestError(
            f"The librarian at {settings.url} does not say which site it is: it is too old."
        )
    return answer


def _access(settings: LibrarianSettings) -> transfer_records_pb2.NeighbourAccess:
    return transfer_records_pb2.NeighbourAccess(
        name=settings.name,
        url=settings.url,
        tls=settings.tls,
        ca_pem=settings.ca_pem,
        account_name=settings.account_name,
        secret=settings.secret,
    )
