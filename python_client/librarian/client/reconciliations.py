"""Reconciliations: what is believed to be at a neighbour, compared with what is."""

from dataclasses import dataclass

from librarian.client.jobs import Job, read_job
from librarian.client.records import Record
from librarian.client.sites import SiteCalls
from librarian.v1 import librarians_pb2 as pb
from librarian.v1 import librarians_pb2_grpc


@dataclass(frozen=True, slots=True)
class Reconciliation(Record):
    """What a reconciliation has found so far."""

    librarian: str
    compared: int
    # Believed to be there, and not: believed in no more.
    missing: int
    # There, and not believed to be: believed in now.
    found: int
    # There with other contents than here: a person must look.
    conflicting: int
    # There, and not on record here.
    foreign: int
    # Missing ones that were queued again.
    queued: int
    # Names of missing and conflicting files, the first 100.
    examples: tuple[str, ...]


class ReconciliationCalls(SiteCalls):
    """What one can ask about reconciliations."""

    def reconcile(self, librarian: str, queue_missing: bool = False) -> Job:
        """Start to compare what is believed to be at a neighbour with what is; return the job.

        Belief is mended as it goes; with `queue_missing` what is missing there is sent again.
        Raises UnknownLibrarianError. One that is at it already is returned.
        """
        request = pb.StartReconciliationRequest(
            librarian_name=librarian, queue_missing=queue_missing
        )
        return read_job(self._reconciliations().StartReconciliation(request), self._link)

    def get_reconciliation(self, job_id: int) -> Reconciliation:
        """Return what a reconciliation has found so far; raises UnknownJobError."""
        request = pb.GetReconciliationRequest(job_id=job_id)
        message = self._reconciliations().GetReconciliation(request)
        return Reconciliation(
            librarian=message.librarian_name,
            compared=message.compared_count,
            missing=message.missing_count,
            found=message.found_count,
            conflicting=message.conflicting_count,
            foreign=message.foreign_count,
            queued=message.queued_count,
            examples=tuple(message.examples),
        )

    def _reconciliations(self) -> librarians_pb2_grpc.LibrariansStub:
        stub: librarians_pb2_grpc.LibrariansStub = self._link.catalog(
            librarians_pb2_grpc.LibrariansStub
        )
        return stub
