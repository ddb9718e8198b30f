import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from librarian.v1 import incoming_pb2 as _incoming_pb2
from librarian.v1 import jobs_pb2 as _jobs_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Librarian(_message.Message):
    __slots__ = ("name", "url", "tls", "account_name", "transfers_enabled", "site_id", "ssh_host_key", "callback_account", "link", "create_time", "queued_count", "active_count", "failed_count", "remote_instance_count", "batches", "agent_url", "ssh_url", "ways", "insecure")
    NAME_FIELD_NUMBER: _ClassVar[int]
    URL_FIELD_NUMBER: _ClassVar[int]
    TLS_FIELD_NUMBER: _ClassVar[int]
    ACCOUNT_NAME_FIELD_NUMBER: _ClassVar[int]
    TRANSFERS_ENABLED_FIELD_NUMBER: _ClassVar[int]
    SITE_ID_FIELD_NUMBER: _ClassVar[int]
    SSH_HOST_KEY_FIELD_NUMBER: _ClassVar[int]
    CALLBACK_ACCOUNT_FIELD_NUMBER: _ClassVar[int]
    LINK_FIELD_NUMBER: _ClassVar[int]
    CREATE_TIME_FIELD_NUMBER: _ClassVar[int]
    QUEUED_COUNT_FIELD_NUMBER: _ClassVar[int]
    ACTIVE_COUNT_FIELD_NUMBER: _ClassVar[int]
    FAILED_COUNT_FIELD_NUMBER: _ClassVar[int]
    REMOTE_INSTANCE_COUNT_FIELD_NUMBER: _ClassVar[int]
    BATCHES_FIELD_NUMBER: _ClassVar[int]
    AGENT_URL_FIELD_NUMBER: _ClassVar[int]
    SSH_URL_FIELD_NUMBER: _ClassVar[int]
    WAYS_FIELD_NUMBER: _ClassVar[int]
    INSECURE_FIELD_NUMBER: _ClassVar[int]
    name: str
    url: str
    tls: bool
    account_name: str
    transfers_enabled: bool
    site_id: str
    ssh_host_key: str
    callback_account: str
    link: Link
    create_time: _timestamp_pb2.Timestamp
    queued_count: int
    active_count: int
    failed_count: int
    remote_instance_count: int
    batches: int
    agent_url: str
    ssh_url: str
    ways: _containers.RepeatedScalarFieldContainer[_incoming_pb2.PushWay]
    insecure: bool
    def __init__(self, name: _Optional[str] = ..., url: _Optional[str] = ..., tls: bool = ..., account_name: _Optional[str] = ..., transfers_enabled: bool = ..., site_id: _Optional[str] = ..., ssh_host_key: _Optional[str] = ..., callback_account: _Optional[str] = ..., link: _Optional[_Union[Link, _Mapping]] = ..., create_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., queued_count: _Optional[int] = ..., active_count: _Optional[int] = ..., failed_count: _Optional[int] = ..., remote_instance_count: _Optional[int] = ..., batches: _Optional[int] = ..., agent_url: _Optional[str] = ..., ssh_url: _Optional[str] = ..., ways: _Optional[_Iterable[_Union[_incoming_pb2.PushWay, str]]] = ..., insecure: bool = ...) -> None: ...

class Link(_message.Message):
    __slots__ = ("state", "cause", "error", "open_time", "next_try_time", "failures", "success_time")
    class State(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        STATE_UNSPECIFIED: _ClassVar[Link.State]
        CLOSED: _ClassVar[Link.State]
        OPEN: _ClassVar[Link.State]
        HALF_OPEN: _ClassVar[Link.State]
    STATE_UNSPECIFIED: Link.State
    CLOSED: Link.State
    OPEN: Link.State
    HALF_OPEN: Link.State
    class Cause(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        CAUSE_UNSPECIFIED: _ClassVar[Link.Cause]
        UNREACHABLE: _ClassVar[Link.Cause]
        REFUSED: _ClassVar[Link.Cause]
        FULL: _ClassVar[Link.Cause]
        MISCONFIGURED: _ClassVar[Link.Cause]
    CAUSE_UNSPECIFIED: Link.Cause
    UNREACHABLE: Link.Cause
    REFUSED: Link.Cause
    FULL: Link.Cause
    MISCONFIGURED: Link.Cause
    STATE_FIELD_NUMBER: _ClassVar[int]
    CAUSE_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    OPEN_TIME_FIELD_NUMBER: _ClassVar[int]
    NEXT_TRY_TIME_FIELD_NUMBER: _ClassVar[int]
    FAILURES_FIELD_NUMBER: _ClassVar[int]
    SUCCESS_TIME_FIELD_NUMBER: _ClassVar[int]
    state: Link.State
    cause: Link.Cause
    error: str
    open_time: _timestamp_pb2.Timestamp
    next_try_time: _timestamp_pb2.Timestamp
    failures: int
    success_time: _timestamp_pb2.Timestamp
    def __init__(self, state: _Optional[_Union[Link.State, str]] = ..., cause: _Optional[_Union[Link.Cause, str]] = ..., error: _Optional[str] = ..., open_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., next_try_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., failures: _Optional[int] = ..., success_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class RemoteInstance(_message.Message):
    __slots__ = ("file_name", "librarian_name", "confirm_time")
    FILE_NAME_FIELD_NUMBER: _ClassVar[int]
    LIBRARIAN_NAME_FIELD_NUMBER: _ClassVar[int]
    CONFIRM_TIME_FIELD_NUMBER: _ClassVar[int]
    file_name: str
    librarian_name: str
    confirm_time: _timestamp_pb2.Timestamp
    def __init__(self, file_name: _Optional[str] = ..., librarian_name: _Optional[str] = ..., confirm_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class AddLibrarianRequest(_message.Message):
    __slots__ = ("librarian", "secret", "ca_pem", "skip_check")
    LIBRARIAN_FIELD_NUMBER: _ClassVar[int]
    SECRET_FIELD_NUMBER: _ClassVar[int]
    CA_PEM_FIELD_NUMBER: _ClassVar[int]
    SKIP_CHECK_FIELD_NUMBER: _ClassVar[int]
    librarian: Librarian
    secret: str
    ca_pem: str
    skip_check: bool
    def __init__(self, librarian: _Optional[_Union[Librarian, _Mapping]] = ..., secret: _Optional[str] = ..., ca_pem: _Optional[str] = ..., skip_check: bool = ...) -> None: ...

class GetLibrarianRequest(_message.Message):
    __slots__ = ("name",)
    NAME_FIELD_NUMBER: _ClassVar[int]
    name: str
    def __init__(self, name: _Optional[str] = ...) -> None: ...

class ListLibrariansRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class ListLibrariansResponse(_message.Message):
    __slots__ = ("librarians",)
    LIBRARIANS_FIELD_NUMBER: _ClassVar[int]
    librarians: _containers.RepeatedCompositeFieldContainer[Librarian]
    def __init__(self, librarians: _Optional[_Iterable[_Union[Librarian, _Mapping]]] = ...) -> None: ...

class PingLibrarianRequest(_message.Message):
    __slots__ = ("name",)
    NAME_FIELD_NUMBER: _ClassVar[int]
    name: str
    def __init__(self, name: _Optional[str] = ...) -> None: ...

class PingLibrarianResponse(_message.Message):
    __slots__ = ("error", "site_name", "site_id", "role", "duration_seconds")
    ERROR_FIELD_NUMBER: _ClassVar[int]
    SITE_NAME_FIELD_NUMBER: _ClassVar[int]
    SITE_ID_FIELD_NUMBER: _ClassVar[int]
    ROLE_FIELD_NUMBER: _ClassVar[int]
    DURATION_SECONDS_FIELD_NUMBER: _ClassVar[int]
    error: str
    site_name: str
    site_id: str
    role: str
    duration_seconds: float
    def __init__(self, error: _Optional[str] = ..., site_name: _Optional[str] = ..., site_id: _Optional[str] = ..., role: _Optional[str] = ..., duration_seconds: _Optional[float] = ...) -> None: ...

class UpdateLibrarianRequest(_message.Message):
    __slots__ = ("name", "url", "tls", "ca_pem", "account_name", "secret", "transfers_enabled", "ssh_host_key", "callback_account", "batches", "skip_check", "agent_url", "ssh_url", "set_ways", "ways", "insecure")
    NAME_FIELD_NUMBER: _ClassVar[int]
    URL_FIELD_NUMBER: _ClassVar[int]
    TLS_FIELD_NUMBER: _ClassVar[int]
    CA_PEM_FIELD_NUMBER: _ClassVar[int]
    ACCOUNT_NAME_FIELD_NUMBER: _ClassVar[int]
    SECRET_FIELD_NUMBER: _ClassVar[int]
    TRANSFERS_ENABLED_FIELD_NUMBER: _ClassVar[int]
    SSH_HOST_KEY_FIELD_NUMBER: _ClassVar[int]
    CALLBACK_ACCOUNT_FIELD_NUMBER: _ClassVar[int]
    BATCHES_FIELD_NUMBER: _ClassVar[int]
    SKIP_CHECK_FIELD_NUMBER: _ClassVar[int]
    AGENT_URL_FIELD_NUMBER: _ClassVar[int]
    SSH_URL_FIELD_NUMBER: _ClassVar[int]
    SET_WAYS_FIELD_NUMBER: _ClassVar[int]
    WAYS_FIELD_NUMBER: _ClassVar[int]
    INSECURE_FIELD_NUMBER: _ClassVar[int]
    name: str
    url: str
    tls: bool
    ca_pem: str
    account_name: str
    secret: str
    transfers_enabled: bool
    ssh_host_key: str
    callback_account: str
    batches: int
    skip_check: bool
    agent_url: str
    ssh_url: str
    set_ways: bool
    ways: _containers.RepeatedScalarFieldContainer[_incoming_pb2.PushWay]
    insecure: bool
    def __init__(self, name: _Optional[str] = ..., url: _Optional[str] = ..., tls: bool = ..., ca_pem: _Optional[str] = ..., account_name: _Optional[str] = ..., secret: _Optional[str] = ..., transfers_enabled: bool = ..., ssh_host_key: _Optional[str] = ..., callback_account: _Optional[str] = ..., batches: _Optional[int] = ..., skip_check: bool = ..., agent_url: _Optional[str] = ..., ssh_url: _Optional[str] = ..., set_ways: bool = ..., ways: _Optional[_Iterable[_Union[_incoming_pb2.PushWay, str]]] = ..., insecure: bool = ...) -> None: ...

class RemoveLibrarianRequest(_message.Message):
    __slots__ = ("name", "cancel_transfers")
    NAME_FIELD_NUMBER: _ClassVar[int]
    CANCEL_TRANSFERS_FIELD_NUMBER: _ClassVar[int]
    name: str
    cancel_transfers: bool
    def __init__(self, name: _Optional[str] = ..., cancel_transfers: bool = ...) -> None: ...

class RemoveLibrarianResponse(_message.Message):
    __slots__ = ("cancelled_count", "remote_instance_count", "transfer_count")
    CANCELLED_COUNT_FIELD_NUMBER: _ClassVar[int]
    REMOTE_INSTANCE_COUNT_FIELD_NUMBER: _ClassVar[int]
    TRANSFER_COUNT_FIELD_NUMBER: _ClassVar[int]
    cancelled_count: int
    remote_instance_count: int
    transfer_count: int
    def __init__(self, cancelled_count: _Optional[int] = ..., remote_instance_count: _Optional[int] = ..., transfer_count: _Optional[int] = ...) -> None: ...

class ListRemoteInstancesRequest(_message.Message):
    __slots__ = ("file_name",)
    FILE_NAME_FIELD_NUMBER: _ClassVar[int]
    file_name: str
    def __init__(self, file_name: _Optional[str] = ...) -> None: ...

class ListRemoteInstancesResponse(_message.Message):
    __slots__ = ("remote_instances",)
    REMOTE_INSTANCES_FIELD_NUMBER: _ClassVar[int]
    remote_instances: _containers.RepeatedCompositeFieldContainer[RemoteInstance]
    def __init__(self, remote_instances: _Optional[_Iterable[_Union[RemoteInstance, _Mapping]]] = ...) -> None: ...

class StartReconciliationRequest(_message.Message):
    __slots__ = ("librarian_name", "queue_missing")
    LIBRARIAN_NAME_FIELD_NUMBER: _ClassVar[int]
    QUEUE_MISSING_FIELD_NUMBER: _ClassVar[int]
    librarian_name: str
    queue_missing: bool
    def __init__(self, librarian_name: _Optional[str] = ..., queue_missing: bool = ...) -> None: ...

class GetReconciliationRequest(_message.Message):
    __slots__ = ("job_id",)
    JOB_ID_FIELD_NUMBER: _ClassVar[int]
    job_id: int
    def __init__(self, job_id: _Optional[int] = ...) -> None: ...

class Reconciliation(_message.Message):
    __slots__ = ("job", "librarian_name", "compared_count", "missing_count", "found_count", "conflicting_count", "foreign_count", "queued_count", "examples")
    JOB_FIELD_NUMBER: _ClassVar[int]
    LIBRARIAN_NAME_FIELD_NUMBER: _ClassVar[int]
    COMPARED_COUNT_FIELD_NUMBER: _ClassVar[int]
    MISSING_COUNT_FIELD_NUMBER: _ClassVar[int]
    FOUND_COUNT_FIELD_NUMBER: _ClassVar[int]
    CONFLICTING_COUNT_FIELD_NUMBER: _ClassVar[int]
    FOREIGN_COUNT_FIELD_NUMBER: _ClassVar[int]
    QUEUED_COUNT_FIELD_NUMBER: _ClassVar[int]
    EXAMPLES_FIELD_NUMBER: _ClassVar[int]
    job: _jobs_pb2.Job
    librarian_name: str
    compared_count: int
    missing_count: int
    found_count: int
    conflicting_count: int
    foreign_count: int
    queued_count: int
    examples: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, job: _Optional[_Union[_jobs_pb2.Job, _Mapping]] = ..., librarian_name: _Optional[str] = ..., compared_count: _Optional[int] = ..., missing_count: _Optional[int] = ..., found_count: _Optional[int] = ..., conflicting_count: _Optional[int] = ..., foreign_count: _Optional[int] = ..., queued_count: _Optional[int] = ..., examples: _Optional[_Iterable[str]] = ...) -> None: ...
