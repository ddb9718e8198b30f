"""Addresses of servers, as `host:port`."""

import ipaddress


def is_loopback(address: str) -> bool:
    """Tell whether an address, as `host:port`, is on this very host."""
    host = address.rpartition(":")[0].strip("[]")
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
