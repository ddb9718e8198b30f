"""Stores and agents over a real channel, with a real agent behind the catalogue."""

import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update

from catalog_service.tables import Agent, Store
from librarian.errors import (
    ConflictError,
    InvalidRequestError,
    NotAllowedError,
    NotFoundError,
    NotReachableError,
    StateError,
    UnknownStoreError,
)
from librarian.v1 import accounts_pb2
from librarian.v1 import stores_pb2 as pb
from tests.catalog_service.catalog_site import CatalogSite
from tests.polling import wait_until
from tests.store_agent.running_agent import Agent as RunningAgent
from tests.store_agent.running_agent import running_agent

KEY = 32 * b"k"


@pytest.fixture
def agent(catalog: CatalogSite, tmp_path: Path) -> Iterator[RunningAgent]:
    """Run an agent that reports to the catalogue under its own account."""
    token_file = tmp_path / "agent.token"
    token_file.write_text(catalog.agent_token)
    changes = {
        "catalog_address": catalog.address,
        "token_file": token_file,
        "announce_seconds": 0.1,
        "host": "node1",
    }
    with running_agent(tmp_path, **changes) as running:
        wait_until(
            lambda: catalog.agents(catalog.admin_token).ListAgents(pb.ListAgentsRequest()).agents,
            what="the agent's first report",
        )
        yield running


def announce(catalog: CatalogSite, token: str | None = None, **changes: Any) -> Any:
    values = {"address": "127.0.0.1:1", "host": "node1", "ticket_key": KEY, **changes}
    return catalog.agents(token).AnnounceAgent(pb.AnnounceAgentRequest(**values))


def create(catalog: CatalogSite, root: Path | str, name: str = "pot1", **changes: Any) -> pb.Store:
    request = pb.CreateStoreRequest(name=name, root=str(root), **changes)
    made = catalog.stores().CreateStore(request)
    assert isinstance(made, pb.Store)
    return made


def get(catalog: CatalogSite, name: str = "pot1") -> pb.Store:
    found = catalog.stores().GetStore(pb.GetStoreRequest(name=name))
    assert isinstance(found, pb.Store)
    return found


def rows(catalog: CatalogSite) -> list[Store]:
    with catalog.database.readings() as db:
        return list(db.scalars(select(Store)))


def test_a_new_store_can_be_used_at_once(
    catalog: CatalogSite, agent: RunningAgent, tmp_path: Path
) -> None:
    root = tmp_path / "stores" / "pot1"
    store = create(catalog, root)
    assert (store.agent_name, store.host, store.root) == ("agent", "node1", str(root))
    assert (store.enabled, store.ingestible, store.reachable, store.problem) == (
        True,
        True,
        True,
        "",
    )
    assert store.capacity_bytes > store.free_bytes > 0
    assert json.loads((root / ".librarian-store").read_text())["id"] == rows(catalog)[0].store_id


def test_adding_a_store_again_gives_the_same_store(
    catalog: CatalogSite, agent: RunningAgent, tmp_path: Path
) -> None:
    create(catalog, tmp_path / "stores" / "pot1")
    again = create(catalog, tmp_path / "stores" / "pot1", no_ingest=True)
    assert again.ingestible
    assert len(rows(catalog)) == 1


def test_a_store_that_was_opened_but_not_recorded_is_added_by_asking_again(
    catalog: CatalogSite, agent: RunningAgent, tmp_path: Path
) -> None:
    root = tmp_path / "stores" / "pot1"
    create(catalog, root)
    # As when the catalogue dies between the agent's answer and its own record.
    with catalog.database.transactions.begin() as db:
        db.delete(db.scalars(select(Store)).one())
    assert create(catalog, root).reachable


def test_of_many_that_add_the_same_store_at_once_all_get_it(
    catalog: CatalogSite, agent: RunningAgent, tmp_path: Path
) -> None:
    made: list[str] = []

    def add() -> None:
        made.append(create(catalog, tmp_path / "stores" / "pot1").name)

    threads = [threading.Thread(target=add) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert made == 8 * ["pot1"]
    assert len(rows(catalog)) == 1


def test_a_name_and_a_directory_belong_to_one_store(
    catalog: CatalogSite, agent: RunningAgent, tmp_path: Path
) -> None:
    root = tmp_path / "stores" / "pot1"
    create(catalog, root)
    with pytest.raises(ConflictError, match="'pot1' already"):
        create(catalog, tmp_path / "stores" / "other")
    for overlapping in (root, root / "inside", tmp_path / "stores"):
        with pytest.raises(ConflictError, match="stores may not overlap"):
            create(catalog, overlapping, name="pot2")
    assert create(catalog, tmp_path / "stores" / "pot10", name="pot10").reachable


@pytest.mark.parametrize(
    "root",
    ["", "relative", "/a/../b", "/a//b", "/a/", "/a\nb", "/a\x00b", "/long" * 410],
)
def test_a_root_that_is_none_is_refused(
    catalog: CatalogSite, agent: RunningAgent, root: str
) -> None:
    with pytest.raises(InvalidRequestError, match="absolute path"):
        create(catalog, root)


@pytest.mark.parametrize("name", ["", "-a", "a b", "a/b", "é", 65 * "a"])
def test_a_name_that_is_none_is_refused(
    catalog: CatalogSite, agent: RunningAgent, tmp_path: Path, name: str
) -> None:
    with pytest.raises(InvalidRequestError, match="store's name"):
        create(catalog, tmp_path / "stores" / "x", name=name)


def test_an_agent_serves_only_beneath_its_prefixes(
    catalog: CatalogSite, agent: RunningAgent, tmp_path: Path
) -> None:
    with pytest.raises(InvalidRequestError):
        create(catalog, tmp_path / "elsewhere")
    assert rows(catalog) == []


def test_without_any_agent_there_is_no_store(catalog: CatalogSite, tmp_path: Path) -> None:
    with pytest.raises(StateError, match="start one first"):
        create(catalog, tmp_path)


def test_an_agent_that_is_down_makes_no_store(catalog: CatalogSite, tmp_path: Path) -> None:
    announce(catalog)
    with pytest.raises(NotReachableError):
        create(catalog, tmp_path)
    assert rows(catalog) == []


def test_an_agent_that_is_not_there_is_named_beside_those_that_are(
    catalog: CatalogSite, tmp_path: Path
) -> None:
    announce(catalog)
    with pytest.raises(NotFoundError, match="'node7'; there are agent"):
        create(catalog, tmp_path, agent_name="node7")


def test_a_stores_settings_change_one_by_one(
    catalog: CatalogSite, agent: RunningAgent, tmp_path: Path
) -> None:
    create(catalog, tmp_path / "stores" / "pot1")
    update_store = catalog.stores().UpdateStore
    changed = update_store(pb.UpdateStoreRequest(name="pot1", enabled=False))
    assert (changed.enabled, changed.ingestible) == (False, True)
    changed = update_store(pb.UpdateStoreRequest(name="pot1", ingestible=False))
    assert (changed.enabled, changed.ingestible) == (False, False)


def test_a_store_that_is_not_there_is_not_found(catalog: CatalogSite) -> None:
    for name in ("pot7", "", "a\x00"):
        with pytest.raises(UnknownStoreError, match="get-store-list"):
            get(catalog, name)


def test_a_store_whose_agent_is_silent_says_so(
    catalog: CatalogSite, agent: RunningAgent, tmp_path: Path
) -> None:
    create(catalog, tmp_path / "stores" / "pot1")
    agent.running.stop(grace_seconds=0)
    long_ago = datetime.now(UTC) - timedelta(seconds=31)
    with catalog.database.transactions.begin() as db:
        db.execute(update(Store).values(report_time=long_ago))
    store = get(catalog)
    assert not store.reachable
    assert "agent is silent" in store.problem


def test_what_an_agent_finds_wrong_is_told(
    catalog: CatalogSite, agent: RunningAgent, tmp_path: Path
) -> None:
    root = tmp_path / "stores" / "pot1"
    create(catalog, root)
    (root / ".librarian-store").unlink()
    wait_until(lambda: not get(catalog).reachable, what="the report of a store without its mark")
    assert get(catalog).problem


def test_the_account_of_an_agent_with_stores_is_not_deleted(
    catalog: CatalogSite, agent: RunningAgent, tmp_path: Path
) -> None:
    catalog.accounts().CreateAccount(_agent_account("node2"))
    create(catalog, tmp_path / "stores" / "pot1")
    with pytest.raises(StateError, match="serves the store 'pot1'"):
        catalog.accounts().DeleteAccount(accounts_pb2.DeleteAccountRequest(name="agent"))
    catalog.accounts().DeleteAccount(accounts_pb2.DeleteAccountRequest(name="node2"))
    assert catalog.token_of("agent")


def test_an_agent_reports_only_on_its_own_stores(
    catalog: CatalogSite, agent: RunningAgent, tmp_path: Path
) -> None:
    create(catalog, tmp_path / "stores" / "pot1")
    catalog.accounts().CreateAccount(_agent_account("node2"))
    report = pb.StoreReport(name="pot1", problem="A lie.")
    answer = announce(catalog, catalog.token_of("node2"), stores=[report])
    assert list(answer.stores) == []
    assert get(catalog).problem == ""


def _agent_account(name: str) -> Any:
    from librarian.v1 import accounts_pb2

    return accounts_pb2.CreateAccountRequest(
        name=name, role=accounts_pb2.NONE, kind=accounts_pb2.Account.AGENT
    )


def test_a_person_does_not_announce_an_agent(catalog: CatalogSite) -> None:
    with pytest.raises(NotAllowedError, match="not for the account 'admin'"):
        announce(catalog, catalog.admin_token)


def test_an_agents_key_is_kept_encrypted_and_the_same_one_only_once(catalog: CatalogSite) -> None:
    def kept() -> bytes:
        with catalog.database.readings() as db:
            return db.scalars(select(Agent)).one().ticket_key

    announce(catalog)
    first = kept()
    announce(catalog)
    assert kept() == first
    assert KEY not in first
    announce(catalog, ticket_key=32 * b"n")
    assert kept() != first


@pytest.mark.parametrize(
    "wrong",
    [
        {"ticket_key": b"short"},
        {"ticket_key": 65 * b"k"},
        {"address": ""},
        {"address": "no-port"},
        {"address": "http://host:1"},
        {"host": "a\nb"},
        {"staging_prefix": 5000 * "x"},
    ],
)
def test_a_report_that_cannot_be_is_refused(catalog: CatalogSite, wrong: dict[str, Any]) -> None:
    with pytest.raises(InvalidRequestError):
        announce(catalog, **wrong)


def test_agents_are_listed_as_they_reported(catalog: CatalogSite) -> None:
    announce(catalog, tls=True, staging_prefix="/scratch", version="1.2")
    agents = catalog.agents(catalog.admin_token).ListAgents(pb.ListAgentsRequest()).agents
    [found] = agents
    assert (found.name, found.host, found.address) == ("agent", "node1", "127.0.0.1:1")
    assert (found.tls, found.staging_prefix, found.version) == (True, "/scratch", "1.2")
