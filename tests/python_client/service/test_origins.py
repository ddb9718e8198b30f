"""From where a call comes: only a web front end's word is taken for it."""

import pytest

from librarian.service.origins import CLIENT_ADDRESS_KEY, FRONT_END_KEY, origin_of

PEER = "ipv4:192.0.2.7:50312"


def believes(token: str) -> bool:
    return token == "front end"


def claim(address: str, token: str = "front end") -> dict[str, str]:
    return {FRONT_END_KEY: token, CLIENT_ADDRESS_KEY: address}


@pytest.mark.parametrize(
    ("peer", "address"),
    [
        (PEER, "192.0.2.7"),
        ("ipv6:%5B::1%5D:50312", "::1"),
        ("ipv6:[2001:db8::5]:50312", "2001:db8::5"),
        ("ipv6:%5B::ffff:192.0.2.7%5D:50312", "192.0.2.7"),
        ("ipv6:%5Bfe80::1%25eth0%5D:50312", "fe80::1"),
        ("unix:/run/librarian.sock", ""),
        ("", ""),
    ],
)
def test_without_a_claim_it_is_the_networks_peer(peer: str, address: str) -> None:
    assert origin_of(peer, {}, believes) == address


def test_a_front_end_tells_for_whom_it_calls() -> None:
    assert origin_of(PEER, claim("203.0.113.9"), believes) == "203.0.113.9"
    assert origin_of(PEER, claim("2001:db8::9"), believes) == "2001:db8::9"


@pytest.mark.parametrize(
    "metadata",
    [
        claim("203.0.113.9", token="somebody's"),
        {CLIENT_ADDRESS_KEY: "203.0.113.9"},
        {FRONT_END_KEY: "front end"},
        claim(""),
        claim("203.0.113.9, 10.0.0.1"),
        claim("203.0.113.9\n10.0.0.1"),
        claim("<script>"),
        claim("' OR 1=1 --"),
        claim("9" * 100_000),
    ],
)
def test_what_is_no_claim_of_a_front_end_is_ignored(metadata: dict[str, str]) -> None:
    assert origin_of(PEER, metadata, believes) == "192.0.2.7"
