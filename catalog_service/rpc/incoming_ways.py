"""The ways in: the places that agents make for a batch, and how to reach them."""

import logging
from collections.abc import Iterable
from pathlib import PurePosixPath

from catalog_service.agents.calls import AgentCalls
from catalog_service.agents.incoming import RemoteIncomingAgents, SshWayIn
from catalog_service.incoming_offers import Answer, Offer, OfferOutcome, Verdict
from catalog_service.incoming_settling import BatchPlace
from catalog_service.rpc.incoming_messages import choose_ways
from catalog_service.upload_agents import StagingPlace, UploadAgents, prepare_places
from librarian.errors import LibrarianError
from librarian.v1 import incoming_pb2 as pb

logger = logging.getLogger(__name__)


class WaysIn:
    """Has places made for what was accepted of an offer."""

    def __init__(self, calls: AgentCalls, agents: UploadAgents) -> None:
        self._calls = calls
        self._agents = agents
        self._batches = RemoteIncomingAgents(calls)

    def prepare(
        self, offer: Offer, outcome: OfferOutcome, wanted: Iterable[int]
    ) -> tuple[list[Answer], pb.BatchWayIn | None]:
        """Return the answers, those without a place put off, and where to bring the bytes."""
        if outcome.place is None:
            return outcome.answers, None
        store, agent = outcome.place
        ids = [a.upload_id for a in outcome.answers if a.verdict is Verdict.ACCEPTED]
        made = prepare_places(self._agents, (StagingPlace(agent, one, store.name) for one in ids))
        paths = [path for path in made.values() if isinstance(path, str)]
        answers = [_put_off(answer, made) for answer in outcome.answers]
        if not paths:
            return answers, None
        place = BatchPlace(offer.batch_id, offer.account_name, store.name, agent)
        way_in = pb.BatchWayIn(
            store_name=store.name,
            agent_address=agent.address,
            agent_tls=agent.tls,
            ticket=self._calls.write_ticket(agent, offer.batch_id),
            staging_path=str(PurePosixPath(paths[0]).parent),
        )
        self._add_ways(way_in, place, list(wanted))
        return answers, way_in

    def _add_ways(self, way_in: pb.BatchWayIn, place: BatchPlace, wanted: list[int]) -> None:
        ssh = self._prepare_ssh(place) if not wanted or pb.PUSH_WAY_RSYNC in wanted else None
        if ssh is not None:
            way_in.ssh_host, way_in.ssh_port = ssh.host, ssh.port
            way_in.ssh_user, way_in.rsync_path = ssh.user, ssh.rsync_path
        way_in.ways.extend(choose_ways(wanted, has_ssh=ssh is not None))

    def _prepare_ssh(self, place: BatchPlace) -> SshWayIn | None:
        try:
            made = self._batches.prepare_batch(place)
        except LibrarianError as error:
            # The batch can still be streamed.
            logger.warning("Rsync is not offered for batch %s: %s", place.batch_id, error)
            return None
        return made if made.host else None


def _put_off(answer: Answer, made: dict[str, str | LibrarianError]) -> Answer:
    error = made.get(answer.upload_id) if answer.verdict is Verdict.ACCEPTED else None
    return (
        Answer(Verdict.LATER, message=str(error)) if isinstance(error, LibrarianError) else answer
    )
