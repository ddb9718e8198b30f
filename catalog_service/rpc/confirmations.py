"""What transfer services ask for to tell neighbours of what arrived from them."""

import logging
from collections.abc import Sequence
from typing import Protocol

from cryptography.fernet import InvalidToken

from catalog_service.confirmations import Arrival, find_untold, record_told
from catalog_service.database import Database
from catalog_service.retrying import run_transaction
from catalog_service.rpc.neighbour_messages import UNREADABLE, Decrypter, access_message
from librarian.errors import InvalidRequestError
from librarian.v1 import transfer_records_pb2 as pb
from librarian.v1 import transfers_pb2

logger = logging.getLogger(__name__)

_MAX_BATCH = 1000


class ConfirmationsParts(Protocol):
    """What of the catalogue confirmations need."""

    @property
    def database(self) -> Database:
        """The catalogue's database."""
        ...

    @property
    def secrets(self) -> Decrypter:
        """What decrypts the neighbours' secrets."""
        ...


class Confirmations:
    """Serves the two calls of TransferRecords that concern confirmations."""

    def __init__(self, catalog: ConfirmationsParts) -> None:
        self._database = catalog.database
        self._secrets = catalog.secrets

    def claim(self, request: pb.ClaimConfirmationsRequest) -> pb.ClaimConfirmationsResponse:
        """Return arrivals from one neighbour that it was not told of; telling twice is harmless."""
        librarian, arrivals = run_transaction(self._database.readings, find_untold)
        if librarian is None:
            return pb.ClaimConfirmationsResponse()
        upload_ids = [arrival.upload_id for arrival in arrivals]
        try:
            neighbour = access_message(self._secrets, librarian)
        except InvalidToken:
            logger.warning("%s is not told what arrived from it: %s", librarian.name, UNREADABLE)
            # It counts as told in vain, so that the others come next.
            self._record(upload_ids, told=False)
            return pb.ClaimConfirmationsResponse()
        return pb.ClaimConfirmationsResponse(
            neighbour=neighbour, upload_ids=upload_ids, transfers=map(_arrived, arrivals)
        )

    def record(self, request: pb.RecordConfirmationsRequest) -> pb.RecordConfirmationsResponse:
        """Record which arrivals were told."""
        if len(request.upload_ids) > _MAX_BATCH:
            raise InvalidRequestError(f"At most {_MAX_BATCH} arrivals fit into one call.")
        self._record(request.upload_ids, told=request.told)
        return pb.RecordConfirmationsResponse()

    def _record(self, upload_ids: Sequence[str], *, told: bool) -> None:
        run_transaction(
            self._database.transactions, lambda db: record_told(db, upload_ids, told=told)
        )


def _arrived(arrival: Arrival) -> transfers_pb2.ArrivedTransfer:
    return transfers_pb2.ArrivedTransfer(
        transfer_id=arrival.transfer_id, file_name=arrival.file_name, checksum=arrival.checksum
    )
