"""The wiring: the service's workers and chores, and the server that tells how it is."""

import grpc

from librarian.errors import NotAllowedError
from librarian.service.calls import STRANGER, Caller, is_reflection
from librarian.service.server import RunningServer, serve
from librarian.service.workers import this_worker
from transfer_service import catalog
from transfer_service.chores import Bell, ChoreRunner
from transfer_service.config import TransferServiceConfig
from transfer_service.confirmations import Confirmations
from transfer_service.peers import Neighbours
from transfer_service.reconciling import Reconciling
from transfer_service.workers import Workers

_CHORE_STOP_SECONDS = 2.0


class TransferService:
    """A transfer service that works."""

    def __init__(self, config: TransferServiceConfig, server: RunningServer) -> None:
        self.address = server.address
        self._server = server
        self._neighbours = Neighbours()
        self._connection = catalog.connect(config)
        records = catalog.records_stub(self._connection)
        bell = Bell()
        self._workers = Workers(config, self._neighbours, bell)
        connect, worker = self._neighbours.connect, this_worker()
        self._chores = [
            ChoreRunner(Confirmations(records, connect, worker), bell),
            ChoreRunner(Reconciling(records, connect, worker), bell),
        ]

    def start(self) -> None:
        """Begin to work."""
        self._workers.start()
        for chore in self._chores:
            chore.start()

    def stop(self, grace_seconds: float = 1.0) -> None:
        """Give all work back, and end."""
        self._workers.stop()
        for chore in self._chores:
            chore.stop(_CHORE_STOP_SECONDS)
        self._connection.close()
        self._neighbours.close()
        self._server.stop(grace_seconds)


def start(config: TransferServiceConfig) -> TransferService:
    """Start a transfer service; raise ConfigError when it cannot serve as it is told to."""
    service = TransferService(
        config, serve(config, add_servicers=_add_servicers, authenticate=_authenticate)
    )
    service.start()
    return service


def _add_servicers(server: grpc.Server) -> list[str]:
    """Add none: it is the catalogue that is asked about transfers."""
    return []


def _authenticate(method: str, token: str | None) -> Caller:
    if not is_reflection(method):
        raise NotAllowedError("A transfer service takes no calls: ask the catalogue.")
    return STRANGER
