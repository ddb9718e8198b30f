"""A neighbour as a transfer service sees it: offers, what arrived, what became of it."""

import threading

from librarian.errors import BusyError, StateError, UnknownUploadError
from librarian.v1 import (
    accounts_pb2,
    accounts_pb2_grpc,
    incoming_pb2_grpc,
    transfers_pb2,
    transfers_pb2_grpc,
    uploads_pb2,
)
from librarian.v1 import incoming_pb2 as pb
from tests.transfer_service.catalogues import THERE
from tests.transfer_service.faults import Faults

Verdict = pb.OfferAnswer.Verdict


class FakeSite(accounts_pb2_grpc.SiteServicer):
    """Answers pings."""

    def __init__(self, faults: Faults) -> None:
        self._faults = faults
        self.site_id = THERE

    def Ping(self, request, context):
        with self._faults.around("Ping"):
            return accounts_pb2.PingResponse(site_name="b", site_id=self.site_id)


class FakeTransfers(transfers_pb2_grpc.TransfersServicer):
    """Hears what arrived from it elsewhere."""

    def __init__(self, faults: Faults) -> None:
        self._faults = faults
        self.heard: list[str] = []

    def ConfirmTransfers(self, request, context):
        with self._faults.around("ConfirmTransfers"):
            self.heard += [transfer.file_name for transfer in request.transfers]
            return transfers_pb2.ConfirmTransfersResponse(confirmed=[True])


class FakeIncoming(incoming_pb2_grpc.IncomingServicer):
    """Verifies at once what is finished, unless told otherwise by file name."""

    def __init__(self, faults: Faults) -> None:
        self._faults = faults
        self._changed = threading.Condition()
        self._closed = False
        self.way_in = pb.BatchWayIn(store_name="far", ticket="write-ticket", ssh_host="b.example")
        # By file name.
        self.verdicts: dict[str, tuple[pb.OfferAnswer.Verdict, str]] = {}
        self.failures: dict[str, uploads_pb2.Failure] = {}
        # By upload: the transfer and file that were offered, and how far each is.
        self.offered: dict[str, pb.OfferedFile] = {}
        self.states: dict[str, str] = {}
        # Bytes that the agent has brought.
        self.arrived: set[str] = set()
        self.finished_ways: list[int] = []
        self.finished_groups: list[list[str]] = []
        self.withdrawn: list[str] = []
        self.fence = 0
        self.verifying = threading.Event()
        self.verifying.set()
        # Answers before a watch ends by itself.
        self.watch_answers = 1000

    def close(self):
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def upload_of(self, name):
        return next(key for key, offered in self.offered.items() if offered.file.name == name)

    def forget(self):
        """Be restored from a backup that knows nothing of the batch."""
        with self._changed:
            self.states.clear()
            self.offered.clear()
            self.arrived.clear()
            self._changed.notify_all()

    def OfferFiles(self, request, context):
        with self._faults.around("OfferFiles"):
            self._check(request)
            files = [self._answer(request.batch_id, file) for file in request.files]
            expects = any(file.verdict == Verdict.ACCEPTED for file in files)
            return pb.OfferFilesResponse(files=files, way_in=self.way_in if expects else None)

    def FinishFiles(self, request, context):
        with self._faults.around("FinishFiles"):
            self._check(request)
            with self._changed:
                self._finish(request)
                self._changed.notify_all()
            return pb.FinishFilesResponse()

    def WatchBatch(self, request, context):
        with self._faults.around("WatchBatch"):
            told: set[str] = set()
            if not self.states:
                raise UnknownUploadError("There is no such batch.")
            for _ in range(self.watch_answers):
                with self._changed:
                    self._changed.wait_for(lambda: self._news(told) or self._is_done(told), 5)
                    news = self._news(told)
                    told.update(news)
                    done = self._is_done(told)
                    files = [self._settled(key) for key in news]
                yield pb.WatchBatchResponse(files=files, done=done)
                if done or not context.is_active():
                    return

    def RenewBatch(self, request, context):
        with self._faults.around("RenewBatch"):
            self._check(request)
            return pb.RenewBatchResponse(ticket="new-ticket")

    def WithdrawFiles(self, request, context):
        with self._faults.around("WithdrawFiles"):
            self._check(request)
            assert request.upload_ids, "that would give up all of the batch"
            self.withdrawn += request.upload_ids
            return pb.WithdrawFilesResponse(withdrawn_count=len(request.upload_ids))

    def settle(self):
        """Verify what was finished, after `verifying` was cleared."""
        with self._changed:
            for key, state in self.states.items():
                if state == "VERIFYING":
                    self._verify(key)
            self._changed.notify_all()

    def _check(self, request):
        if request.fence < self.fence:
            raise BusyError("A later worker has the batch.")
        self.fence = request.fence

    def _answer(self, batch_id, file):
        verdict, message = self.verdicts.get(file.file.name, (Verdict.ACCEPTED, ""))
        if verdict != Verdict.ACCEPTED:
            return pb.OfferAnswer(verdict=verdict, message=message)
        key = f"{batch_id}-{file.transfer_id}"
        self.offered[key] = file
        if self.states.get(key) == "DONE":
            return pb.OfferAnswer(verdict=Verdict.HELD)
        if self.states.get(key) == "VERIFYING":
            return pb.OfferAnswer(verdict=Verdict.ARRIVED, upload_id=key)
        self.states[key] = "EXPECTED"
        return pb.OfferAnswer(verdict=Verdict.ACCEPTED, upload_id=key)

    def _finish(self, request):
        gone = [key for key in request.upload_ids if key in self.withdrawn]
        if gone:
            raise StateError(f"{gone[0]} was given up.")
        self.finished_ways.append(request.way)
        self.finished_groups.append(list(request.upload_ids))
        for key in request.upload_ids:
            assert key in self.arrived, "finished before its bytes were there"
            if self.states[key] == "EXPECTED":
                self.states[key] = "VERIFYING"
                if self.verifying.is_set():
                    self._verify(key)

    def _verify(self, key):
        self.states[key] = "FAILED" if self._name(key) in self.failures else "DONE"

    def _name(self, key):
        return self.offered[key].file.name

    def _news(self, told):
        settled = [key for key, state in self.states.items() if state in ("DONE", "FAILED")]
        return [key for key in settled if key not in told]

    def _is_done(self, told):
        return self._closed or ("VERIFYING" not in self.states.values() and not self._news(told))

    def _settled(self, key):
        failure = self.failures.get(self._name(key)) if self.states[key] == "FAILED" else None
        checksum = "" if failure else self.offered[key].file.checksum
        return pb.SettledFile(
            upload_id=key,
            transfer_id=self.offered[key].transfer_id,
            checksum=checksum,
            failure=failure,
        )
