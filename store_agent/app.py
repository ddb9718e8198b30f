"""The wiring: the agent's parts, its server, and its heartbeat."""

import signal
import threading

import grpc

from librarian.service.server import RunningServer, serve
from librarian.v1 import store_agent_pb2_grpc
from store_agent.announcements import Announcer
from store_agent.config import StoreAgentConfig
from store_agent.neighbours.streaming import StreamWay
from store_agent.parts import AgentParts, make_parts
from store_agent.paths import kernel_can_confine
from store_agent.pushing.push import Pusher
from store_agent.pushing.rsync import RsyncWay
from store_agent.pushing.shared import SharedWay
from store_agent.rpc.agent import StoreAgentServicer
from store_agent.rpc.tickets import SERVICE, authenticator
from store_agent.stores import Stores


class StoreAgent:
    """A store agent that serves."""

    def __init__(self, server: RunningServer, parts: AgentParts, announcer: Announcer) -> None:
        self._server = server
        self._announcer = announcer
        self.parts = parts
        self.address = server.address

    def stop(self, grace_seconds: float = 5.0) -> None:
        """Stop reporting and serving, and end all work."""
        self._announcer.stop()
        self._server.stop(grace_seconds)
        self.parts.close()


def start(config: StoreAgentConfig) -> StoreAgent:
    """Start a store agent; raise ConfigError when it cannot serve as it is told to."""
    config.check_kernel(can_confine=kernel_can_confine())
    if threading.current_thread() is threading.main_thread():
        # Sent when somebody opens a file that is being verified; it would end the process.
        signal.signal(signal.SIGIO, signal.SIG_IGN)
    parts = make_parts(config)
    pusher = _make_pusher(config, parts.stores)

    def add_servicers(server: grpc.Server) -> list[str]:
        servicer = StoreAgentServicer(parts, pusher)
        store_agent_pb2_grpc.add_StoreAgentServicer_to_server(servicer, server)
        return [SERVICE]

    server = serve(
        config, add_servicers=add_servicers, authenticate=authenticator(parts.ticket_key)
    )
    announcer = Announcer(config, parts, server.address)
    announcer.start()
    return StoreAgent(server, parts, announcer)


def _make_pusher(config: StoreAgentConfig, stores: Stores) -> Pusher:
    """Make what pushes; its ways are tried in this order."""
    return Pusher(
        [
            SharedWay(stores, config.shared_prefixes),
            RsyncWay(stores, config.ssh_key_dir),
            StreamWay(stores, config.push_streams),
        ]
    )
