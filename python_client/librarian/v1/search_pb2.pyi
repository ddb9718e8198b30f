from librarian.v1 import files_pb2 as _files_pb2
from librarian.v1 import instances_pb2 as _instances_pb2
from librarian.v1 import observations_pb2 as _observations_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class ItemKind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    ITEM_KIND_UNSPECIFIED: _ClassVar[ItemKind]
    FILES: _ClassVar[ItemKind]
    OBSERVATIONS: _ClassVar[ItemKind]
    SESSIONS: _ClassVar[ItemKind]
    INSTANCES: _ClassVar[ItemKind]
ITEM_KIND_UNSPECIFIED: ItemKind
FILES: ItemKind
OBSERVATIONS: ItemKind
SESSIONS: ItemKind
INSTANCES: ItemKind

class SearchFilesRequest(_message.Message):
    __slots__ = ("search", "limit", "order_by", "page_token", "with_metadata")
    SEARCH_FIELD_NUMBER: _ClassVar[int]
    LIMIT_FIELD_NUMBER: _ClassVar[int]
    ORDER_BY_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    WITH_METADATA_FIELD_NUMBER: _ClassVar[int]
    search: str
    limit: int
    order_by: str
    page_token: str
    with_metadata: bool
    def __init__(self, search: _Optional[str] = ..., limit: _Optional[int] = ..., order_by: _Optional[str] = ..., page_token: _Optional[str] = ..., with_metadata: bool = ...) -> None: ...

class SearchObservationsRequest(_message.Message):
    __slots__ = ("search", "limit", "order_by", "page_token")
    SEARCH_FIELD_NUMBER: _ClassVar[int]
    LIMIT_FIELD_NUMBER: _ClassVar[int]
    ORDER_BY_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    search: str
    limit: int
    order_by: str
    page_token: str
    def __init__(self, search: _Optional[str] = ..., limit: _Optional[int] = ..., order_by: _Optional[str] = ..., page_token: _Optional[str] = ...) -> None: ...

class SearchSessionsRequest(_message.Message):
    __slots__ = ("search", "limit", "order_by", "page_token")
    SEARCH_FIELD_NUMBER: _ClassVar[int]
    LIMIT_FIELD_NUMBER: _ClassVar[int]
    ORDER_BY_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    search: str
    limit: int
    order_by: str
    page_token: str
    def __init__(self, search: _Optional[str] = ..., limit: _Optional[int] = ..., order_by: _Optional[str] = ..., page_token: _Optional[str] = ...) -> None: ...

class SearchInstancesRequest(_message.Message):
    __slots__ = ("search", "limit", "order_by", "page_token")
    SEARCH_FIELD_NUMBER: _ClassVar[int]
    LIMIT_FIELD_NUMBER: _ClassVar[int]
    ORDER_BY_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    search: str
    limit: int
    order_by: str
    page_token: str
    def __init__(self, search: _Optional[str] = ..., limit: _Optional[int] = ..., order_by: _Optional[str] = ..., page_token: _Optional[str] = ...) -> None: ...

class SearchFilesResponse(_message.Message):
    __slots__ = ("files", "next_page_token", "snapshot")
    FILES_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    SNAPSHOT_FIELD_NUMBER: _ClassVar[int]
    files: _containers.RepeatedCompositeFieldContainer[_files_pb2.File]
    next_page_token: str
    snapshot: int
    def __init__(self, files: _Optional[_Iterable[_Union[_files_pb2.File, _Mapping]]] = ..., next_page_token: _Optional[str] = ..., snapshot: _Optional[int] = ...) -> None: ...

class SearchObservationsResponse(_message.Message):
    __slots__ = ("observations", "next_page_token")
    OBSERVATIONS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    observations: _containers.RepeatedCompositeFieldContainer[_observations_pb2.Observation]
    next_page_token: str
    def __init__(self, observations: _Optional[_Iterable[_Union[_observations_pb2.Observation, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class SearchSessionsResponse(_message.Message):
    __slots__ = ("sessions", "next_page_token")
    SESSIONS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    sessions: _containers.RepeatedCompositeFieldContainer[_observations_pb2.ObservingSession]
    next_page_token: str
    def __init__(self, sessions: _Optional[_Iterable[_Union[_observations_pb2.ObservingSession, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class SearchInstancesResponse(_message.Message):
    __slots__ = ("instances", "next_page_token")
    INSTANCES_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    instances: _containers.RepeatedCompositeFieldContainer[_instances_pb2.Instance]
    next_page_token: str
    def __init__(self, instances: _Optional[_Iterable[_Union[_instances_pb2.Instance, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class CountMatchesRequest(_message.Message):
    __slots__ = ("search", "item_kind")
    SEARCH_FIELD_NUMBER: _ClassVar[int]
    ITEM_KIND_FIELD_NUMBER: _ClassVar[int]
    search: str
    item_kind: ItemKind
    def __init__(self, search: _Optional[str] = ..., item_kind: _Optional[_Union[ItemKind, str]] = ...) -> None: ...

class CountMatchesResponse(_message.Message):
    __slots__ = ("count",)
    COUNT_FIELD_NUMBER: _ClassVar[int]
    count: int
    def __init__(self, count: _Optional[int] = ...) -> None: ...

class ExplainSearchRequest(_message.Message):
    __slots__ = ("search", "item_kind")
    SEARCH_FIELD_NUMBER: _ClassVar[int]
    ITEM_KIND_FIELD_NUMBER: _ClassVar[int]
    search: str
    item_kind: ItemKind
    def __init__(self, search: _Optional[str] = ..., item_kind: _Optional[_Union[ItemKind, str]] = ...) -> None: ...

class ExplainSearchResponse(_message.Message):
    __slots__ = ("json", "text", "meaning")
    JSON_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    MEANING_FIELD_NUMBER: _ClassVar[int]
    json: str
    text: str
    meaning: str
    def __init__(self, json: _Optional[str] = ..., text: _Optional[str] = ..., meaning: _Optional[str] = ...) -> None: ...
