"""The agent's parts, as its servicer and its announcements need them."""

import threading
from dataclasses import dataclass, field

from librarian.service.tickets import new_ticket_key
from store_agent.batch_places import SshDoor
from store_agent.config import StoreAgentConfig
from store_agent.destinations import StagingPrefix
from store_agent.digests import StreamedDigests
from store_agent.handover import Handover
from store_agent.markers import Fences
from store_agent.staging import Stager
from store_agent.store_roots import StoreRoots
from store_agent.stores import Limits, Stores


@dataclass(frozen=True)
class AgentParts:
    """What an agent is made of; the ticket key lives as long as the process."""

    stores: Stores
    prefix: StagingPrefix
    stager: Stager
    handover: Handover
    ssh_door: SshDoor
    digests: StreamedDigests = field(default_factory=StreamedDigests)
    fences: Fences = field(default_factory=Fences)
    ticket_key: bytes = field(default_factory=new_ticket_key, repr=False)
    stores_changed: threading.Event = field(default_factory=threading.Event)

    def close(self) -> None:
        """End all work."""
        self.stager.close()
        self.stores.close()


def make_parts(config: StoreAgentConfig) -> AgentParts:
    """Make an agent's parts as its configuration says."""
    limits = Limits(config.calls_per_store, config.streams_per_store)
    roots = StoreRoots(config.store_prefixes, config.token_file, config.staging_prefix)
    stores = Stores(roots, limits)
    prefix = StagingPrefix(config.staging_prefix)
    return AgentParts(
        stores=stores,
        prefix=prefix,
        stager=Stager(stores, prefix, config.staging_workers),
        handover=Handover(config.handover_command, config.handover_timeout_seconds),
        ssh_door=SshDoor(config.ssh_host, config.ssh_port, config.ssh_user),
    )
