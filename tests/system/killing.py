"""Killing the processes of two sites, again and again, and calling them to life."""

import contextlib
import logging
import os
import random
import signal
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tests.polling import wait_until
from tests.ssh_server import SshServer
from tests.system.neighbours import Neighbours
from tests.system.site import Service

logger = logging.getLogger(__name__)

# Which process dies, and at which points of its work.
_POINTS: dict[tuple[str, Service], list[str]] = {
    ("source", "catalog_service"): ["orders.matched", "orders.queued"],
    ("source", "store_agent"): ["agent.pushed"],
    ("source", "transfer_service"): [
        "transfer.claimed",
        "transfer.offered",
        "transfer.pushing",
        "transfer.sent",
        "transfer.finished",
        "transfer.confirmed",
    ],
    ("destination", "catalog_service"): [
        "incoming.offered",
        "incoming.finished",
        "incoming.adopted",
        "incoming.recorded",
        "ingest.claimed",
        "ingest.verified",
        "ingest.placed",
        "ingest.discarded",
        "ingest.recorded",
    ],
    ("destination", "store_agent"): [
        "agent.prepared",
        "agent.written",
        "agent.adopted",
        "agent.hashed",
        "agent.verified",
        "agent.moved",
        "agent.placed",
        "agent.discarded",
    ],
}
_PLACES = [(victim, point) for victim, points in _POINTS.items() for point in points]
# So long a process may take to come to the point where it dies.
_POINT_SECONDS = 4.0
_CHANCE_SECONDS = 0.3
_CONNECTION_SECONDS = 2.0


@dataclass
class Reaper:
    """Kills processes of two sites: at any moment, and at points of their work."""

    pair: Neighbours
    dice: random.Random
    # Its connections are broken too, and what serves them, if there is one.
    ssh: SshServer | None = None
    kills: int = 0
    # The points at which something died.
    reached: list[str] = field(default_factory=list)
    _armed: dict[tuple[str, Service], str] = field(default_factory=dict)
    _left: list[tuple[tuple[str, Service], str]] = field(default_factory=list)

    def kill_now(self) -> None:
        """Kill some process at any moment; it starts again, to die at a point of its work.

        Points come up in any order, but all before any does again.
        """
        if self.ssh is not None:
            self._kill_connection(self.ssh)
        if not self._left:
            self._left = self.dice.sample(_PLACES, len(_PLACES))
        (where, service), point = self._left.pop()
        site = self.pair.site(where)
        with contextlib.suppress(AssertionError):
            wait_until(
                lambda: not site.is_running(service),
                what="death",
                timeout_seconds=self.dice.uniform(0, _CHANCE_SECONDS),
            )
        self.revive()
        site.kill(service)
        self.kills += 1
        self._start((where, service), point)

    def await_death(self) -> None:
        """Wait until some process comes to its point, unless none does; and call it to life."""
        with contextlib.suppress(AssertionError):
            wait_until(self._dead, what="death at a point", timeout_seconds=_POINT_SECONDS)
        self.revive()

    def revive(self) -> None:
        """Start what has died at its point."""
        for victim in self._dead():
            self.kills += 1
            self.reached.append(self._armed[victim])
            logger.info("%s of the %s died at %s", victim[1], victim[0], self._armed[victim])
            self._start(victim, "")

    def disarm(self) -> None:
        """Let all live from now on."""
        self.revive()
        for victim, point in list(self._armed.items()):
            if point:
                self._start(victim, "")

    def _dead(self) -> list[tuple[str, Service]]:
        return [one for one in _POINTS if not self.pair.site(one[0]).is_running(one[1])]

    def _start(self, victim: tuple[str, Service], point: str) -> None:
        where, service = victim
        self._armed[victim] = point
        self.pair.site(where).restart_to_die_at(service, point)

    def _kill_connection(self, ssh: SshServer) -> None:
        """Kill a process that an SSH server or an rsync runs in."""
        agent = self.pair.source.pid("store_agent")

        def running() -> list[int]:
            return [*descendants(ssh.pid), *descendants(agent)]

        # There may be nothing to bring just now.
        with contextlib.suppress(AssertionError, ProcessLookupError):
            found = wait_until(running, what="a connection", timeout_seconds=_CONNECTION_SECONDS)
            os.kill(self.dice.choice(found), signal.SIGKILL)
            self.kills += 1
            logger.info("A connection died")


def descendants(pid: int) -> Iterator[int]:
    """Yield the numbers of the processes that a process started, and of those that they did."""
    for children in Path(f"/proc/{pid}/task").glob("*/children"):
        # It may be gone by now.
        with contextlib.suppress(OSError):
            for child in map(int, children.read_text().split()):
                yield child
                yield from descendants(child)
