"""Offering a batch to the neighbour, and what each verdict means for its transfer."""

from collections import defaultdict
from collections.abc import Mapping, Sequence

from librarian.service.killpoints import reach
from librarian.v1 import incoming_pb2
from transfer_service.batches import Item, Stage, in_calls
from transfer_service.parts import Fault, PushParts, State, report
from transfer_service.reasons import Cause, TroubleError

Verdict = incoming_pb2.OfferAnswer.Verdict
_Sorted = Mapping[int, list[Item]]

# Verdicts that end a transfer, or this attempt at it: its state then, and whose fault it is.
_REFUSALS: Mapping[int, tuple[State, Fault]] = {
    Verdict.CONFLICT: (State.DECLINED, Fault.FILE),
    Verdict.REFUSED: (State.DECLINED, Fault.FILE),
    Verdict.NO_ROOM: (State.FAILED, Fault.DESTINATION),
    Verdict.LATER: (State.FAILED, Fault.DESTINATION),
}


def offer_batch(parts: PushParts) -> incoming_pb2.BatchWayIn:
    """Offer what waits, report each verdict, and return where to bring what is expected."""
    items = parts.batch.at(Stage.WAITING)
    if not items:
        return incoming_pb2.BatchWayIn()
    responses = [_offer(parts, part) for part in in_calls(items)]
    answers = [answer for response in responses for answer in response.files]
    by_verdict = _sort(parts, items, answers)
    _raise_if_nothing_can_go_on(parts, by_verdict)
    _report(parts, by_verdict)
    reach("transfer.offered")
    return _way_in(responses)


def _offer(parts: PushParts, items: Sequence[Item]) -> incoming_pb2.OfferFilesResponse:
    parts.brake.check()
    response = parts.neighbour.offer((_offered(item) for item in items), parts.ways)
    if len(response.files) != len(items):
        raise TroubleError(
            Cause.MISCONFIGURED,
            f"{parts.neighbour.name} answered {len(response.files)} of {len(items)} offered files.",
        )
    return response


def _way_in(responses: Sequence[incoming_pb2.OfferFilesResponse]) -> incoming_pb2.BatchWayIn:
    """Return where to bring what is expected: what expects nothing does not tell."""
    telling = [r for r in responses if any(f.verdict == Verdict.ACCEPTED for f in r.files)]
    return (telling or responses)[-1].way_in


def _offered(item: Item) -> incoming_pb2.OfferedFile:
    transfer = item.transfer
    return incoming_pb2.OfferedFile(
        transfer_id=transfer.transfer_id,
        file=transfer.file,
        parent_dirs=transfer.parent_dirs,
        observation=transfer.observation if transfer.HasField("observation") else None,
        observing_session=(
            transfer.observing_session if transfer.HasField("observing_session") else None
        ),
    )


def _sort(
    parts: PushParts, items: Sequence[Item], answers: Sequence[incoming_pb2.OfferAnswer]
) -> _Sorted:
    by_verdict: dict[int, list[Item]] = defaultdict(list)
    for item, answer in zip(items, answers, strict=True):
        parts.batch.note_upload(item, answer.upload_id)
        item.error = answer.message
        by_verdict[answer.verdict].append(item)
    return by_verdict


def _raise_if_nothing_can_go_on(parts: PushParts, by_verdict: _Sorted) -> None:
    """Tell what is in the way of all from what is in the way of one."""
    if by_verdict.keys() == {Verdict.NO_ROOM}:
        # Kept together, files that are too large would be in the way of small ones for ever.
        left = parts.batch.move(by_verdict[Verdict.NO_ROOM], Stage.ENDED)
        parts.record([report(item, State.QUEUED) for item in left])
        raise TroubleError(Cause.FULL, left[0].error if left else "There is no room.")
    moving = {Verdict.ACCEPTED, Verdict.ARRIVED, Verdict.HELD}
    if Verdict.LATER in by_verdict and not moving & by_verdict.keys():
        _report(parts, {v: items for v, items in by_verdict.items() if v != Verdict.LATER})
        raise TroubleError(Cause.UNREACHABLE, by_verdict[Verdict.LATER][0].error)


def _report(parts: PushParts, by_verdict: _Sorted) -> None:
    batch = parts.batch
    expected = by_verdict.get(Verdict.ACCEPTED, [])
    arrived = by_verdict.get(Verdict.ARRIVED, [])
    batch.move(expected, Stage.EXPECTED)
    # Each upload's number must be on record before the neighbour has the bytes.
    reports = [report(item, State.OFFERED) for item in [*expected, *arrived]]
    parts.record(reports)
    for item in batch.move(arrived, Stage.SENT):
        item.error = ""
    parts.record([report(item, State.SENT) for item in arrived])
    parts.confirm((i, i.transfer.file.checksum) for i in by_verdict.get(Verdict.HELD, []))
    for verdict, items in by_verdict.items():
        if verdict in _REFUSALS:
            parts.fail(items, *_REFUSALS[verdict])
        elif verdict not in (Verdict.ACCEPTED, Verdict.ARRIVED, Verdict.HELD):
            _refuse_unknown(items, verdict)


def _refuse_unknown(items: list[Item], verdict: int) -> None:
    names = ", ".join(item.transfer.file.name for item in items[:3])
    raise TroubleError(
        Cause.MISCONFIGURED,
        f"The neighbour gave the verdict {verdict} on {names}: update this site.",
    )
