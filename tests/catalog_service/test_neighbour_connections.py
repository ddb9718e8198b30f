"""How a site signs in at another: with a token, or with a password that it trades for one."""

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import delete, func, select

from catalog_service.tables import Token
from librarian.client.neighbours import NeighbourConnection, connect_neighbour
from librarian.errors import NotSignedInError
from librarian.v1 import accounts_pb2, accounts_pb2_grpc, transfer_records_pb2
from tests.catalog_service.catalog_site import PASSWORD, CatalogSite


@pytest.fixture
def connection(catalog: CatalogSite) -> Iterator[NeighbourConnection]:
    """Return a connection with a password."""
    catalog.add("here", accounts_pb2.READAPPEND, PASSWORD)
    made = connect_neighbour(access(catalog, PASSWORD))
    yield made
    made.close()


def access(catalog: CatalogSite, secret: str) -> transfer_records_pb2.NeighbourAccess:
    return transfer_records_pb2.NeighbourAccess(
        name="karoo", url=catalog.address, account_name="here", secret=secret
    )


def ping(connection: NeighbourConnection) -> Any:
    stub = connection.stub(accounts_pb2_grpc.SiteStub)
    return stub.Ping(accounts_pb2.PingRequest()).account_name


def sign_ins(catalog: CatalogSite) -> int:
    with catalog.database.readings() as db:
        of_it = select(func.count()).select_from(Token).where(Token.name == "sign-in")
        return db.scalar(of_it) or 0


def test_a_password_is_traded_once_for_many_calls(
    catalog: CatalogSite, connection: NeighbourConnection
) -> None:
    assert {ping(connection) for _ in range(3)} == {"here"}
    assert sign_ins(catalog) == 1


def test_a_site_that_forgot_the_sign_in_is_signed_in_at_again(
    catalog: CatalogSite, connection: NeighbourConnection
) -> None:
    ping(connection)
    with catalog.database.transactions.begin() as db:
        db.execute(delete(Token).where(Token.name == "sign-in"))
    catalog.app._catalog.token_checks.forget()
    assert ping(connection) == "here"


def test_a_wrong_secret_is_tried_once(catalog: CatalogSite) -> None:
    catalog.add("here", accounts_pb2.READAPPEND, PASSWORD)
    for secret in ("wrong password", "lib_0123456789abcdef_" + 43 * "x"):
        connection = connect_neighbour(access(catalog, secret))
        with pytest.raises(NotSignedInError):
            ping(connection)
        connection.close()
    assert secret not in repr(connection)
