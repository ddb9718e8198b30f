"""The stream way: resuming, and telling apart what is in its way."""

import os
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme

from librarian.service.tickets import Ticket, sign_ticket
from librarian.v1 import librarians_pb2
from librarian.v1 import store_agent_pb2 as pb
from store_agent.neighbours import stream_watch
from tests.store_agent.pushing_contract import BATCH, THERE, Sites, StreamSetup, running_sites
from tests.store_agent.running_agent import running_agent, upload

MIB = 1 << 20


@pytest.fixture
def sites(tmp_path: Path) -> Iterator[Sites]:
    with running_sites(tmp_path, StreamSetup()) as running:
        yield running


def _write_there(sites: Sites, file: pb.PushFile, path: str, data: bytes) -> None:
    """Have a piece arrive before the push."""
    piece = pb.WriteContentsRequest(
        upload=upload(THERE, file.upload_id), path=path, offset=0, data=data
    )
    sites.there.stub("write", BATCH).WriteContents(iter([piece]))


@pytest.mark.parametrize("arrived_bytes", [0, 1, 5 * MIB - 1, 5 * MIB, 6 * MIB])
def test_it_goes_on_from_whatever_has_arrived(sites: Sites, arrived_bytes: int) -> None:
    data = os.urandom(5 * MIB)
    files = sites.put({"large": data})
    place = sites.root_there / ".librarian/staging" / files[0].upload_id
    (place / "data").write_bytes((data + bytes(MIB))[:arrived_bytes])
    assert sites.push(files).bytes_done == 5 * MIB
    assert sites.refused(files) == {}


def test_a_large_dataset_goes_on_entry_by_entry(sites: Sites) -> None:
    dataset = sites.root / "set"
    (dataset / "sub").mkdir(parents=True)
    entries = {"a": os.urandom(3 * MIB), "sub/b": os.urandom(3 * MIB), "z": b""}
    for path, data in entries.items():
        (dataset / path).write_bytes(data)
    files = sites.offer("set")
    _write_there(sites, files[0], "a", entries["a"][:MIB])
    _write_there(sites, files[0], "sub/b", entries["sub/b"][: 2 * MIB - 1])
    assert sites.push(files).bytes_done == 6 * MIB
    assert sites.refused(files) == {}


def test_what_arrived_wrong_is_found_there(sites: Sites) -> None:
    files = sites.put({"large": os.urandom(5 * MIB)})
    _write_there(sites, files[0], "", b"of another file")
    assert sites.push(files).there == [files[0].upload_id]
    assert sites.refused(files) == {files[0].upload_id: "CORRUPT_CONTENTS"}


def test_a_neighbour_that_does_not_answer_is_unreachable(sites: Sites) -> None:
    files = sites.put({"a": b"a", "large": os.urandom(5 * MIB)})
    request = sites.request(files)
    sites.there.running.stop(0.0)
    *_, last = sites.pusher.PushFiles(request)
    assert last.trouble.cause == librarians_pb2.Link.UNREACHABLE
    assert not last.files


@pytest.mark.parametrize(
    "ticket", [Ticket("write", "f" * 32), Ticket("read", BATCH), Ticket("push", BATCH)]
)
def test_a_ticket_that_is_refused_is_told(sites: Sites, ticket: Ticket) -> None:
    files = sites.put({"a": b"a"})
    request = sites.request(files)
    request.way_in.ticket = sign_ticket(sites.there.running.parts.ticket_key, ticket, 600)
    *_, last = sites.pusher.PushFiles(request)
    assert last.trouble.cause == librarians_pb2.Link.REFUSED


def test_an_upload_that_is_verified_or_gone_there_is_left_to_the_neighbour(sites: Sites) -> None:
    files = sites.put({"a": b"a", "verified": b"v", "gone": b"g"})
    sites.push([files[1]])
    assert sites.refused([files[1]]) == {}
    (sites.root_there / ".librarian/staging" / files[2].upload_id).rmdir()
    outcome = sites.push(files)
    assert (outcome.trouble, outcome.failures) == (None, {})
    assert sites.refused(files) == {files[2].upload_id: "UNKNOWN_UPLOAD"}


def test_files_of_several_stores_go_in_one_push(sites: Sites) -> None:
    files = sites.put({"a": b"a", "b": b"b"})
    (sites.here.add_store("second") / "b").write_bytes(b"b")
    (sites.root / "b").unlink()
    files[1].store_name = "second"
    assert len(sites.push(files).there) == 2
    assert sites.refused(files) == {}


@pytest.mark.parametrize("streams", [1, 3])
def test_streams_share_the_files(tmp_path: Path, streams: int) -> None:
    with running_sites(tmp_path, StreamSetup(), push_streams=streams) as sites:
        files = sites.put({f"f{n}": os.urandom(n * MIB) for n in range(10)})
        assert len(sites.push(files).there) == 10
        assert sites.refused(files) == {}


def test_a_store_there_that_lost_its_disk_holds_the_batch_back(sites: Sites) -> None:
    files = sites.put({"a": b"a"})
    (sites.root_there / ".librarian-store").rename(sites.root_there / "mark")
    outcome = sites.push(files)
    assert outcome.trouble is not None
    assert outcome.trouble.cause == librarians_pb2.Link.UNREACHABLE
    assert "is its disk mounted" in outcome.trouble.message
    assert outcome.failures == {}


def test_a_neighbour_with_tls_is_believed_by_its_own_authority_only(tmp_path: Path) -> None:
    authority = trustme.CA()
    own = authority.issue_cert("127.0.0.1")
    own.cert_chain_pems[0].write_to_path(tmp_path / "cert.pem")
    own.private_key_pem.write_to_path(tmp_path / "key.pem")

    class TlsSetup(StreamSetup):
        """To an agent whose port speaks TLS."""

        def way_in(self, sites: Sites) -> dict[str, object]:
            return {**super().way_in(sites), "agent_tls": True}

    with running_sites(tmp_path, TlsSetup()) as sites:
        files = sites.put({"a": b"a"})
        changes = {"tls_cert_file": tmp_path / "cert.pem", "tls_key_file": tmp_path / "key.pem"}
        with running_agent(sites.there.directory, **changes) as there:
            there.running.parts.stores.open_store(
                THERE, sites.root_there, str(uuid.uuid5(uuid.NAMESPACE_URL, THERE))
            )
            request = sites.request(files, ca_pem=authority.cert_pem.bytes().decode())
            request.way_in.agent_address = there.running.address
            ticket = sign_ticket(there.running.parts.ticket_key, Ticket("write", BATCH), 600)
            request.way_in.ticket = ticket
            request.ca_pem, good = trustme.CA().cert_pem.bytes().decode(), request.ca_pem
            *_, last = sites.pusher.PushFiles(request)
            assert last.trouble.cause == librarians_pb2.Link.UNREACHABLE
            request.ca_pem = good
            *_, last = sites.pusher.PushFiles(request)
            assert [file.upload_id for file in last.files] == [files[0].upload_id]
            assert not last.HasField("trouble")


def test_a_neighbour_that_falls_silent_is_noticed(
    sites: Sites, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream_watch, "STALL_SECONDS", 0.5)
    files = sites.put({"a": b"a"})
    sites.link.silent = True
    outcome = sites.push(files)
    assert outcome.trouble is not None
    assert outcome.trouble.cause == librarians_pb2.Link.UNREACHABLE
    assert "has done nothing" in outcome.trouble.message


def test_the_agent_there_may_stop_in_the_middle(tmp_path: Path) -> None:
    data = os.urandom(12 * MIB)
    with running_sites(tmp_path, StreamSetup()) as sites:
        files = sites.put({"large": data})
        for answer in sites.start(files, bandwidth_bytes_per_second=12 * MIB):
            if answer.bytes_done > 2 * MIB:
                sites.there.running.stop(0.0)
            last = answer
        assert last.trouble.cause == librarians_pb2.Link.UNREACHABLE
    with running_sites(tmp_path, StreamSetup()) as sites:
        assert sites.push(files, fence=2).there == [files[0].upload_id]
        assert sites.link.sent_bytes < 11 * MIB
        assert sites.refused(files) == {}
