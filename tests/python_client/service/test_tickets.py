"""Tickets open what they say, at the agent whose key signed them, for a while."""

import pytest
from itsdangerous import URLSafeTimedSerializer

from librarian.errors import NotSignedInError
from librarian.service.tickets import Ticket, new_ticket_key, read_ticket, sign_ticket

KEY = new_ticket_key()
READ = Ticket("read", "pot1\n2458432/zen.uvh5")


def test_a_ticket_says_at_its_agent_what_was_signed():
    assert read_ticket(KEY, sign_ticket(KEY, READ, 60)) == READ


def test_another_agents_key_does_not_make_tickets_here():
    with pytest.raises(NotSignedInError):
        read_ticket(KEY, sign_ticket(new_ticket_key(), READ, 60))


def test_an_expired_ticket_is_refused():
    with pytest.raises(NotSignedInError):
        read_ticket(KEY, sign_ticket(KEY, READ, -1000))


@pytest.mark.parametrize("text", ["", "x", "a.b.c", "lib_1_2", "\x00", "é" * 10])
def test_what_is_no_ticket_is_refused(text):
    with pytest.raises(NotSignedInError):
        read_ticket(KEY, text)


@pytest.mark.parametrize("claims", [[], "manage", ["own", "", 60], [1, 2, 3], {"a": 1}])
def test_signed_nonsense_is_refused(claims):
    text = URLSafeTimedSerializer(KEY, salt="librarian-ticket").dumps(claims)
    with pytest.raises(NotSignedInError):
        read_ticket(KEY, text)


def test_a_changed_ticket_is_refused():
    text = sign_ticket(KEY, READ, 60)
    for place in range(0, len(text), 7):
        changed = text[:place] + ("A" if text[place] != "A" else "B") + text[place + 1 :]
        with pytest.raises(NotSignedInError):
            read_ticket(KEY, changed)
