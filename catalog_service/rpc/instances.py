"""The Instances service."""

import time
from collections.abc import Iterator
from typing import Protocol

import grpc

from catalog_service.agents.calls import AgentCalls
from catalog_service.agents.inspection import Failures, inspect_files
from catalog_service.agents.observations import facts_of
from catalog_service.database import Database
from catalog_service.instances import LocatedInstance, list_instances, list_suspect, open_file
from catalog_service.metadata import MetadataKeys, to_json
from catalog_service.observation_rules import check_facts
from catalog_service.registration import (
    FoundFile,
    Registered,
    Registration,
    find_store,
    register_files,
)
from catalog_service.retrying import run_transaction
from catalog_service.rpc import messages
from catalog_service.rpc.metadata_messages import read_metadata
from catalog_service.rpc.paging import page_size_of
from catalog_service.rpc.verification import VerifyServicer
from librarian.errors import InvalidRequestError
from librarian.service.calls import current_caller
from librarian.v1 import instances_pb2 as pb

_MAX_PATHS = 1000
_PAGE_SIZE, _LARGEST_PAGE = 100, 1000
_LARGEST_KEY = 2**63 - 1
# A batch is recorded when it has so many files, or has been gathered for so long.
_BATCH_FILES = 4000
_BATCH_SECONDS = 1.0


class InstancesParts(Protocol):
    """What of the catalogue the service needs."""

    @property
    def database(self) -> Database:
        """The catalogue's database."""
        ...

    @property
    def agents(self) -> AgentCalls:
        """Calls to the store agents."""
        ...


class InstancesServicer(VerifyServicer):
    """Serves librarian.v1.Instances."""

    def __init__(self, catalog: InstancesParts) -> None:
        self._database = catalog.database
        self._agents = catalog.agents

    def ListInstances(
        self, request: pb.ListInstancesRequest, context: grpc.ServicerContext
    ) -> pb.ListInstancesResponse:
        """List the instances of one file."""
        found = run_transaction(
            self._database.readings, lambda db: list_instances(db, request.file_name)
        )
        return pb.ListInstancesResponse(instances=map(messages.instance_message, found))

    def ListSuspectInstances(
        self, request: pb.ListSuspectInstancesRequest, context: grpc.ServicerContext
    ) -> pb.ListSuspectInstancesResponse:
        """List instances with something wrong with them."""
        size = page_size_of(request.page_size, _PAGE_SIZE, _LARGEST_PAGE)
        after = _key_of(request.page_token)
        return run_transaction(
            self._database.readings, lambda db: _page(list_suspect(db, after, size + 1), size)
        )

    def OpenFile(
        self, request: pb.OpenFileRequest, context: grpc.ServicerContext
    ) -> pb.OpenFileResponse:
        """Return the ways to read one file's contents."""
        file, found = run_transaction(
            self._database.readings, lambda db: open_file(db, request.file_name)
        )
        return pb.OpenFileResponse(
            size_bytes=file.size_bytes,
            checksum=file.checksum,
            ways_out=[self._way_out(located) for located in found],
        )

    def RegisterInstances(
        self, request_iterator: Iterator[pb.RegisterInstancesRequest], context: grpc.ServicerContext
    ) -> Iterator[pb.RegisterInstancesResponse]:
        """Put files on record that already lie under a store."""
        registration, recursive = None, False
        for request in request_iterator:
            if registration is None:
                registration, recursive = self._registration(request), request.recursive
            if len(request.paths) > _MAX_PATHS:
                raise InvalidRequestError(f"At most {_MAX_PATHS} paths fit into one message.")
            if request.paths:
                yield from self._register(registration, list(request.paths), recursive)

    def _registration(self, request: pb.RegisterInstancesRequest) -> Registration:
        observation = None
        if request.HasField("observation"):
            observation = check_facts(facts_of(request.observation))
            if request.null_obsid:
                raise InvalidRequestError("Give either an observation or null_obsid, not both.")
        store, agent = run_transaction(
            self._database.readings, lambda db: find_store(db, request.store_name)
        )
        metadata = read_metadata(request.metadata)
        if metadata:
            run_transaction(
                self._database.transactions, lambda db: MetadataKeys(db).settle(metadata)
            )
        source, kept = current_caller().name, to_json(metadata)
        return Registration(store, agent, source, request.null_obsid, observation, kept)

    def _register(
        self, registration: Registration, paths: list[str], recursive: bool
    ) -> Iterator[pb.RegisterInstancesResponse]:
        inspected = inspect_files(self._agents, registration, paths, recursive=recursive)
        for found, failures in _gathered(inspected):
            yield _response(self._record(registration, found), failures)

    def _record(self, registration: Registration, found: list[FoundFile]) -> Registered:
        return run_transaction(
            self._database.transactions, lambda db: register_files(db, registration, found)
        )

    def _way_out(self, located: LocatedInstance) -> pb.WayOut:
        agent = located.agent
        ticket = self._agents.read_ticket(agent, located.store.name, located.relative_path)
        return pb.WayOut(
            instance=messages.instance_message(located),
            agent_address=agent.address,
            agent_tls=agent.tls,
            ticket=ticket,
        )


def _gathered(
    batches: Iterator[tuple[list[FoundFile], Failures]],
) -> Iterator[tuple[list[FoundFile], Failures]]:
    """Yield larger batches, for each costs a write to the disk, but let none wait long."""
    found: list[FoundFile] = []
    failures: Failures = []
    begin = time.monotonic()
    for more_found, more_failures in batches:
        found += more_found
        failures += more_failures
        if len(found) >= _BATCH_FILES or time.monotonic() - begin >= _BATCH_SECONDS:
            yield found, failures
            found, failures, begin = [], [], time.monotonic()
    if found or failures:
        yield found, failures


def _response(done: Registered, failures: Failures) -> pb.RegisterInstancesResponse:
    return pb.RegisterInstancesResponse(
        registered_count=done.registered_count,
        known_count=done.known_count,
        registered_bytes=done.registered_bytes,
        failures=[
            pb.RegistrationFailure(path=path, reason=error.reason, message=str(error))
            for path, error in [*failures, *done.failures]
        ],
    )


def _key_of(page_token: str) -> int:
    if not page_token:
        return 0
    is_number = page_token.isascii() and page_token.isdigit() and len(page_token) < 20
    if not is_number or int(page_token) > _LARGEST_KEY:
        raise InvalidRequestError("That is no page_token: begin with the first page.")
    return int(page_token)


def _page(found: list[LocatedInstance], size: int) -> pb.ListSuspectInstancesResponse:
    shown = found[:size]
    return pb.ListSuspectInstancesResponse(
        instances=map(messages.instance_message, shown),
        next_page_token=str(shown[-1].instance.id) if len(found) > size else "",
    )
