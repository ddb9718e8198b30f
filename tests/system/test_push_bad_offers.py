"""What a neighbour cannot bring or offer to a site."""

import math
from collections.abc import Iterator
from typing import Any

import pytest

from librarian.errors import (
    InvalidRequestError,
    NotAllowedError,
)
from librarian.v1 import (
    files_pb2,
    instances_pb2,
    instances_pb2_grpc,
    store_agent_pb2,
)
from librarian.v1 import incoming_pb2 as pb
from tests.system.intruder_fixtures import intruder, site, unchanged, victim
from tests.system.intruding import (
    BATCH,
    GOOD_SUM,
    OWN_BATCH,
    REFUSALS,
    Caller,
    offered,
    ticket_of,
)

__all__ = ["intruder", "site", "unchanged", "victim"]


def written(upload_id: str, path: str = "") -> Iterator[store_agent_pb2.WriteContentsRequest]:
    upload = store_agent_pb2.StoredUpload(store_name="store", upload_id=upload_id)
    yield store_agent_pb2.WriteContentsRequest(upload=upload, path=path, data=b"evil")


@pytest.mark.usefixtures("unchanged")
@pytest.mark.parametrize(
    "upload_id",
    [f"{BATCH}-0", f"{OWN_BATCH}-7", f"{OWN_BATCH}-0/../../x", f"../{OWN_BATCH}-0", OWN_BATCH, ""],
)
def test_a_ticket_writes_into_its_own_batchs_staging_places_only(
    intruder: Caller, upload_id: str
) -> None:
    agent = intruder.agent(ticket_of(intruder, OWN_BATCH))
    with pytest.raises((*REFUSALS, InvalidRequestError)):
        agent.WriteContents(written(upload_id))


@pytest.mark.usefixtures("unchanged")
@pytest.mark.parametrize(
    "path", ["../x", "a/../../x", "/etc/passwd", "..", ".", "a//b", "new\nline", "x" * 300]
)
def test_no_path_leads_out_of_a_staging_place(intruder: Caller, path: str) -> None:
    agent = intruder.agent(ticket_of(intruder, OWN_BATCH))
    with pytest.raises((*REFUSALS, InvalidRequestError)):
        agent.WriteContents(written(f"{OWN_BATCH}-0", path))


@pytest.mark.usefixtures("unchanged")
@pytest.mark.parametrize(
    "method",
    [
        "OpenStore",
        "PrepareUploads",
        "VerifyUploads",
        "PlaceUploads",
        "DiscardUploads",
        "InspectFiles",
        "CopyFile",
        "DeleteFiles",
        "ReadContents",
        "ListEntries",
        "PushFiles",
        "CheckInstances",
        "PrepareBatch",
        "AdoptBatch",
        "DiscardBatch",
    ],
)
def test_a_ticket_to_write_allows_nothing_else(intruder: Caller, method: str) -> None:
    agent = intruder.agent(ticket_of(intruder, OWN_BATCH))
    request = getattr(store_agent_pb2, f"{method}Request")()
    with pytest.raises(NotAllowedError):
        _call(agent, method, request)


def _call(agent: Any, method: str, request: Any) -> None:
    answer = getattr(agent, method)(request)
    # A stream tells its error when it is read.
    if not hasattr(answer, "DESCRIPTOR"):
        list(answer)


@pytest.mark.usefixtures("unchanged")
@pytest.mark.parametrize(
    "path",
    [f".librarian/staging/{BATCH}-0/data", "../secrets/keys", "/etc/passwd", ".librarian-store"],
)
def test_what_is_no_file_is_not_registered(intruder: Caller, path: str) -> None:
    request = instances_pb2.RegisterInstancesRequest(
        store_name="store", paths=[path], null_obsid=True
    )
    stub = intruder.stub(instances_pb2_grpc.InstancesStub)
    answers = list(stub.RegisterInstances(iter([request])))
    assert [failure.path for answer in answers for failure in answer.failures] == [path]


BAD_FILES: list[dict[str, Any]] = [
    *({"name": n} for n in ("", "..", "a/b", "/abs", "new\nline", "-rf", ".librarian", "x" * 256)),
    *({"parent_dirs": d} for d in ("..", "/abs", "a/../b", ".librarian/staging", "a//b", "-x")),
    *({"size_bytes": size} for size in (-1, 1 << 62)),
    *({"checksum": s} for s in ("", "blake3:", "blake3:xyz", "sha0:00", GOOD_SUM[:-1], "\0")),
    {"source": "\0"},
    {"source": "x" * 65},
    {"metadata": {"": files_pb2.MetadataValue(number=1)}},
    {"metadata": {"no value": files_pb2.MetadataValue()}},
    {"metadata": {"k": files_pb2.MetadataValue(number=math.nan)}},
    {"metadata": {"k": files_pb2.MetadataValue(text="\0")}},
    {"metadata": {"k" * 1000: files_pb2.MetadataValue(number=1)}},
    {"metadata": {f"k{n}": files_pb2.MetadataValue(number=1) for n in range(2000)}},
    {"observation": {"obsid": 1 << 62, "start_time_jd": 1.0}},
    {"observation": {"obsid": -1}},
    {"observation": {"obsid": 1224000000, "start_time_jd": math.nan}},
    {"observation": {"obsid": 1224000000, "start_time_jd": math.inf}},
]


@pytest.mark.usefixtures("unchanged")
@pytest.mark.parametrize("number", range(len(BAD_FILES)))
def test_no_offer_of_what_cannot_be_a_file_is_accepted(intruder: Caller, number: int) -> None:
    file = offered(100 + number, **{"name": f"bad.{number}", **BAD_FILES[number]})
    try:
        [answer] = intruder.offer(OWN_BATCH, file).files
    except InvalidRequestError:
        return
    assert answer.verdict == pb.OfferAnswer.REFUSED
    assert answer.message.endswith(".")


@pytest.mark.usefixtures("unchanged")
def test_no_offer_is_too_large_or_of_nothing_or_of_itself_twice(intruder: Caller) -> None:
    many = [offered(number, f"many.{number}") for number in range(1, 10_001)]
    for files in (many, many[:1001], [], [offered(5), offered(5, "b.raw")], [offered(0)]):
        with pytest.raises(InvalidRequestError):
            intruder.offer(OWN_BATCH, *files)
    for changes in ({"fence": -1}, {"site_id": ""}, {"site_id": "x" * 37}, {"site_name": "\n"}):
        with pytest.raises(InvalidRequestError):
            intruder.offer(OWN_BATCH, offered(), **changes)
    for batch in ("", "..", "A" * 32, "a" * 15, "a" * 33, "../../x"):
        with pytest.raises(InvalidRequestError):
            intruder.offer(batch, offered())
