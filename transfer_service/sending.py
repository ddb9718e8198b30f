"""Having the bytes of a batch brought to the neighbour, and telling it what is there."""

import time
from collections.abc import Sequence

from librarian.errors import LibrarianError, StateError
from librarian.service.killpoints import reach
from librarian.v1 import incoming_pb2
from librarian.v1 import store_agent_pb2 as agent_pb
from transfer_service.batches import Item, Stage, in_calls
from transfer_service.parts import Fault, PushParts, State, report
from transfer_service.reasons import Cause, TroubleError, trouble_from
from transfer_service.source_agents import push_file

_GROUP_FILES = 250
_GROUP_SECONDS = 0.3
# The neighbour's tickets live two hours: one that is refused after this time has run out.
_TICKET_SECONDS = 1800.0
_WAYS = {
    incoming_pb2.PUSH_WAY_SHARED: "shared",
    incoming_pb2.PUSH_WAY_RSYNC: "rsync",
    incoming_pb2.PUSH_WAY_STREAM: "stream",
}


class Sending:
    """The pushes of one batch, one after the other until all is there that is expected."""

    def __init__(self, parts: PushParts, way_in: incoming_pb2.BatchWayIn) -> None:
        self._parts = parts
        self._way_in = _as_reached_from_here(way_in, parts)
        self._ticket_time = time.monotonic()
        self._way: incoming_pb2.PushWay = incoming_pb2.PUSH_WAY_UNSPECIFIED
        self._reported: set[int] = set()
        self.sent_bytes = 0
        self.seconds = 0.0

    def send_all(self) -> None:
        """Bring all that the neighbour expects; raise what is in the way."""
        patience = self._parts.agent.new_patience()
        while items := self._next_items():
            push = _Push(self._parts, self._way_in, items, self._way)
            started = time.monotonic()
            try:
                push.run()
            except LibrarianError as error:
                if push.settled_count:
                    patience.reset()
                self._parts.agent.bear(error, patience)
            finally:
                self._way = push.way
                self.sent_bytes += push.bytes_done
                self.seconds += time.monotonic() - started
            self._judge(push, items)

    def _next_items(self) -> list[Item]:
        """Return what must be brought, once the catalogue knows that it is on its way."""
        self._parts.brake.check()
        self._report_sending(self._parts.batch.at(Stage.EXPECTED))
        self._parts.withdraw_cancelled()
        # Anew: the catalogue may have said that some are cancelled.
        return self._parts.batch.at(Stage.EXPECTED)

    def _report_sending(self, items: Sequence[Item]) -> None:
        new = [item for item in items if item.id not in self._reported]
        if new:
            self._parts.record([report(item, State.SENDING) for item in new])
            self._reported.update(item.id for item in new)

    def _judge(self, push: "_Push", items: Sequence[Item]) -> None:
        """Raise what ended a push before its time, unless it can go on."""
        trouble = push.trouble
        if trouble is None:
            if push.ended and not push.settled_count:
                raise TroubleError(
                    Cause.UNREACHABLE,
                    f"The store agent of this site did not say what became of {len(items)} files.",
                )
            return
        age_seconds = time.monotonic() - self._ticket_time
        if trouble.cause != Cause.REFUSED or age_seconds < _TICKET_SECONDS:
            raise trouble
        self._way_in.ticket = self._parts.neighbour.renew(patient=True)
        self._ticket_time = time.monotonic()


class _Push:
    """One call of the agent: what it says is there is finished at the neighbour as it comes."""

    def __init__(
        self,
        parts: PushParts,
        way_in: incoming_pb2.BatchWayIn,
        items: Sequence[Item],
        way: incoming_pb2.PushWay,
    ) -> None:
        self._parts = parts
        self._items = items
        self._request = _push_request(parts, way_in, items)
        self._pending: list[str] = []
        self._finished_bytes = 0
        self._finish_time = time.monotonic()
        self._interrupted = False
        self.way = way
        self.trouble: TroubleError | None = None
        self.settled_count = 0
        self.bytes_done = 0
        self.ended = False

    def run(self) -> None:
        """Bring what can be brought; raise what the agent raises unless it was interrupted."""
        stream = self._parts.agent.push(self._request)

        def interrupt() -> None:
            self._interrupted = True
            stream.cancel()

        with (
            self._parts.brake.cancelling(stream.cancel),
            self._parts.batch.interrupting(interrupt, self._items),
        ):
            reach("transfer.pushing")
            try:
                for answer in stream:
                    self._take(answer)
            except LibrarianError:
                self._parts.brake.check()
                if not self._interrupted:
                    raise
                return
            finally:
                self._parts.batch.pushed_bytes = 0
        self.ended = not self._interrupted
        # What a killed rsync had brought whole is soon found to be there by the next.
        if self.ended or self.way != incoming_pb2.PUSH_WAY_RSYNC:
            self._finish()

    def _take(self, answer: agent_pb.PushFilesResponse) -> None:
        self._parts.brake.check()
        if answer.way != self.way and answer.way in _WAYS:
            self.way = answer.way
            self._parts.record([], way=_WAYS[answer.way])
        failures = {f.upload_id: f.failure for f in answer.files if f.HasField("failure")}
        if failures:
            failed = self._parts.batch.by_upload(failures)
            for upload_id, item in failed.items():
                item.error = failures[upload_id].message
            self._parts.batch.move(failed.values(), Stage.SUSPECT)
        self._pending += [f.upload_id for f in answer.files if f.upload_id not in failures]
        self.settled_count += len(answer.files)
        self.bytes_done = max(self.bytes_done, answer.bytes_done)
        self._parts.batch.pushed_bytes = max(0, self.bytes_done - self._finished_bytes)
        if answer.HasField("trouble"):
            self.trouble = TroubleError(answer.trouble.cause, answer.trouble.message)
        # The neighbour can have what rsync brought only when rsync has ended.
        elif self.way != incoming_pb2.PUSH_WAY_RSYNC and self._is_time_to_finish():
            self._finish()

    def _is_time_to_finish(self) -> bool:
        age_seconds = time.monotonic() - self._finish_time
        return len(self._pending) >= _GROUP_FILES or age_seconds >= _GROUP_SECONDS

    def _finish(self) -> None:
        pending = list(self._parts.batch.by_upload(self._pending).values())
        self._pending = []
        for items in in_calls(pending):
            reach("transfer.sent")
            finish_items(self._parts, items, self.way)
            self._finished_bytes += sum(item.size_bytes for item in items)
        self._finish_time = time.monotonic()


def finish_items(parts: PushParts, items: Sequence[Item], way: incoming_pb2.PushWay) -> None:
    """Tell the neighbour that files are there; one that it gave up takes no other with it."""
    try:
        parts.neighbour.finish([item.upload_id for item in items], way)
        reach("transfer.finished")
    except StateError as error:
        if len(items) > 1:
            for item in items:
                finish_items(parts, [item], way)
            return
        items[0].error = str(error)
        parts.fail(items, State.FAILED, Fault.LINK)
        return
    except LibrarianError as error:
        raise trouble_from(error, parts.neighbour.name) from error
    moved = parts.batch.move(items, Stage.SENT)
    parts.record([report(item, State.SENT) for item in moved])


def _push_request(
    parts: PushParts, way_in: incoming_pb2.BatchWayIn, items: Sequence[Item]
) -> agent_pb.PushFilesRequest:
    claim = parts.claim
    return agent_pb.PushFilesRequest(
        batch_id=claim.batch_id,
        fence=claim.fence,
        files=[push_file(item) for item in items],
        way_in=way_in,
        ways=parts.ways,
        librarian_name=claim.neighbour.name,
        ssh_host_key=claim.neighbour.ssh_host_key,
        ca_pem=claim.neighbour.ca_pem,
        bandwidth_bytes_per_second=claim.bandwidth_bytes_per_second,
    )


def _as_reached_from_here(
    way_in: incoming_pb2.BatchWayIn, parts: PushParts
) -> incoming_pb2.BatchWayIn:
    """Return the way in with the addresses that lead there from this site, such as a tunnel's."""
    reached = incoming_pb2.BatchWayIn()
    reached.CopyFrom(way_in)
    access = parts.claim.neighbour
    if access.agent_url:
        reached.agent_address = access.agent_url
    # An address does not make a neighbour take rsync that offers none.
    if access.ssh_url and reached.ssh_host:
        host, _, port = access.ssh_url.rpartition(":")
        # The brackets of an IPv6 address only keep its colons apart from the port's.
        reached.ssh_host, reached.ssh_port = host.strip("[]"), int(port)
    return reached
