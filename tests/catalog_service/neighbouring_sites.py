"""A site and another beside it: what their tests ask for, and put on record."""

import base64
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import insert

from catalog_service.bulk import table_of
from catalog_service.librarians import get_librarian
from catalog_service.tables import File, Librarian, Transfer
from librarian.v1 import librarians_pb2 as pb
from tests.catalog_service.catalog_site import PASSWORD, CatalogSite

NOW = datetime.now(UTC)
_KEY = b"\0\0\0\x0bssh-ed25519" + 36 * b"k"
HOST_KEY = f"ssh-ed25519 {base64.b64encode(_KEY).decode()}"


def request_for(far: CatalogSite | str, **changes: Any) -> pb.AddLibrarianRequest:
    """Return a request to add another site."""
    values = {
        "name": "karoo",
        "url": far if isinstance(far, str) else far.address,
        "account_name": "here",
        "transfers_enabled": True,
    }
    secret = changes.pop("secret", PASSWORD)
    options = {key: changes.pop(key) for key in ("skip_check", "ca_pem") if key in changes}
    librarian = pb.Librarian(**{**values, **changes})
    return pb.AddLibrarianRequest(librarian=librarian, secret=secret, **options)


def row_of(catalog: CatalogSite, name: str = "karoo") -> Librarian:
    with catalog.database.readings() as db:
        return get_librarian(db, name)


def add_files(catalog: CatalogSite, count: int) -> None:
    rows = [
        {
            "id": number,
            "name": f"zen.{number}",
            "type": str(number),
            "size_bytes": 1,
            "checksum": "md5:0",
            "create_time": NOW,
            "source": "test",
        }
        for number in range(1, count + 1)
    ]
    with catalog.database.transactions.begin() as db:
        db.execute(insert(table_of(File)), rows)


def add_transfers(catalog: CatalogSite, states: dict[int, str]) -> None:
    ended = {"CONFIRMED", "FAILED", "CANCELLED", "DECLINED"}
    with catalog.database.transactions.begin() as db:
        librarian = get_librarian(db, "karoo")
        rows = [
            {
                "file_id": file_id,
                "librarian_id": librarian.id,
                "claimed_file_id": None if state in ended else file_id,
                "owner": "test",
                "priority": 1,
                "size_bytes": 1,
                "state": state,
                "run_time": NOW,
                "create_time": NOW,
                "update_time": NOW,
            }
            for file_id, state in states.items()
        ]
        db.execute(insert(table_of(Transfer)), rows)
