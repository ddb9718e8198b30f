"""The audit log: who changed what, when, and from where; for administrators."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from librarian.client.messages import read_time
from librarian.client.records import Record
from librarian.client.sites import SiteCalls
from librarian.v1 import audit_pb2 as pb
from librarian.v1 import audit_pb2_grpc

_PAGE_SIZE = 1000


@dataclass(frozen=True, slots=True)
class AuditEntry(Record):
    """A change that somebody made, or a sign-in that somebody tried."""

    id: int
    time: datetime
    account: str
    # The call, such as `Stores/UpdateStore`, or `Accounts/SignIn refused`.
    action: str
    # What it was done to: a name or a number; empty when it has none.
    subject: str
    details: dict[str, Any]
    # From where, as far as that is known.
    address: str
    # Public part of the token that was used.
    token: str


@dataclass(frozen=True, slots=True)
class AuditPage(Record):
    """One page of the audit log."""

    entries: list[AuditEntry]
    # Leads to the next; empty on the last.
    next_page_token: str


class AuditCalls(SiteCalls):
    """What an administrator can ask about what was changed."""

    def list_audit_entries(
        self, account: str | None = None, action: str | None = None, subject: str | None = None
    ) -> Iterator[AuditEntry]:
        """Yield entries, the newest first: of one account, or one subject, or actions.

        Of actions give the whole name or its beginning, such as `Stores/`.
        """
        token = ""
        while True:
            page = self.list_audit_page(
                account, action, subject, page_size=_PAGE_SIZE, page_token=token
            )
            yield from page.entries
            token = page.next_page_token
            if not token:
                return

    def list_audit_page(
        self,
        account: str | None = None,
        action: str | None = None,
        subject: str | None = None,
        *,
        page_size: int = 100,
        page_token: str = "",
    ) -> AuditPage:
        """Return one page of what `list_audit_entries` yields, at most 1,000 entries."""
        request = pb.ListAuditEntriesRequest(
            account_name=account or "",
            action=action or "",
            subject=subject or "",
            page_size=page_size,
            page_token=page_token,
        )
        stub: audit_pb2_grpc.AuditStub = self._link.catalog(audit_pb2_grpc.AuditStub)
        page = stub.ListAuditEntries(request)
        return AuditPage([_read_entry(entry) for entry in page.entries], page.next_page_token)


def _read_entry(message: pb.AuditEntry) -> AuditEntry:
    return AuditEntry(
        id=message.id,
        time=read_time(message.time),
        account=message.account_name,
        action=message.action,
        subject=message.subject,
        details=json.loads(message.details_json or "{}"),
        address=message.address,
        token=message.token_id,
    )
