"""Messages of the wire as the client's records."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from librarian.client.account_records import Account, NewToken, SiteInfo, Token
from librarian.client.records import (
    Agent,
    File,
    FileEvent,
    Instance,
    JobError,
    Observation,
    ObservingSession,
    RegistrationFailure,
    RegistrationProgress,
    Store,
)
from librarian.v1 import (
    accounts_pb2,
    files_pb2,
    instances_pb2,
    jobs_pb2,
    observations_pb2,
    stores_pb2,
)

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# Whole numbers beyond this are not told apart in a float.
_LARGEST_WHOLE = 2**53


def read_time(message: Any) -> datetime:
    """Return a protobuf timestamp as an aware time."""
    return _EPOCH + timedelta(seconds=message.seconds, microseconds=message.nanos // 1000)


def find_time(message: Any, field: str) -> datetime | None:
    """Return a message's timestamp, or None when it is absent."""
    return read_time(getattr(message, field)) if message.HasField(field) else None


def find_value(message: Any, field: str) -> Any:
    """Return a message's optional field, or None when it is absent."""
    return getattr(message, field) if message.HasField(field) else None


def read_file(message: files_pb2.File) -> File:
    """Return a file on record."""
    return File(
        name=message.name,
        type=message.type,
        size_bytes=message.size_bytes,
        checksum=message.checksum,
        obsid=message.obsid if message.HasField("obsid") else None,
        create_time=read_time(message.create_time),
        source=message.source,
        instance_count=message.instance_count,
        metadata=read_metadata(message.metadata) if message.metadata else {},
    )


def read_metadata(metadata: Mapping[str, files_pb2.MetadataValue]) -> dict[str, Any]:
    """Return custom metadata by key; a number that is whole is an int."""
    return {key: _read_metadata_value(value) for key, value in sorted(metadata.items())}


def _read_metadata_value(message: files_pb2.MetadataValue) -> Any:
    kind = message.WhichOneof("value")
    if kind == "time":
        return read_time(message.time)
    value: Any = getattr(message, kind) if kind else None
    if kind == "number" and value.is_integer() and abs(value) <= _LARGEST_WHOLE:
        return int(value)
    return value


def read_instance(message: instances_pb2.Instance) -> Instance:
    """Return an instance on record."""
    return Instance(
        file_name=message.file_name,
        store=message.store_name,
        parent_dirs=message.parent_dirs,
        host=message.host,
        path=message.path,
        state=instances_pb2.Instance.State.Name(message.state),
        deletion_policy=instances_pb2.Instance.DeletionPolicy.Name(message.deletion_policy),
        create_time=read_time(message.create_time),
        problem=message.problem,
        verify_time=find_time(message, "verify_time"),
    )


def read_event(message: files_pb2.FileEvent) -> FileEvent:
    """Return an event of a file."""
    return FileEvent(message.type, read_time(message.time), json.loads(message.payload_json))


def read_observation(message: observations_pb2.Observation) -> Observation:
    """Return an observation on record."""
    return Observation(
        obsid=message.obsid,
        start_time_jd=find_value(message, "start_time_jd"),
        stop_time_jd=find_value(message, "stop_time_jd"),
        start_lst_hr=find_value(message, "start_lst_hr"),
        session_id=find_value(message, "session_id"),
        file_count=message.file_count,
        total_bytes=message.total_bytes,
    )


def read_observing_session(message: observations_pb2.ObservingSession) -> ObservingSession:
    """Return an observing session on record."""
    return ObservingSession(
        id=message.id,
        start_time_jd=message.start_time_jd,
        stop_time_jd=message.stop_time_jd,
        observation_count=message.observation_count,
        file_count=message.file_count,
        total_bytes=message.total_bytes,
    )


def read_store(message: stores_pb2.Store) -> Store:
    """Return a store on record."""
    return Store(
        name=message.name,
        agent=message.agent_name,
        host=message.host,
        root=message.root,
        enabled=message.enabled,
        ingestible=message.ingestible,
        reachable=message.reachable,
        problem=message.problem,
        capacity_bytes=message.capacity_bytes,
        free_bytes=message.free_bytes,
        reserved_bytes=message.reserved_bytes,
        instance_count=message.instance_count,
        report_time=find_time(message, "report_time"),
    )


def read_agent(message: stores_pb2.Agent) -> Agent:
    """Return a store agent."""
    return Agent(
        name=message.name,
        host=message.host,
        address=message.address,
        tls=message.tls,
        staging_prefix=message.staging_prefix,
        version=message.version,
        report_time=find_time(message, "report_time"),
    )


def read_account(message: accounts_pb2.Account) -> Account:
    """Return an account."""
    return Account(
        name=message.name,
        role=accounts_pb2.Role.Name(message.role),
        kind=accounts_pb2.Account.Kind.Name(message.kind),
        create_time=read_time(message.create_time),
        has_password=message.has_password,
    )


def read_token(message: accounts_pb2.Token) -> Token:
    """Return a token, without its secret."""
    return Token(
        id=message.id,
        account=message.account_name,
        name=message.name,
        role=accounts_pb2.Role.Name(message.role),
        create_time=read_time(message.create_time),
        expire_time=find_time(message, "expire_time"),
        last_use_time=find_time(message, "last_use_time"),
    )


def read_new_token(message: accounts_pb2.CreateTokenResponse) -> NewToken:
    """Return a new token with its secret."""
    return NewToken(read_token(message.token), message.secret)


def read_site(message: accounts_pb2.PingResponse) -> SiteInfo:
    """Return what a site says of itself."""
    role = accounts_pb2.Role.Name(message.role)
    names = (message.site_name, message.version, message.account_name)
    return SiteInfo(*names, role, message.web_url)


def read_job_error(message: jobs_pb2.JobError) -> JobError:
    """Return an error of one of a job's files."""
    return JobError(message.file_name, message.message)


def read_registration(message: instances_pb2.RegisterInstancesResponse) -> RegistrationProgress:
    """Return what became of a batch of paths."""
    failures = [RegistrationFailure(f.path, f.reason, f.message) for f in message.failures]
    return RegistrationProgress(
        message.registered_count, message.known_count, message.registered_bytes, failures
    )
