import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Store(_message.Message):
    __slots__ = ("name", "agent_name", "host", "root", "enabled", "ingestible", "reachable", "problem", "capacity_bytes", "free_bytes", "reserved_bytes", "instance_count", "report_time")
    NAME_FIELD_NUMBER: _ClassVar[int]
    AGENT_NAME_FIELD_NUMBER: _ClassVar[int]
    HOST_FIELD_NUMBER: _ClassVar[int]
    ROOT_FIELD_NUMBER: _ClassVar[int]
    ENABLED_FIELD_NUMBER: _ClassVar[int]
    INGESTIBLE_FIELD_NUMBER: _ClassVar[int]
    REACHABLE_FIELD_NUMBER: _ClassVar[int]
    PROBLEM_FIELD_NUMBER: _ClassVar[int]
    CAPACITY_BYTES_FIELD_NUMBER: _ClassVar[int]
    FREE_BYTES_FIELD_NUMBER: _ClassVar[int]
    RESERVED_BYTES_FIELD_NUMBER: _ClassVar[int]
    INSTANCE_COUNT_FIELD_NUMBER: _ClassVar[int]
    REPORT_TIME_FIELD_NUMBER: _ClassVar[int]
    name: str
    agent_name: str
    host: str
    root: str
    enabled: bool
    ingestible: bool
    reachable: bool
    problem: str
    capacity_bytes: int
    free_bytes: int
    reserved_bytes: int
    instance_count: int
    report_time: _timestamp_pb2.Timestamp
    def __init__(self, name: _Optional[str] = ..., agent_name: _Optional[str] = ..., host: _Optional[str] = ..., root: _Optional[str] = ..., enabled: bool = ..., ingestible: bool = ..., reachable: bool = ..., problem: _Optional[str] = ..., capacity_bytes: _Optional[int] = ..., free_bytes: _Optional[int] = ..., reserved_bytes: _Optional[int] = ..., instance_count: _Optional[int] = ..., report_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class Agent(_message.Message):
    __slots__ = ("name", "host", "address", "tls", "staging_prefix", "version", "report_time")
    NAME_FIELD_NUMBER: _ClassVar[int]
    HOST_FIELD_NUMBER: _ClassVar[int]
    ADDRESS_FIELD_NUMBER: _ClassVar[int]
    TLS_FIELD_NUMBER: _ClassVar[int]
    STAGING_PREFIX_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    REPORT_TIME_FIELD_NUMBER: _ClassVar[int]
    name: str
    host: str
    address: str
    tls: bool
    staging_prefix: str
    version: str
    report_time: _timestamp_pb2.Timestamp
    def __init__(self, name: _Optional[str] = ..., host: _Optional[str] = ..., address: _Optional[str] = ..., tls: bool = ..., staging_prefix: _Optional[str] = ..., version: _Optional[str] = ..., report_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class CreateStoreRequest(_message.Message):
    __slots__ = ("name", "agent_name", "root", "no_ingest")
    NAME_FIELD_NUMBER: _ClassVar[int]
    AGENT_NAME_FIELD_NUMBER: _ClassVar[int]
    ROOT_FIELD_NUMBER: _ClassVar[int]
    NO_INGEST_FIELD_NUMBER: _ClassVar[int]
    name: str
    agent_name: str
    root: str
    no_ingest: bool
    def __init__(self, name: _Optional[str] = ..., agent_name: _Optional[str] = ..., root: _Optional[str] = ..., no_ingest: bool = ...) -> None: ...

class GetStoreRequest(_message.Message):
    __slots__ = ("name",)
    NAME_FIELD_NUMBER: _ClassVar[int]
    name: str
    def __init__(self, name: _Optional[str] = ...) -> None: ...

class ListStoresRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class ListStoresResponse(_message.Message):
    __slots__ = ("stores",)
    STORES_FIELD_NUMBER: _ClassVar[int]
    stores: _containers.RepeatedCompositeFieldContainer[Store]
    def __init__(self, stores: _Optional[_Iterable[_Union[Store, _Mapping]]] = ...) -> None: ...

class UpdateStoreRequest(_message.Message):
    __slots__ = ("name", "enabled", "ingestible")
    NAME_FIELD_NUMBER: _ClassVar[int]
    ENABLED_FIELD_NUMBER: _ClassVar[int]
    INGESTIBLE_FIELD_NUMBER: _ClassVar[int]
    name: str
    enabled: bool
    ingestible: bool
    def __init__(self, name: _Optional[str] = ..., enabled: bool = ..., ingestible: bool = ...) -> None: ...

class AnnounceAgentRequest(_message.Message):
    __slots__ = ("address", "host", "tls", "staging_prefix", "ticket_key", "version", "stores")
    ADDRESS_FIELD_NUMBER: _ClassVar[int]
    HOST_FIELD_NUMBER: _ClassVar[int]
    TLS_FIELD_NUMBER: _ClassVar[int]
    STAGING_PREFIX_FIELD_NUMBER: _ClassVar[int]
    TICKET_KEY_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    STORES_FIELD_NUMBER: _ClassVar[int]
    address: str
    host: str
    tls: bool
    staging_prefix: str
    ticket_key: bytes
    version: str
    stores: _containers.RepeatedCompositeFieldContainer[StoreReport]
    def __init__(self, address: _Optional[str] = ..., host: _Optional[str] = ..., tls: bool = ..., staging_prefix: _Optional[str] = ..., ticket_key: _Optional[bytes] = ..., version: _Optional[str] = ..., stores: _Optional[_Iterable[_Union[StoreReport, _Mapping]]] = ...) -> None: ...

class StoreReport(_message.Message):
    __slots__ = ("name", "capacity_bytes", "free_bytes", "problem")
    NAME_FIELD_NUMBER: _ClassVar[int]
    CAPACITY_BYTES_FIELD_NUMBER: _ClassVar[int]
    FREE_BYTES_FIELD_NUMBER: _ClassVar[int]
    PROBLEM_FIELD_NUMBER: _ClassVar[int]
    name: str
    capacity_bytes: int
    free_bytes: int
    problem: str
    def __init__(self, name: _Optional[str] = ..., capacity_bytes: _Optional[int] = ..., free_bytes: _Optional[int] = ..., problem: _Optional[str] = ...) -> None: ...

class AnnounceAgentResponse(_message.Message):
    __slots__ = ("stores",)
    STORES_FIELD_NUMBER: _ClassVar[int]
    stores: _containers.RepeatedCompositeFieldContainer[ServedStore]
    def __init__(self, stores: _Optional[_Iterable[_Union[ServedStore, _Mapping]]] = ...) -> None: ...

class ServedStore(_message.Message):
    __slots__ = ("name", "root", "store_id")
    NAME_FIELD_NUMBER: _ClassVar[int]
    ROOT_FIELD_NUMBER: _ClassVar[int]
    STORE_ID_FIELD_NUMBER: _ClassVar[int]
    name: str
    root: str
    store_id: str
    def __init__(self, name: _Optional[str] = ..., root: _Optional[str] = ..., store_id: _Optional[str] = ...) -> None: ...

class ListAgentsRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class ListAgentsResponse(_message.Message):
    __slots__ = ("agents",)
    AGENTS_FIELD_NUMBER: _ClassVar[int]
    agents: _containers.RepeatedCompositeFieldContainer[Agent]
    def __init__(self, agents: _Optional[_Iterable[_Union[Agent, _Mapping]]] = ...) -> None: ...
