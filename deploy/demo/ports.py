"""Ports on loopback that nobody else has, though several look for one at the same time."""

import random
import socket

# Below those that the kernel gives to connections, which would take them between look and use.
_PORTS = range(20000, 32000, 4)

# Names that this process holds until it ends, however it ends: the kernel gives them back.
_held: list[int] = []


def find_free_port() -> int:
    """Return a port on loopback that is free, as are the three after it.

    No other process that asks here gets them while this one lives, nor does this one once more.
    """
    while True:
        port = random.choice(_PORTS)  # noqa: S311 - a port is no secret
        if _reserve(port) and are_free(port):
            return port


def are_free(port: int) -> bool:
    """Tell whether nothing listens on a port of loopback, nor on the three after it."""
    return all(map(_is_free, range(port, port + 4)))


def _reserve(port: int) -> bool:
    """Take the name that stands for these ports; tell whether nobody had it."""
    # A look shows only what listens already: whoever looks next would choose the same.
    name = socket.socket(socket.AF_UNIX)
    try:
        name.bind(f"\0librarian-demo-port-{port}")
    except OSError:
        name.close()
        return False
    _held.append(name.detach())
    return True


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True
