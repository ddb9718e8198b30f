"""What a neighbour that is hostile cannot make a site do that pushes to it."""

import itertools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from librarian.client.librarians import Neighbour
from librarian.client.transfer_records import Transfer
from librarian.v1 import incoming_pb2 as pb
from tests.polling import wait_until
from tests.ssh_server import make_key
from tests.system.hostile import HostileSite, OfferAnswers
from tests.system.site import ALL_SERVICES, Site

DEADLINE_SECONDS = 90.0
CONTENTS = b"what the telescope saw"
_numbers = itertools.count()


class Source(NamedTuple):
    """A site that pushes, and where the keys of its agent for SSH lie."""

    site: Site
    keys: Path


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Source]:
    """Run a site whose agent may take every way."""
    directory = tmp_path_factory.mktemp("hostile")
    keys = directory / "keys"
    keys.mkdir()
    environment = {
        "LIBRARIAN_STORE_AGENT__SHARED_PREFIXES": f'["{directory}"]',
        "LIBRARIAN_STORE_AGENT__SSH_KEY_DIR": str(keys),
    }
    environments = {"store_agent": environment}
    with Site(directory / "site", services=ALL_SERVICES, environment=environments) as site:  # type: ignore[arg-type]
        yield Source(site, keys)


def put_file(source: Source) -> str:
    """Put a new file on record, and return its name."""
    name = f"seen{next(_numbers)}.raw"
    (source.site.layout.store / name).write_bytes(CONTENTS)
    with source.site.librarian() as lib:
        assert [b.failures for b in lib.register("store", [name], null_obsid=True)] == [[]]
    return name


@contextmanager
def pushed_to(source: Source, hostile: HostileSite, *ways: str) -> Iterator[tuple[str, str]]:
    """Queue a new file to a hostile site; give the names of the file and of the neighbour."""
    name = put_file(source)
    neighbour = f"mallory{next(_numbers)}"
    host_key = make_key(source.keys / neighbour)
    with hostile, source.site.librarian() as lib:
        lib.add_librarian(
            neighbour,
            hostile.address,
            "telescope:lib_secret",
            check=False,
            ways=ways,
            ssh_host_key=" ".join(host_key.split()[:2]),
        )
        assert lib.send(neighbour, f"name:{name}").queued_count == 1
        yield name, neighbour
        lib.remove_librarian(neighbour, cancel_transfers=True)


def told(source: Source, name: str, neighbour: str) -> tuple[Neighbour, Transfer]:
    """Wait until a site tells what is wrong with a neighbour, or with a transfer to it."""
    with source.site.librarian() as lib:

        def find() -> tuple[Neighbour, Transfer] | None:
            there, transfer = lib.get_librarian(neighbour), next(lib.list_transfers(file_name=name))
            return (there, transfer) if there.link.error or transfer.error else None

        return wait_until(find, what="what is wrong", timeout_seconds=DEADLINE_SECONDS)  # type: ignore[return-value]


def tree_of(source: Source) -> list[tuple[str, int]]:
    """Return what lies in the site's directories, but for what it writes as it runs."""
    root = source.site.layout.root
    paths = [path for path in root.parent.rglob("*") if path.is_file() or path.is_symlink()]
    changing = (source.site.layout.logs, source.keys)
    kept = [
        p for p in paths if "sqlite" not in p.name and not any(c in p.parents for c in changing)
    ]
    return sorted((str(path), path.lstat().st_size) for path in kept)


def accepting(
    make_way_in: Callable[[pb.OfferFilesRequest], dict[str, Any]], upload_id: str = "{batch}-0"
) -> OfferAnswers:
    """Return what accepts all that is offered, with some way in."""

    def answer(request: pb.OfferFilesRequest) -> pb.OfferFilesResponse:
        one = pb.OfferAnswer(
            verdict=pb.OfferAnswer.ACCEPTED, upload_id=upload_id.format(batch=request.batch_id)
        )
        way_in = {"store_name": "store", "ticket": "x", **make_way_in(request)}
        return pb.OfferFilesResponse(files=[one], way_in=pb.BatchWayIn(**way_in))

    return answer


def check_refused(source: Source, answer: OfferAnswers, *ways: str) -> str:
    """Push to a hostile site, check that this changes nothing, and return what is told."""
    with pushed_to(source, HostileSite(answer, "blake3:00"), *ways) as (name, neighbour):
        before = tree_of(source)
        there, transfer = told(source, name, neighbour)
        assert tree_of(source) == before
        assert transfer.state != "CONFIRMED"
        return there.link.error or transfer.error


@pytest.mark.parametrize(
    "path",
    [
        "{store}/.librarian/staging",
        "{store}",
        "{site}/secrets",
        "/etc",
        "staging",
        "{site}/../..",
        "",
    ],
)
def test_no_staging_path_leads_into_a_store_of_ours(source: Source, path: str) -> None:
    site = source.site
    path = path.format(store=site.layout.store, site=site.layout.root)
    with site.librarian() as lib:
        assert lib.get_store("store").reachable
    answer = accepting(lambda request: {"staging_path": path, "ways": [pb.PUSH_WAY_SHARED]})
    assert "SHARED" in check_refused(source, answer, "shared")


@pytest.mark.parametrize(
    "upload_id",
    [
        "../../../x",
        "{batch}-0/../../x",
        "/etc/x",
        "{batch}",
        "",
        "ffffffffffffffffffffffffffffffff-0",
    ],
)
@pytest.mark.parametrize("way", ["shared", "stream", "rsync"])
def test_no_upload_id_is_taken_for_a_path(source: Source, upload_id: str, way: str) -> None:
    site = source.site
    way_in = {
        "staging_path": f"{site.layout.store}/.librarian/staging",
        "agent_address": f"127.0.0.1:{site.port + 1}",
        "rsync_path": f"{site.layout.store}/.librarian/incoming",
        "ssh_host": "127.0.0.1",
        "ssh_port": 1,
        "ssh_user": "x",
    }
    check_refused(source, accepting(lambda request: way_in, upload_id), way)


@pytest.mark.parametrize(
    "changes",
    [
        {"ssh_host": "-oProxyCommand=touch x"},
        {"ssh_host": "$(touch x)"},
        {"ssh_host": "127.0.0.1 touch x"},
        {"ssh_user": "-oProxyCommand=touch x"},
        {"ssh_user": "x@y"},
        {"ssh_port": -1},
        {"ssh_port": 1 << 20},
        {"rsync_path": "relative"},
        {"rsync_path": "/x\n/y"},
        {"rsync_path": "/x y; touch x"},
        {"rsync_path": "--rsh=touch x"},
    ],
)
def test_no_address_is_taken_for_a_command(source: Source, changes: dict[str, Any]) -> None:
    good = {"ssh_host": "127.0.0.1", "ssh_port": 1, "ssh_user": "x", "rsync_path": "/x/y"}
    way_in = {**good, "ways": [pb.PUSH_WAY_RSYNC], **changes}
    check_refused(source, accepting(lambda request: way_in), "rsync")
    assert not list(source.site.layout.root.parent.rglob("x"))


@pytest.mark.parametrize("address", ["own agent", "own catalogue", "", "no address", "[::"])
def test_our_own_agent_takes_nothing_by_a_ticket_of_another(source: Source, address: str) -> None:
    port = source.site.port
    address = {"own agent": f"127.0.0.1:{port + 1}", "own catalogue": f"127.0.0.1:{port}"}.get(
        address, address
    )
    way_in = {"agent_address": address, "ways": [pb.PUSH_WAY_STREAM]}
    check_refused(source, accepting(lambda request: way_in), "stream")


def test_another_checksum_than_that_on_record_confirms_nothing(source: Source) -> None:
    def arrived(request: pb.OfferFilesRequest) -> pb.OfferFilesResponse:
        one = pb.OfferAnswer(verdict=pb.OfferAnswer.ARRIVED, upload_id=f"{request.batch_id}-0")
        return pb.OfferFilesResponse(files=[one])

    assert "other contents" in check_refused(source, arrived)


@pytest.mark.parametrize(
    "answer",
    [
        lambda request: pb.OfferFilesResponse(),
        lambda request: pb.OfferFilesResponse(files=[{"verdict": 99}]),
        lambda request: pb.OfferFilesResponse(files=[pb.OfferAnswer()] * 5000),
        lambda request: pb.OfferFilesResponse(files=[{"verdict": 1, "message": "x" * (64 << 20)}]),
        lambda request: pb.OfferFilesResponse(files=[{"verdict": 5, "message": "\0\x1b[2J" * 999}]),
        lambda request: b"\xff" * 100,
        lambda request: 1 // 0,
    ],
    ids=["none", "unknown", "too many", "huge", "control", "garbage", "error"],
)
def test_answers_that_make_no_sense_harm_nobody(source: Source, answer: OfferAnswers) -> None:
    sentence = check_refused(source, answer)
    assert len(sentence) < 3000


def test_a_neighbour_that_never_answers_holds_up_no_other(source: Source) -> None:
    hanging: list[HostileSite] = []

    def hang(request: pb.OfferFilesRequest) -> pb.OfferFilesResponse:
        hanging[0].released.wait(600)
        return pb.OfferFilesResponse()

    def held(request: pb.OfferFilesRequest) -> pb.OfferFilesResponse:
        return pb.OfferFilesResponse(files=[pb.OfferAnswer(verdict=pb.OfferAnswer.HELD)])

    hanging.append(HostileSite(hang))
    with pushed_to(source, hanging[0]) as (name, _):
        wait_until(lambda: hanging[0].offers, what="an offer", timeout_seconds=DEADLINE_SECONDS)
        with pushed_to(source, HostileSite(held)) as (other, _), source.site.librarian() as lib:
            wait_until(
                lambda: next(lib.list_transfers(file_name=other)).state == "CONFIRMED",
                what="the other's transfer",
                timeout_seconds=DEADLINE_SECONDS,
            )
            assert next(lib.list_transfers(file_name=name)).state != "CONFIRMED"
        hanging[0].released.set()
