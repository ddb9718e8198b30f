"""The TransferRecords service: for transfer services only."""

from typing import Any

from librarian.v1 import transfer_records_pb2_grpc


class TransferRecordsServicer(transfer_records_pb2_grpc.TransferRecordsServicer):
    """Serves the TransferRecords service."""

    def __init__(self, catalog: Any) -> None:
        self._catalog = catalog
