"""Rows that a search found as messages: by the thousand, so with little work for each."""

from collections.abc import Collection, Iterable
from typing import Any

from catalog_service.rpc.messages import observation_message, observing_session_message
from catalog_service.rpc.metadata_messages import fill_metadata, fill_time
from librarian.v1 import files_pb2, instances_pb2, search_pb2

Rows = Iterable[Any]


def files_response(rows: Rows, next_page_token: str) -> search_pb2.SearchFilesResponse:
    """Return files, given as rows of FILE_COLUMNS."""
    response = search_pb2.SearchFilesResponse(next_page_token=next_page_token)
    add_file = response.files.add
    for row in rows:
        _fill_file(add_file(), row)
    return response


def files_with_metadata_response(
    rows: Rows, next_page_token: str, time_keys: Collection[str]
) -> search_pb2.SearchFilesResponse:
    """Return files with their metadata, given as rows of FILE_COLUMNS and their metadata."""
    response = search_pb2.SearchFilesResponse(next_page_token=next_page_token)
    for *row, metadata in rows:
        file = response.files.add()
        _fill_file(file, row)
        fill_metadata(file.metadata, metadata, time_keys)
    return response


def observations_response(
    rows: Rows, next_page_token: str
) -> search_pb2.SearchObservationsResponse:
    """Return observations."""
    observations = map(observation_message, rows)
    return search_pb2.SearchObservationsResponse(
        observations=observations, next_page_token=next_page_token
    )


def sessions_response(rows: Rows, next_page_token: str) -> search_pb2.SearchSessionsResponse:
    """Return observing sessions."""
    sessions = map(observing_session_message, rows)
    return search_pb2.SearchSessionsResponse(sessions=sessions, next_page_token=next_page_token)


def instances_response(rows: Rows, next_page_token: str) -> search_pb2.SearchInstancesResponse:
    """Return instances with the places where they lie, given as rows of INSTANCE_COLUMNS."""
    return search_pb2.SearchInstancesResponse(
        instances=map(_instance, rows), next_page_token=next_page_token
    )


def _fill_file(file: files_pb2.File, row: Any) -> None:
    # To set fields one by one takes a quarter of the time of a message made with all of them.
    (
        file.name,
        file.type,
        file.size_bytes,
        file.checksum,
        obsid,
        create_time,
        file.source,
        file.instance_count,
    ) = row
    if obsid is not None:
        file.obsid = obsid
    fill_time(file.create_time, create_time)


def _instance(row: Any) -> instances_pb2.Instance:
    pb = instances_pb2.Instance
    (
        file_name,
        store_name,
        parent_dirs,
        available,
        deletion_allowed,
        create_time,
        host,
        root,
        problem,
        verify_time,
    ) = row
    message = pb(
        file_name=file_name,
        store_name=store_name,
        parent_dirs=parent_dirs,
        state=pb.AVAILABLE if available else pb.UNAVAILABLE,
        deletion_policy=pb.ALLOWED if deletion_allowed else pb.DISALLOWED,
        host=host,
        path="/".join((root.rstrip("/"), *filter(None, (parent_dirs, file_name)))),
        problem=problem,
    )
    fill_time(message.create_time, create_time)
    if verify_time is not None:
        fill_time(message.verify_time, verify_time)
    return message
