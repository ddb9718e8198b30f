import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from librarian.v1 import files_pb2 as _files_pb2
from librarian.v1 import observations_pb2 as _observations_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Instance(_message.Message):
    __slots__ = ("file_name", "store_name", "parent_dirs", "state", "deletion_policy", "create_time", "host", "path", "problem", "verify_time")
    class State(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        STATE_UNSPECIFIED: _ClassVar[Instance.State]
        AVAILABLE: _ClassVar[Instance.State]
        UNAVAILABLE: _ClassVar[Instance.State]
    STATE_UNSPECIFIED: Instance.State
    AVAILABLE: Instance.State
    UNAVAILABLE: Instance.State
    class DeletionPolicy(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        DELETION_POLICY_UNSPECIFIED: _ClassVar[Instance.DeletionPolicy]
        DISALLOWED: _ClassVar[Instance.DeletionPolicy]
        ALLOWED: _ClassVar[Instance.DeletionPolicy]
    DELETION_POLICY_UNSPECIFIED: Instance.DeletionPolicy
    DISALLOWED: Instance.DeletionPolicy
    ALLOWED: Instance.DeletionPolicy
    FILE_NAME_FIELD_NUMBER: _ClassVar[int]
    STORE_NAME_FIELD_NUMBER: _ClassVar[int]
    PARENT_DIRS_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    DELETION_POLICY_FIELD_NUMBER: _ClassVar[int]
    CREATE_TIME_FIELD_NUMBER: _ClassVar[int]
    HOST_FIELD_NUMBER: _ClassVar[int]
    PATH_FIELD_NUMBER: _ClassVar[int]
    PROBLEM_FIELD_NUMBER: _ClassVar[int]
    VERIFY_TIME_FIELD_NUMBER: _ClassVar[int]
    file_name: str
    store_name: str
    parent_dirs: str
    state: Instance.State
    deletion_policy: Instance.DeletionPolicy
    create_time: _timestamp_pb2.Timestamp
    host: str
    path: str
    problem: str
    verify_time: _timestamp_pb2.Timestamp
    def __init__(self, file_name: _Optional[str] = ..., store_name: _Optional[str] = ..., parent_dirs: _Optional[str] = ..., state: _Optional[_Union[Instance.State, str]] = ..., deletion_policy: _Optional[_Union[Instance.DeletionPolicy, str]] = ..., create_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., host: _Optional[str] = ..., path: _Optional[str] = ..., problem: _Optional[str] = ..., verify_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class ListInstancesRequest(_message.Message):
    __slots__ = ("file_name",)
    FILE_NAME_FIELD_NUMBER: _ClassVar[int]
    file_name: str
    def __init__(self, file_name: _Optional[str] = ...) -> None: ...

class ListInstancesResponse(_message.Message):
    __slots__ = ("instances",)
    INSTANCES_FIELD_NUMBER: _ClassVar[int]
    instances: _containers.RepeatedCompositeFieldContainer[Instance]
    def __init__(self, instances: _Optional[_Iterable[_Union[Instance, _Mapping]]] = ...) -> None: ...

class ListSuspectInstancesRequest(_message.Message):
    __slots__ = ("page_size", "page_token")
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    page_size: int
    page_token: str
    def __init__(self, page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class ListSuspectInstancesResponse(_message.Message):
    __slots__ = ("instances", "next_page_token")
    INSTANCES_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    instances: _containers.RepeatedCompositeFieldContainer[Instance]
    next_page_token: str
    def __init__(self, instances: _Optional[_Iterable[_Union[Instance, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class VerifyFileRequest(_message.Message):
    __slots__ = ("file_name",)
    FILE_NAME_FIELD_NUMBER: _ClassVar[int]
    file_name: str
    def __init__(self, file_name: _Optional[str] = ...) -> None: ...

class VerifyFileResponse(_message.Message):
    __slots__ = ("instances",)
    INSTANCES_FIELD_NUMBER: _ClassVar[int]
    instances: _containers.RepeatedCompositeFieldContainer[VerifiedInstance]
    def __init__(self, instances: _Optional[_Iterable[_Union[VerifiedInstance, _Mapping]]] = ...) -> None: ...

class VerifiedInstance(_message.Message):
    __slots__ = ("instance", "error")
    INSTANCE_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    instance: Instance
    error: str
    def __init__(self, instance: _Optional[_Union[Instance, _Mapping]] = ..., error: _Optional[str] = ...) -> None: ...

class OpenFileRequest(_message.Message):
    __slots__ = ("file_name",)
    FILE_NAME_FIELD_NUMBER: _ClassVar[int]
    file_name: str
    def __init__(self, file_name: _Optional[str] = ...) -> None: ...

class OpenFileResponse(_message.Message):
    __slots__ = ("size_bytes", "checksum", "ways_out")
    SIZE_BYTES_FIELD_NUMBER: _ClassVar[int]
    CHECKSUM_FIELD_NUMBER: _ClassVar[int]
    WAYS_OUT_FIELD_NUMBER: _ClassVar[int]
    size_bytes: int
    checksum: str
    ways_out: _containers.RepeatedCompositeFieldContainer[WayOut]
    def __init__(self, size_bytes: _Optional[int] = ..., checksum: _Optional[str] = ..., ways_out: _Optional[_Iterable[_Union[WayOut, _Mapping]]] = ...) -> None: ...

class WayOut(_message.Message):
    __slots__ = ("instance", "agent_address", "agent_tls", "ticket")
    INSTANCE_FIELD_NUMBER: _ClassVar[int]
    AGENT_ADDRESS_FIELD_NUMBER: _ClassVar[int]
    AGENT_TLS_FIELD_NUMBER: _ClassVar[int]
    TICKET_FIELD_NUMBER: _ClassVar[int]
    instance: Instance
    agent_address: str
    agent_tls: bool
    ticket: str
    def __init__(self, instance: _Optional[_Union[Instance, _Mapping]] = ..., agent_address: _Optional[str] = ..., agent_tls: bool = ..., ticket: _Optional[str] = ...) -> None: ...

class RegisterInstancesRequest(_message.Message):
    __slots__ = ("store_name", "paths", "recursive", "null_obsid", "observation", "metadata")
    class MetadataEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: _files_pb2.MetadataValue
        def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[_files_pb2.MetadataValue, _Mapping]] = ...) -> None: ...
    STORE_NAME_FIELD_NUMBER: _ClassVar[int]
    PATHS_FIELD_NUMBER: _ClassVar[int]
    RECURSIVE_FIELD_NUMBER: _ClassVar[int]
    NULL_OBSID_FIELD_NUMBER: _ClassVar[int]
    OBSERVATION_FIELD_NUMBER: _ClassVar[int]
    METADATA_FIELD_NUMBER: _ClassVar[int]
    store_name: str
    paths: _containers.RepeatedScalarFieldContainer[str]
    recursive: bool
    null_obsid: bool
    observation: _observations_pb2.Observation
    metadata: _containers.MessageMap[str, _files_pb2.MetadataValue]
    def __init__(self, store_name: _Optional[str] = ..., paths: _Optional[_Iterable[str]] = ..., recursive: bool = ..., null_obsid: bool = ..., observation: _Optional[_Union[_observations_pb2.Observation, _Mapping]] = ..., metadata: _Optional[_Mapping[str, _files_pb2.MetadataValue]] = ...) -> None: ...

class RegisterInstancesResponse(_message.Message):
    __slots__ = ("registered_count", "known_count", "registered_bytes", "failures")
    REGISTERED_COUNT_FIELD_NUMBER: _ClassVar[int]
    KNOWN_COUNT_FIELD_NUMBER: _ClassVar[int]
    REGISTERED_BYTES_FIELD_NUMBER: _ClassVar[int]
    FAILURES_FIELD_NUMBER: _ClassVar[int]
    registered_count: int
    known_count: int
    registered_bytes: int
    failures: _containers.RepeatedCompositeFieldContainer[RegistrationFailure]
    def __init__(self, registered_count: _Optional[int] = ..., known_count: _Optional[int] = ..., registered_bytes: _Optional[int] = ..., failures: _Optional[_Iterable[_Union[RegistrationFailure, _Mapping]]] = ...) -> None: ...

class RegistrationFailure(_message.Message):
    __slots__ = ("path", "reason", "message")
    PATH_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    path: str
    reason: str
    message: str
    def __init__(self, path: _Optional[str] = ..., reason: _Optional[str] = ..., message: _Optional[str] = ...) -> None: ...
