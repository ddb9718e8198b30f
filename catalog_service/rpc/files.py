"""The Files service."""

import itertools
from typing import Protocol

import grpc
from sqlalchemy.orm import Session

from catalog_service import file_events
from catalog_service.database import Database
from catalog_service.files import get_file_row
from catalog_service.metadata import find_time_keys, load_keys, update_metadata
from catalog_service.retrying import run_transaction, translated_errors
from catalog_service.rpc import messages
from catalog_service.rpc.metadata_messages import fill_metadata, key_message, read_metadata
from catalog_service.rpc.paging import page_size_of
from librarian.errors import InvalidRequestError
from librarian.service.calls import current_caller
from librarian.v1 import files_pb2 as pb
from librarian.v1 import files_pb2_grpc

_MAX_KEY_CHARACTERS = 128


class FilesParts(Protocol):
    """What of the catalogue the service needs."""

    @property
    def database(self) -> Database:
        """The catalogue's database."""
        ...


class FilesServicer(files_pb2_grpc.FilesServicer):
    """Serves librarian.v1.Files."""

    def __init__(self, catalog: FilesParts) -> None:
        self._database = catalog.database
        self._readings = catalog.database.readings.kw["bind"]

    def GetFile(self, request: pb.GetFileRequest, context: grpc.ServicerContext) -> pb.File:
        """Return one file."""
        with translated_errors(), self._readings.connect() as connection:
            row = get_file_row(connection, request.name)
            file = messages.file_message(row)
            if row.metadata:
                fill_metadata(file.metadata, row.metadata, find_time_keys(connection))
            return file

    def ListFileEvents(
        self, request: pb.ListFileEventsRequest, context: grpc.ServicerContext
    ) -> pb.ListFileEventsResponse:
        """List what happened to a file."""
        size = page_size_of(
            request.page_size, file_events.DEFAULT_PAGE_SIZE, file_events.MAX_PAGE_SIZE
        )
        after = _event_id(request.page_token)
        events, last = run_transaction(
            self._database.readings,
            lambda db: file_events.list_file_events(db, request.file_name, after, size),
        )
        return pb.ListFileEventsResponse(
            events=map(messages.file_event_message, events),
            next_page_token=str(last) if last else "",
        )

    def UpdateMetadata(
        self, request: pb.UpdateMetadataRequest, context: grpc.ServicerContext
    ) -> pb.File:
        """Set and remove metadata of a file."""
        new, remove = read_metadata(request.set), list(request.remove)

        def update(db: Session) -> pb.File:
            changed = update_metadata(db, request.file_name, new, remove)
            file = messages.file_message(changed)
            fill_metadata(file.metadata, changed.custom, find_time_keys(db))
            return file

        return run_transaction(self._database.transactions, update)

    def ListMetadataKeys(
        self, request: pb.ListMetadataKeysRequest, context: grpc.ServicerContext
    ) -> pb.ListMetadataKeysResponse:
        """List the metadata keys of the site."""
        keys = run_transaction(self._database.readings, load_keys)
        return pb.ListMetadataKeysResponse(keys=itertools.starmap(key_message, keys.items()))

    def CreateFileEvent(
        self, request: pb.CreateFileEventRequest, context: grpc.ServicerContext
    ) -> pb.FileEvent:
        """Log an event with a file."""
        key = _request_key(request.request_id)
        event = run_transaction(
            self._database.transactions,
            lambda db: file_events.create_file_event(
                db, request.file_name, request.type, request.payload_json, key
            ),
        )
        return messages.file_event_message(event)


def _event_id(page_token: str) -> int:
    if page_token and not (page_token.isascii() and page_token.isdigit() and len(page_token) < 19):
        raise InvalidRequestError("The page_token is not one that this service gave.")
    return int(page_token or 0)


def _request_key(request_id: str) -> str | None:
    """Return the key as it is kept: one account's keys are not another's."""
    if not request_id:
        return None
    if len(request_id) > _MAX_KEY_CHARACTERS or not request_id.isprintable():
        raise InvalidRequestError("A request_id has at most 128 printable characters.")
    return f"{current_caller().name}/{request_id}"
