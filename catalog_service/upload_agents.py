"""What agents do for uploads, and how a batch is spread over them."""

import logging
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

from catalog_service.observation_rules import ObservationFacts
from catalog_service.tables import Agent
from catalog_service.upload_claims import Claim
from librarian.errors import (
    ConflictError,
    CorruptContentsError,
    InvalidRequestError,
    LibrarianError,
    NotReachableError,
)

logger = logging.getLogger(__name__)

Item = TypeVar("Item")

# Other contents, or what can be no file at all.
_DIFFERENCES = (CorruptContentsError, InvalidRequestError)


@dataclass(frozen=True)
class Verified:
    """What an agent found an upload to be."""

    checksum: str
    inode: int
    observation: ObservationFacts | None
    # Whether the agent read the contents against the checksum of the file on record.
    equals_record: bool = False


@dataclass(frozen=True)
class StagingPlace:
    """Where an upload's bytes are, or were."""

    agent: Agent
    upload_id: str
    store_name: str


class UploadAgents(Protocol):
    """Speaks to agents; each call is for places at one agent, and may raise LibrarianError."""

    def prepare(
        self, agent: Agent, places: Sequence[StagingPlace]
    ) -> Sequence[str | LibrarianError]:
        """Make staging places; return their paths in the order of the request."""
        ...

    def verify(
        self, agent: Agent, wanted: Sequence[tuple[Claim, str]]
    ) -> Iterator[tuple[str, Verified | LibrarianError]]:
        """Verify uploads against checksums (empty: none is known); yield results by id."""
        ...

    def place(self, agent: Agent, claims: Sequence[Claim]) -> Sequence[LibrarianError | None]:
        """Move verified uploads into place; return what went wrong with each, in order."""
        ...

    def compare(self, agent: Agent, claims: Sequence[Claim]) -> Sequence[LibrarianError | None]:
        """Compare what lies where uploads belong with them; return what differs, in order."""
        ...

    def discard(
        self, agent: Agent, places: Sequence[StagingPlace]
    ) -> Sequence[LibrarianError | None]:
        """Remove staging places and what is in them; return the error of each that failed."""
        ...


def by_agent(
    items: Iterable[Item], agent_of: Callable[[Item], Agent]
) -> Iterator[tuple[Agent, list[Item]]]:
    """Yield each agent with its items."""
    agents: dict[int, Agent] = {}
    groups: dict[int, list[Item]] = defaultdict(list)
    for item in items:
        agent = agent_of(item)
        agents[agent.id] = agent
        groups[agent.id].append(item)
    for agent_id, group in groups.items():
        yield agents[agent_id], group


def prepare_places(
    agents: UploadAgents, places: Iterable[StagingPlace]
) -> dict[str, str | LibrarianError]:
    """Return the path of each upload's staging place, or why there is none, by id."""
    results: dict[str, str | LibrarianError] = {}
    for agent, group in by_agent(places, lambda place: place.agent):
        try:
            answers = agents.prepare(agent, group)
        except LibrarianError as error:
            answers = [error] * len(group)
        ids = (place.upload_id for place in group)
        results.update(zip(ids, answers, strict=True))
    return results


def verify_uploads(
    agents: UploadAgents, checksums: Mapping[Claim, str]
) -> dict[Claim, Verified | LibrarianError]:
    """Return what each upload was found to be, or why it is not accepted."""
    results: dict[Claim, Verified | LibrarianError] = {}
    for agent, group in by_agent(checksums.items(), lambda item: item[0].agent):
        claims = {claim.upload.id: claim for claim, _ in group}
        missing: LibrarianError = NotReachableError(
            f"The agent {agent.name} broke off: repeat the call later."
        )
        try:
            for upload_id, result in agents.verify(agent, group):
                results[claims.pop(upload_id)] = result
        except LibrarianError as error:
            missing = error
        results.update(dict.fromkeys(claims.values(), missing))
    return results


def place_uploads(
    agents: UploadAgents, claims: Iterable[Claim]
) -> dict[Claim, LibrarianError | None]:
    """Return what went wrong with the placing of each upload, if anything.

    Where something lies already, all is well if that is what was uploaded: a site that was restored
    from a backup has lost its records of what came later, and not the files.
    """
    results = _each_agent(agents.place, claims)
    taken = [claim for claim, error in results.items() if isinstance(error, ConflictError)]
    for claim, error in _each_agent(agents.compare, taken).items():
        if error is None:
            logger.info("%s lies in its place already.", claim.upload.file_name)
        # That something else is in the way is what a person must know, not how it differs.
        if error is None or not isinstance(error, _DIFFERENCES):
            results[claim] = error
    return results


def _each_agent(
    call: Callable[[Agent, Sequence[Claim]], Sequence[LibrarianError | None]],
    claims: Iterable[Claim],
) -> dict[Claim, LibrarianError | None]:
    results: dict[Claim, LibrarianError | None] = {}
    for agent, group in by_agent(claims, lambda claim: claim.agent):
        try:
            answers = call(agent, group)
        except LibrarianError as error:
            answers = [error] * len(group)
        results.update(zip(group, answers, strict=True))
    return results


def discard_places(agents: UploadAgents, places: Iterable[StagingPlace]) -> set[str]:
    """Return the ids of the uploads of which nothing is left; the others can wait."""
    discarded: set[str] = set()
    # By store, for an agent answers for a call as a whole, and one of its disks may be away.
    by_store: dict[str, list[StagingPlace]] = defaultdict(list)
    for place in places:
        by_store[place.store_name].append(place)
    for store_name, group in by_store.items():
        try:
            errors = agents.discard(group[0].agent, group)
        except LibrarianError as error:
            errors = [error] * len(group)
        discarded.update(p.upload_id for p, e in zip(group, errors, strict=True) if e is None)
        if failure := next(filter(None, errors), None):
            logger.warning("Staging places on %s are not discarded yet: %s", store_name, failure)
    return discarded
