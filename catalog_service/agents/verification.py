"""Having the agents read a file's instances, and compare them with the record."""

from collections import defaultdict
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from catalog_service.agents.calls import AgentCalls
from catalog_service.agents.uploads import error_of
from catalog_service.instances import LocatedInstance
from catalog_service.tables import File
from librarian.client.channel import GiveUp
from librarian.errors import BusyError, LibrarianError
from librarian.v1 import store_agent_pb2 as pb

# Agents are asked at the same time; more wait for these.
_MOST_AGENTS = 8


@dataclass(frozen=True)
class Patience:
    """For how long instances are read: disks shall not turn for somebody who left."""

    seconds: float
    give_up: GiveUp


@dataclass(frozen=True)
class Checks:
    """What was wrong with instances that were read, empty for nothing; why others were not."""

    problems: dict[int, str] = field(default_factory=dict)
    unread: dict[int, str] = field(default_factory=dict)


def check_instances(
    agents: AgentCalls, file: File, located: Sequence[LocatedInstance], patience: Patience
) -> Checks:
    """Have instances read whole, each by its agent; what is found is told by the instance's key."""
    groups: dict[int, list[LocatedInstance]] = defaultdict(list)
    for item in located:
        groups[item.agent.id].append(item)
    checks = Checks()

    def check(group: list[LocatedInstance]) -> None:
        request = pb.CheckInstancesRequest(files=[_asked(file, item) for item in group])
        stub = agents.manage(group[0].agent)
        try:
            answer = stub.CheckInstances(
                request, timeout=patience.seconds, give_up=patience.give_up
            )
        except LibrarianError as error:
            checks.unread.update({item.instance.id: str(error) for item in group})
            return
        for item, checked in zip(group, answer.files, strict=True):
            _note(checks, item.instance.id, checked)

    with ThreadPoolExecutor(min(_MOST_AGENTS, len(groups))) as pool:
        list(pool.map(check, groups.values()))
    return checks


def _note(checks: Checks, key: int, checked: pb.CheckedInstance) -> None:
    if not checked.HasField("failure"):
        checks.problems[key] = ""
        return
    error = error_of(checked.failure)
    # That its store could not be asked says nothing of it.
    told = checks.unread if isinstance(error, BusyError) else checks.problems
    told[key] = str(error)


def _asked(file: File, item: LocatedInstance) -> pb.PushFile:
    return pb.PushFile(
        store_name=item.store.name,
        parent_dirs=item.instance.parent_dirs,
        file_name=file.name,
        size_bytes=file.size_bytes,
        checksum=file.checksum,
    )
