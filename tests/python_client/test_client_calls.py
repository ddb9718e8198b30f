"""The rest of the client's calls, on a real site."""

import os
from datetime import timedelta
from pathlib import Path

import grpc
import pytest

from librarian import Librarian
from librarian.client import files
from librarian.client.connections import ConnectionSettings, write_connection
from librarian.errors import (
    ConflictError,
    InvalidRequestError,
    NotAllowedError,
    NotFoundError,
    NotReachableError,
    NotSignedInError,
    UnknownAccountError,
    UnknownFileError,
    UnknownStoreError,
)
from tests.system.site import Site


@pytest.fixture
def name(librarian: Librarian, tmp_path: Path, request: pytest.FixtureRequest) -> str:
    """Put a file into the archive, and return its name."""
    name = str(request.node.name)
    (tmp_path / "contents").write_bytes(name.encode())
    return librarian.upload(tmp_path / "contents", f"calls/{name}", null_obsid=True).name


def test_a_site_says_what_it_is_and_who_calls(librarian: Librarian) -> None:
    info = librarian.ping()
    assert (info.account, info.role) == ("admin", "ADMIN")
    assert info.to_json()["site"] == info.site


def test_a_wrong_token_is_refused_and_not_repeated(client_site: Site) -> None:
    stranger = Librarian(f"127.0.0.1:{client_site.port}", "lib_wrong_secretsecret")
    with stranger, pytest.raises(NotSignedInError) as caught:
        stranger.ping()
    assert "secretsecret" not in str(caught.value)


def test_a_user_signs_in_with_a_password(client_site: Site, librarian: Librarian) -> None:
    librarian.create_user("alice", "readonly", "correct horse")
    settings = ConnectionSettings(f"127.0.0.1:{client_site.port}", "alice:correct horse")
    write_connection("alice", settings, client_site.client_config)
    with Librarian.connect("alice", client_site.client_config) as alice:
        assert (alice.ping().account, alice.ping().role) == ("alice", "READONLY")
        assert "correct horse" not in repr(vars(alice._link))
        with pytest.raises(NotAllowedError):
            alice.create_user("bob", "NONE")


def test_a_wrong_password_is_refused(client_site: Site) -> None:
    stranger = Librarian(f"127.0.0.1:{client_site.port}", "nobody:wrong password")
    with stranger, pytest.raises(NotSignedInError) as caught:
        stranger.ping()
    assert "wrong password" not in str(caught.value)


def test_accounts_are_made_changed_and_deleted(librarian: Librarian) -> None:
    made = librarian.create_user("carol", "READONLY", "carols password")
    assert (made.name, made.role, made.kind, made.has_password) == (
        "carol",
        "READONLY",
        "PERSON",
        True,
    )
    assert librarian.set_role("carol", "readwrite").role == "READWRITE"
    librarian.set_password("another password", user="carol")
    assert "carol" in [user.name for user in librarian.list_users()]
    with pytest.raises(ConflictError):
        librarian.create_user("carol", "NONE")
    librarian.delete_user("carol")
    with pytest.raises(UnknownAccountError):
        librarian.delete_user("carol")


def test_an_unknown_role_names_the_known_ones(librarian: Librarian) -> None:
    with pytest.raises(InvalidRequestError, match="NONE, READONLY, CALLBACK"):
        librarian.create_user("dave", "SUPERUSER")


def test_a_token_works_until_it_is_revoked(client_site: Site, librarian: Librarian) -> None:
    new = librarian.create_token("pipeline", role="READAPPEND", lifetime=timedelta(hours=1))
    assert new.secret not in repr(new)
    assert new.token.expire_time is not None
    assert new.token.id in [token.id for token in librarian.list_tokens()]
    with Librarian(f"127.0.0.1:{client_site.port}", new.secret) as pipeline:
        assert pipeline.ping().role == "READAPPEND"
    librarian.revoke_token(new.token.id)
    revoked = Librarian(f"127.0.0.1:{client_site.port}", new.secret)
    with revoked, pytest.raises(NotSignedInError):
        revoked.ping()


def test_a_token_that_would_not_live_is_refused(librarian: Librarian) -> None:
    with pytest.raises(InvalidRequestError, match="a second at least"):
        librarian.create_token("gone", lifetime=timedelta(0))


def test_stores_are_added_listed_and_changed(client_site: Site, librarian: Librarian) -> None:
    root = client_site.layout.store
    again, known = librarian.add_store("store", str(root)), librarian.get_store("store")
    assert (again.name, again.agent, again.root) == (known.name, known.agent, str(root))
    assert not librarian.set_store_state("store", ingestible=False).ingestible
    changed = librarian.set_store_state("store", ingestible=True)
    assert (changed.ingestible, changed.enabled) == (True, True)
    assert [store.name for store in librarian.list_stores()] == ["store"]
    with pytest.raises(UnknownStoreError):
        librarian.get_store("nowhere")


def test_agents_are_listed(client_site: Site, librarian: Librarian) -> None:
    [agent] = librarian.list_agents()
    assert (agent.name, agent.staging_prefix) == ("agent", str(client_site.layout.staging))


def test_a_file_is_looked_up_and_located(
    client_site: Site, librarian: Librarian, name: str
) -> None:
    file = librarian.get_file(name)
    assert list(file.to_json()) == [
        "name",
        "type",
        "size_bytes",
        "checksum",
        "obsid",
        "create_time",
        "source",
        "instance_count",
    ]
    assert (file.source, file.instance_count, file.obsid) == ("admin", 1, None)
    [instance] = librarian.locate_file(name)
    assert instance.path == str(client_site.layout.store / "calls" / name)
    assert (instance.store, instance.state, instance.deletion_policy) == (
        "store",
        "AVAILABLE",
        "DISALLOWED",
    )


def test_a_file_that_is_not_on_record_is_an_error(librarian: Librarian) -> None:
    with pytest.raises(UnknownFileError):
        librarian.get_file("never-heard-of")
    with pytest.raises(UnknownFileError):
        librarian.locate_file("never-heard-of")
    with pytest.raises(UnknownFileError):
        list(librarian.list_file_events("never-heard-of"))


def test_events_are_logged_and_read_page_by_page(
    librarian: Librarian, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "_PAGE_SIZE", 2)
    for number in range(5):
        event = librarian.add_file_event(name, "inspected", {"number": number, "ü": [None]})
        assert event.payload == {"number": number, "ü": [None]}
    events = list(librarian.list_file_events(name))
    assert [event.type for event in events] == ["create_instance", *["inspected"] * 5]
    assert [event.payload["number"] for event in events[1:]] == list(range(5))


@pytest.mark.parametrize("value", [float("nan"), object()])
def test_a_payload_that_is_not_json_is_refused(
    librarian: Librarian, name: str, value: object
) -> None:
    with pytest.raises(InvalidRequestError, match="is not JSON"):
        librarian.add_file_event(name, "inspected", {"value": value})


def test_a_search_is_a_dictionary_or_text(librarian: Librarian, name: str) -> None:
    as_dictionary = list(librarian.search_files({"name-is-exactly": name}))
    as_text = list(librarian.search_files(f'{{"name-is-exactly": "{name}"}}'))
    assert as_dictionary == as_text == [librarian.get_file(name)]


def test_a_search_is_limited(librarian: Librarian, name: str) -> None:
    librarian.get_file(name)
    assert len(list(librarian.search_files({"always-true": True}, limit=1))) == 1
    assert list(librarian.search_files({"always-true": True}, limit=0)) == []
    with pytest.raises(InvalidRequestError, match="negative"):
        librarian.search_files({"always-true": True}, limit=-1)


def test_a_search_that_is_not_understood_says_why(librarian: Librarian) -> None:
    with pytest.raises(InvalidRequestError, match="name-matches"):
        list(librarian.search_files({"name-matchs": "x"}))


def test_a_search_may_be_left_before_its_end(librarian: Librarian, name: str) -> None:
    found = librarian.search_files({"always-true": True})
    next(found)
    found.close()
    assert librarian.get_file(name).name == name


@pytest.mark.parametrize("form", ["relative", "parent_dirs", "absolute"])
def test_files_under_a_store_are_registered(
    client_site: Site, librarian: Librarian, form: str
) -> None:
    root = client_site.layout.store
    folder = root / f"in-place-{form}"
    folder.mkdir()
    (folder / f"{form}.dat").write_bytes(os.urandom(10))
    parent_dirs, path = {
        "relative": ("", f"{folder.name}/{form}.dat"),
        "parent_dirs": (folder.name, f"{form}.dat"),
        "absolute": ("", str(folder / f"{form}.dat")),
    }[form]
    for counts in ((1, 0, 10), (0, 1, 0)):
        [progress] = librarian.register("store", [path], parent_dirs=parent_dirs, null_obsid=True)
        assert progress.failures == []
        assert counts == (
            progress.registered_count,
            progress.known_count,
            progress.registered_bytes,
        )
    assert librarian.locate_file(f"{form}.dat")[0].parent_dirs == folder.name


def test_paths_that_cannot_be_registered_hold_back_no_other(
    client_site: Site, librarian: Librarian
) -> None:
    (client_site.layout.store / "good.dat").write_bytes(b"good")
    paths = ["missing.dat", "good.dat"]
    [progress] = librarian.register("store", paths, null_obsid=True)
    assert progress.registered_count == 1
    assert [failure.path for failure in progress.failures] == ["missing.dat"]


def test_a_path_outside_the_store_is_refused(librarian: Librarian) -> None:
    with pytest.raises(InvalidRequestError, match="does not lie under"):
        list(librarian.register("store", ["/etc/passwd"]))


def test_an_error_of_the_callers_own_paths_reaches_the_caller(librarian: Librarian) -> None:
    def paths() -> object:
        raise FileNotFoundError("the list of paths")
        yield

    with pytest.raises(FileNotFoundError, match="the list of paths"):
        list(librarian.register("store", paths()))  # type: ignore[arg-type]


def test_a_single_text_is_no_list_of_paths(librarian: Librarian) -> None:
    with pytest.raises(InvalidRequestError, match="list of paths"):
        list(librarian.register("store", "good.dat"))


def test_an_observation_that_is_not_on_record_is_an_error(librarian: Librarian) -> None:
    with pytest.raises(NotFoundError):
        librarian.get_observation(1)


def test_a_site_that_is_not_there_is_not_reachable() -> None:
    with Librarian("127.0.0.1:1", "lib_a_b") as nowhere, pytest.raises(NotReachableError):
        nowhere.ping()


def test_a_connection_closes_also_when_a_signal_broke_off_a_call_that_was_being_made(
    client_site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """gRPC counts the call as made, starts no thread that would end it, and waits for that end."""

    def interrupt(_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(grpc._channel, "_run_channel_spin_thread", interrupt)
    with pytest.raises(KeyboardInterrupt), client_site.librarian() as site:
        next(site.search_files({"always-true": True}))
