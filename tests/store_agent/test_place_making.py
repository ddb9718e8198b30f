"""Staging places: made, given back, and used again once they are empty."""

import fcntl
import os
from pathlib import Path

import pytest

from librarian.errors import BusyError
from store_agent import place_making, upload_batches
from store_agent.stores import Stores
from tests.store_agent.running_agent import Agent

OWN = ".librarian"


def prepare(stores: Stores, *upload_ids: str) -> list[Path]:
    made = upload_batches.prepare_uploads(stores, [("pot1", one) for one in upload_ids])
    return [Path(str(path)) for path in made]


def discard(stores: Stores, *upload_ids: str) -> None:
    upload_batches.discard_uploads(stores, [("pot1", one) for one in upload_ids])


def test_a_place_where_somebody_writes_is_left_alone(agent: Agent) -> None:
    root = agent.add_store("pot1")
    stores = agent.running.parts.stores
    busy, idle = prepare(stores, "b1-0", "b1-1")
    (busy / "data").write_bytes(b"half of it")
    writer = os.open(busy, os.O_RDONLY)
    try:
        fcntl.flock(writer, fcntl.LOCK_EX)
        errors = upload_batches.discard_uploads(stores, [("pot1", "b1-0"), ("pot1", "b1-1")])
        assert [type(error) for error in errors] == [BusyError, type(None)]
        assert (busy / "data").read_bytes() == b"half of it"
        assert not idle.exists()
        assert os.listdir(root / OWN / "spare") == ["b1-1"]
    finally:
        os.close(writer)
    discard(stores, "b1-0")
    assert not busy.exists()


def test_an_empty_place_is_used_again(agent: Agent) -> None:
    agent.add_store("pot1")
    stores = agent.running.parts.stores
    [first] = prepare(stores, "b1-0")
    inode = first.stat().st_ino
    discard(stores, "b1-0")
    assert not first.exists()
    [again] = prepare(stores, "b2-0")
    assert (again.name, again.stat().st_ino, again.stat().st_mode & 0o777) == ("b2-0", inode, 0o700)
    assert list(again.iterdir()) == []


def test_a_place_that_is_prepared_twice_keeps_what_has_arrived(agent: Agent) -> None:
    root = agent.add_store("pot1")
    stores = agent.running.parts.stores
    discard(stores, prepare(stores, "b1-0")[0].name)
    assert os.listdir(root / OWN / "spare") == ["b1-0"]
    prepare(stores, "b2-0", "b2-1")
    discard(stores, "b2-1")
    (root / OWN / "staging" / "b2-0" / "data").write_bytes(b"arrived")
    [place] = prepare(stores, "b2-0")
    assert (place / "data").read_bytes() == b"arrived"


def test_a_place_with_something_in_it_is_not_used_again(agent: Agent) -> None:
    root = agent.add_store("pot1")
    stores = agent.running.parts.stores
    [place] = prepare(stores, "b1-0")
    (place / "data").write_bytes(b"given up")
    discard(stores, "b1-0")
    assert os.listdir(root / OWN / "staging") == os.listdir(root / OWN / "spare") == []


def test_no_more_places_are_kept_than_are_allowed(
    agent: Agent, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(place_making, "_MAX_SPARE_PLACES", 10)
    root = agent.add_store("pot1")
    stores = agent.running.parts.stores
    ids = [f"b1-{number}" for number in range(13)]
    prepare(stores, *ids)
    discard(stores, *ids)
    assert os.listdir(root / OWN / "staging") == []
    assert len(os.listdir(root / OWN / "spare")) == 10
