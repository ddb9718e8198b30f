"""From where a call comes: the network's peer, or whom a web front end calls for."""

import ipaddress
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import unquote

FRONT_END_KEY = "librarian-front-end"
CLIENT_ADDRESS_KEY = "librarian-client-address"

# Tells whether a token is a web front end's, whose word is taken for where its callers are.
Believes = Callable[[str], bool]


def believe_nobody(_token: str) -> bool:
    """Take no caller's word for where it is."""
    return False


def origin_of(peer: str, metadata: Mapping[str, Any], believes: Believes) -> str:
    """Return the address that a call comes from; empty when the network tells none.

    Anyone can send these headers, so they count only with the token of a web front end.
    """
    claimed = _parse(str(metadata.get(CLIENT_ADDRESS_KEY, "")))
    token = metadata.get(FRONT_END_KEY)
    if claimed and isinstance(token, str) and believes(token):
        return claimed
    return _peer_address(peer)


def _peer_address(peer: str) -> str:
    """Return the address in what gRPC calls a peer: `ipv4:10.0.0.1:4711`, `ipv6:%5B::1%5D:4711`."""
    kind, _, rest = peer.partition(":")
    if kind not in ("ipv4", "ipv6"):
        return ""
    return _parse(unquote(rest).rpartition(":")[0].strip("[]"))


def _parse(text: str) -> str:
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return ""
    if isinstance(address, ipaddress.IPv6Address):
        # A zone is any text; and an IPv4 caller of a dual-stack server is what it is.
        address = address.ipv4_mapped or ipaddress.IPv6Address(int(address))
    return str(address)
