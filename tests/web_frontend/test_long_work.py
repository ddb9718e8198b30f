"""What lasts long takes places, of which some are left to others."""

import contextlib

import pytest
from flask import Flask, g
from pydantic import ValidationError

from librarian.errors import BusyError
from tests.web_frontend.conftest import WebAs
from tests.web_frontend.people import People
from web_frontend.config import WebFrontendConfig
from web_frontend.streams import Slots, long_work, share_threads, streamed


def test_one_person_leaves_places_to_others() -> None:
    slots = Slots(8, "downloads")
    for _ in range(4):
        slots.take("ada")
    with pytest.raises(BusyError, match="You have 4 downloads"):
        slots.take("ada")
    for _ in range(4):
        slots.take("bob")
    with pytest.raises(BusyError, match="Too many downloads"):
        slots.take("eve")
    slots.give_back("bob")
    slots.take("eve")


@pytest.fixture
def app() -> Flask:
    """An application with one place for each kind of what lasts."""
    app = Flask("places")
    share_threads(app, threads=3, streams=1)
    return app


def test_the_place_of_an_answer_that_cannot_begin_is_given_back(app: Flask) -> None:
    def parts():
        raise BusyError("no")
        yield b""

    with app.test_request_context():
        for _ in range(3):
            with pytest.raises(BusyError, match="no"):
                streamed(parts(), media_type="text/plain", begun=True)
        answer = streamed([b"a", b"b"], media_type="text/plain", begun=True)
        with pytest.raises(BusyError, match="Too many"):
            streamed([], media_type="text/plain")
        assert answer.get_data() == b"ab"
        answer.close()
        streamed([], media_type="text/plain").close()


def test_a_stream_takes_no_place_of_other_work(app: Flask) -> None:
    with app.test_request_context():
        answer = streamed([b"a"], media_type="text/plain")
        with long_work():
            assert g.get("person") is None
            with pytest.raises(BusyError), long_work():
                pass
        answer.close()


LONG = {
    "/search/count": {"search": "name:%"},
    "/search/export": {"search": "name:%", "format": "csv"},
    "/orders/-/preview": {"search": "name:%", "librarian": "nowhere"},
    "/transfers/-/change": {"action": "retry", "all": "yes"},
    "/staging/-/preview": {"search": "name:%"},
    "/search/send": {"search": "name:%"},
}


def test_who_has_much_under_way_waits_and_others_do_not(
    web_app: Flask, web_as: WebAs, people: People
) -> None:
    busy, other = web_as("READWRITE"), web_as("ADMIN")
    taken = [web_app.extensions[kind] for kind in ("work_slots", "stream_slots")]
    number = 0
    with contextlib.ExitStack() as held:
        for slots in taken:
            with contextlib.suppress(BusyError):
                while True:
                    slots.take(people.name("READWRITE"))
                    held.callback(slots.give_back, people.name("READWRITE"))
                    number += 1
        assert number >= 4
        refused = {path: busy.post(path, form).status for path, form in LONG.items()}
        assert set(refused.values()) == {503}, refused
        assert busy.get("/stores").status == 200
        assert other.post("/search/count", LONG["/search/count"]).status == 200
    assert busy.post("/search/count", LONG["/search/count"]).status == 200


@pytest.mark.parametrize("streams", [31, 32, 1000])
def test_what_is_streamed_never_takes_all_threads(streams: int) -> None:
    files = {"token_file": "/token", "secret_key_file": "/key"}
    with pytest.raises(ValidationError, match="threads free"):
        WebFrontendConfig.model_validate({**files, "threads": 32, "max_streams": streams})
