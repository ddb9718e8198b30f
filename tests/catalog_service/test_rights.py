"""Who may call what: the table is complete, and every caller is held to it."""

import logging
from collections.abc import Iterator
from typing import Any

import grpc
import pytest
from google.protobuf.descriptor import MethodDescriptor, ServiceDescriptor
from google.protobuf.message_factory import GetMessageClass

from catalog_service import app
from catalog_service.rpc.rights import RIGHTS
from librarian.errors import NotAllowedError, NotSignedInError
from librarian.v1 import (
    accounts_pb2,
    audit_pb2,
    files_pb2,
    incoming_pb2,
    instances_pb2,
    jobs_pb2,
    librarians_pb2,
    observations_pb2,
    saved_searches_pb2,
    search_pb2,
    staging_pb2,
    standing_orders_pb2,
    statistics_pb2,
    stores_pb2,
    transfer_records_pb2,
    transfers_pb2,
    uploads_pb2,
)
from tests.catalog_service.catalog_site import CatalogSite

MODULES = (
    accounts_pb2,
    audit_pb2,
    files_pb2,
    incoming_pb2,
    instances_pb2,
    jobs_pb2,
    librarians_pb2,
    observations_pb2,
    saved_searches_pb2,
    search_pb2,
    staging_pb2,
    standing_orders_pb2,
    statistics_pb2,
    stores_pb2,
    transfer_records_pb2,
    transfers_pb2,
    uploads_pb2,
)
# What each kind of account that is no person's may call.
MACHINES = {
    "agent": "agent",
    "transfer service": "transfer service",
    "web front end": "its own token opens nothing else",
}
ROLES: dict[str, Any] = {name: number for name, number in accounts_pb2.Role.items() if number}
REFUSED = {grpc.StatusCode.UNAUTHENTICATED, grpc.StatusCode.PERMISSION_DENIED}


def services() -> list[ServiceDescriptor]:
    return [
        service for module in MODULES for service in module.DESCRIPTOR.services_by_name.values()
    ]


def methods() -> Iterator[tuple[str, MethodDescriptor]]:
    for service in services():
        for method in service.methods:
            yield f"{service.name}/{method.name}", method


def status_of(channel: grpc.Channel, name: str, method: MethodDescriptor, token: str | None) -> Any:
    """Call a method with an empty request; return the status that it ends with."""
    kind = f"{'stream' if method.client_streaming else 'unary'}_"
    kind += "stream" if method.server_streaming else "unary"
    call = getattr(channel, kind)(
        f"/librarian.v1.{name}",
        request_serializer=lambda message: message.SerializeToString(),
        response_deserializer=GetMessageClass(method.output_type).FromString,
    )
    empty = GetMessageClass(method.input_type)()
    metadata = [("authorization", f"Bearer {token}")] if token else []
    try:
        answer = call(iter([empty]) if method.client_streaming else empty, 20, metadata=metadata)
        if method.server_streaming:
            list(answer)
    except grpc.RpcError as error:
        return error.code()
    return grpc.StatusCode.OK


def may(role: str, right: Any) -> bool:
    """Say what the table means for a caller."""
    if right == "anyone":
        return True
    if role in ("nobody", "liar"):
        return False
    if role in MACHINES:
        return right in (MACHINES[role], ROLES["NONE"])
    return bool(right not in MACHINES.values() and ROLES[role] >= right)


def test_every_rpc_of_the_catalogue_is_in_the_table() -> None:
    assert sorted(RIGHTS) == sorted(name for name, _ in methods())


def test_every_service_of_the_catalogue_is_served() -> None:
    assert sorted(name for name, _, _ in app._SERVICES) == sorted(s.name for s in services())


@pytest.mark.parametrize("role", [*ROLES, *MACHINES, "nobody", "liar"])
def test_each_role_may_do_what_the_table_says_and_no_more(catalog: CatalogSite, role: str) -> None:
    token = _token(catalog, role)
    surprises = []
    with grpc.insecure_channel(catalog.address) as channel:
        for name, method in methods():
            # That one tells everyone without a password the same as those without a token.
            if name == "Accounts/SignIn":
                continue
            status = status_of(channel, name, method, token)
            if (status not in REFUSED) != may(role, RIGHTS[name]):
                surprises.append((name, status))
            if status in (grpc.StatusCode.INTERNAL, grpc.StatusCode.UNKNOWN):
                surprises.append((name, status))
    assert surprises == []


def _token(catalog: CatalogSite, role: str) -> str | None:
    match role:
        case "nobody":
            return None
        case "liar":
            return "lib_0123456789abcdef_" + 43 * "x"
        case "agent":
            return catalog.agent_token
        case "transfer service":
            return catalog.add(
                "transfer", accounts_pb2.NONE, kind=accounts_pb2.Account.TRANSFER_SERVICE
            )
        case "web front end":
            return catalog.add("web", accounts_pb2.NONE, kind=accounts_pb2.Account.WEB_FRONTEND)
        case _:
            return catalog.add(f"one-{role.lower()}", ROLES[role])


@pytest.mark.parametrize(
    ("name", "least"),
    [
        ("Site/Ping", "NONE"),
        ("Search/SearchFiles", "READONLY"),
        ("Staging/StartStaging", "READONLY"),
        ("Uploads/StartUploads", "READAPPEND"),
        ("Instances/RegisterInstances", "READAPPEND"),
        ("Files/CreateFileEvent", "READAPPEND"),
        ("Incoming/OfferFiles", "READAPPEND"),
        ("Librarians/AddLibrarian", "ADMIN"),
        ("Observations/AssignSessions", "READWRITE"),
        ("Stores/CreateStore", "ADMIN"),
        ("Accounts/CreateAccount", "ADMIN"),
    ],
)
def test_the_table_says_what_the_roles_were_said_to_be(name: str, least: str) -> None:
    assert RIGHTS[name] == ROLES[least]


def test_a_refusal_is_logged_with_account_and_method_and_without_the_token(
    catalog: CatalogSite, caplog: pytest.LogCaptureFixture
) -> None:
    token = catalog.add("ada")
    caplog.set_level(logging.INFO)
    with pytest.raises(NotAllowedError, match="needs the role ADMIN"):
        catalog.accounts(token).ListAccounts(accounts_pb2.ListAccountsRequest())
    with pytest.raises(NotSignedInError):
        catalog.ping(token[:-1] + ("y" if token[-1] == "x" else "x"))
    assert "Accounts/ListAccounts" in caplog.text
    assert "'ada'" in caplog.text
    assert "Site/Ping" in caplog.text
    assert token.split("_", 2)[2][:20] not in caplog.text
