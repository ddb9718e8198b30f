"""The Librarians service."""

import grpc
from sqlalchemy.orm import Session

from catalog_service import librarians
from catalog_service.librarian_removal import Removed, begin_removal, remove_some
from catalog_service.librarian_settings import LibrarianSettings
from catalog_service.neighbours.calls import NeighbourCalls
from catalog_service.remote_instances import list_remote_instances
from catalog_service.retrying import run_transaction
from catalog_service.rpc.librarian_messages import (
    changes_of,
    librarian_message,
    new_settings,
    remote_instance_message,
)
from catalog_service.rpc.reconciliations import ReconciliationParts, Reconciliations
from catalog_service.tables import Librarian
from catalog_service.wakeups import TRANSFERS
from librarian.errors import LibrarianError
from librarian.service.killpoints import reach
from librarian.v1 import jobs_pb2, librarians_pb2_grpc
from librarian.v1 import librarians_pb2 as pb

# A change of one of these is tried out before it is recorded.
_ACCESS = {"url", "tls", "ca_pem", "account_name", "secret"}


class LibrariansServicer(librarians_pb2_grpc.LibrariansServicer):
    """Serves librarian.v1.Librarians."""

    def __init__(self, catalog: ReconciliationParts) -> None:
        self._database = catalog.database
        self._secrets = catalog.secrets
        self._wakeups = catalog.wakeups
        self._neighbours = NeighbourCalls(catalog.secrets)
        self._reconciliations = Reconciliations(catalog)

    def AddLibrarian(
        self, request: pb.AddLibrarianRequest, context: grpc.ServicerContext
    ) -> pb.Librarian:
        """Put a neighbour on record that answers."""
        new = new_settings(request)
        run_transaction(
            self._database.readings,
            lambda db: librarians.plan_librarian(db, new, self._secrets) and None,
        )
        site_id = "" if request.skip_check else self._neighbours.ping_settings(new).site_id

        def record(db: Session) -> pb.Librarian:
            made = librarians.record_librarian(db, new, self._secrets, site_id)
            self._wakeups.notify(db, TRANSFERS)
            return librarian_message(made)

        return run_transaction(self._database.transactions, record)

    def GetLibrarian(
        self, request: pb.GetLibrarianRequest, context: grpc.ServicerContext
    ) -> pb.Librarian:
        """Return one neighbour, with counts of the transfers to it."""

        def read(db: Session) -> pb.Librarian:
            found = librarians.get_librarian(db, request.name)
            return librarian_message(found, librarians.count_transfers(db, found))

        return run_transaction(self._database.readings, read)

    def ListLibrarians(
        self, request: pb.ListLibrariansRequest, context: grpc.ServicerContext
    ) -> pb.ListLibrariansResponse:
        """List the neighbours."""
        return run_transaction(
            self._database.readings,
            lambda db: pb.ListLibrariansResponse(
                librarians=map(librarian_message, librarians.list_librarians(db))
            ),
        )

    def PingLibrarian(
        self, request: pb.PingLibrarianRequest, context: grpc.ServicerContext
    ) -> pb.PingLibrarianResponse:
        """Sign in at a neighbour, and say what came of it."""
        name = request.name
        librarian = run_transaction(
            self._database.readings, lambda db: librarians.get_librarian(db, name)
        )
        try:
            answer = self._neighbours.ping(librarian)
            run_transaction(
                self._database.readings, lambda db: librarians.check_site(db, name, answer.site_id)
            )
        except LibrarianError as error:
            return pb.PingLibrarianResponse(error=str(error))
        if librarians.has_news(librarian):
            self._note_answer(name, answer.site_id)
        return pb.PingLibrarianResponse(
            site_name=answer.site_name,
            site_id=answer.site_id,
            role=answer.role,
            duration_seconds=answer.duration_seconds,
        )

    def _note_answer(self, name: str, site_id: str) -> None:
        def note(db: Session) -> None:
            librarians.note_answer(db, name, site_id)
            self._wakeups.notify(db, TRANSFERS)

        run_transaction(self._database.transactions, note)

    def UpdateLibrarian(
        self, request: pb.UpdateLibrarianRequest, context: grpc.ServicerContext
    ) -> pb.Librarian:
        """Change what is given of a neighbour, which must answer when it is reached otherwise."""
        changes = changes_of(request)

        def plan(db: Session) -> LibrarianSettings:
            found: Librarian = librarians.get_librarian(db, request.name)
            return librarians.changed_settings(db, found, changes, self._secrets)

        settings, site_id = run_transaction(self._database.readings, plan), ""
        if not request.skip_check and not _ACCESS.isdisjoint(changes):
            site_id = self._neighbours.ping_settings(settings).site_id

        def change(db: Session) -> pb.Librarian:
            changed = librarians.change_librarian(db, request.name, changes, self._secrets, site_id)
            self._wakeups.notify(db, TRANSFERS)
            return librarian_message(changed)

        return run_transaction(self._database.transactions, change)

    def RemoveLibrarian(
        self, request: pb.RemoveLibrarianRequest, context: grpc.ServicerContext
    ) -> pb.RemoveLibrarianResponse:
        """Take a neighbour off the record, with what belongs to it."""
        name, cancel = request.name, request.cancel_transfers
        run_transaction(
            self._database.transactions,
            lambda db: begin_removal(db, name, cancel_transfers=cancel),
        )
        reach("librarian.removing")
        removed, done = Removed(), False
        while not done:
            some, done = run_transaction(
                self._database.transactions,
                lambda db: remove_some(db, name, cancel_transfers=cancel),
            )
            removed += some
            reach("librarian.removed_some")
        return pb.RemoveLibrarianResponse(
            cancelled_count=removed.cancelled,
            remote_instance_count=removed.remote_instances,
            transfer_count=removed.transfers,
        )

    def ListRemoteInstances(
        self, request: pb.ListRemoteInstancesRequest, context: grpc.ServicerContext
    ) -> pb.ListRemoteInstancesResponse:
        """List where else a file is believed to be."""
        name = request.file_name
        return run_transaction(
            self._database.readings,
            lambda db: pb.ListRemoteInstancesResponse(
                remote_instances=[
                    remote_instance_message(name, place)
                    for place in list_remote_instances(db, name)
                ]
            ),
        )

    def StartReconciliation(
        self, request: pb.StartReconciliationRequest, context: grpc.ServicerContext
    ) -> jobs_pb2.Job:
        """Start to compare what is believed to be at a neighbour with what is."""
        return self._reconciliations.start(request)

    def GetReconciliation(
        self, request: pb.GetReconciliationRequest, context: grpc.ServicerContext
    ) -> pb.Reconciliation:
        """Return what a reconciliation has found."""
        return self._reconciliations.get(request)
