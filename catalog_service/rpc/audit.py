"""The Audit service."""

from typing import Protocol

import grpc
from sqlalchemy.orm import Session

from catalog_service.audit_entries import EntryFilter, list_entries
from catalog_service.database import Database
from catalog_service.retrying import run_transaction
from catalog_service.rpc.audited import actions_beginning
from catalog_service.rpc.paging import page_size_of
from catalog_service.tables import AuditEntry
from librarian.errors import InvalidRequestError
from librarian.v1 import audit_pb2 as pb
from librarian.v1 import audit_pb2_grpc

_DEFAULT_PAGE_SIZE = 100
_LARGEST_PAGE_SIZE = 1000
_LARGEST_ID_DIGITS = 18


class AuditParts(Protocol):
    """What of the catalogue the service needs."""

    @property
    def database(self) -> Database:
        """The catalogue's database."""
        ...


class AuditServicer(audit_pb2_grpc.AuditServicer):
    """Serves librarian.v1.Audit."""

    def __init__(self, catalog: AuditParts) -> None:
        self._database = catalog.database

    def ListAuditEntries(
        self, request: pb.ListAuditEntriesRequest, context: grpc.ServicerContext
    ) -> pb.ListAuditEntriesResponse:
        """Return a page of the audit log."""
        size = page_size_of(request.page_size, _DEFAULT_PAGE_SIZE, _LARGEST_PAGE_SIZE)
        before = _page_start(request.page_token)
        actions = actions_beginning(request.action) if request.action else None
        wanted = EntryFilter(request.account_name, actions, request.subject)

        def read(db: Session) -> pb.ListAuditEntriesResponse:
            found = list_entries(db, wanted, before=before, limit=size + 1)
            token = str(found[size - 1].id) if len(found) > size else ""
            entries = [_message(entry) for entry in found[:size]]
            return pb.ListAuditEntriesResponse(entries=entries, next_page_token=token)

        return run_transaction(self._database.readings, read)


def _message(entry: AuditEntry) -> pb.AuditEntry:
    return pb.AuditEntry(
        id=entry.id,
        time=entry.time,
        account_name=entry.account_name,
        action=entry.action,
        subject=entry.subject,
        details_json=entry.details,
        address=entry.address,
        token_id=entry.token_id,
    )


def _page_start(token: str) -> int | None:
    if not token:
        return None
    if not (token.isascii() and token.isdigit() and len(token) <= _LARGEST_ID_DIGITS):
        raise InvalidRequestError("That page token was not given out by this catalogue.")
    return int(token)
