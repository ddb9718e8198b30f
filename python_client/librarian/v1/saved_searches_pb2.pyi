import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from librarian.v1 import search_pb2 as _search_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class SavedSearch(_message.Message):
    __slots__ = ("name", "owner", "search", "item_kind", "shared", "update_time")
    NAME_FIELD_NUMBER: _ClassVar[int]
    OWNER_FIELD_NUMBER: _ClassVar[int]
    SEARCH_FIELD_NUMBER: _ClassVar[int]
    ITEM_KIND_FIELD_NUMBER: _ClassVar[int]
    SHARED_FIELD_NUMBER: _ClassVar[int]
    UPDATE_TIME_FIELD_NUMBER: _ClassVar[int]
    name: str
    owner: str
    search: str
    item_kind: _search_pb2.ItemKind
    shared: bool
    update_time: _timestamp_pb2.Timestamp
    def __init__(self, name: _Optional[str] = ..., owner: _Optional[str] = ..., search: _Optional[str] = ..., item_kind: _Optional[_Union[_search_pb2.ItemKind, str]] = ..., shared: bool = ..., update_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class SaveSearchRequest(_message.Message):
    __slots__ = ("name", "search", "item_kind", "shared")
    NAME_FIELD_NUMBER: _ClassVar[int]
    SEARCH_FIELD_NUMBER: _ClassVar[int]
    ITEM_KIND_FIELD_NUMBER: _ClassVar[int]
    SHARED_FIELD_NUMBER: _ClassVar[int]
    name: str
    search: str
    item_kind: _search_pb2.ItemKind
    shared: bool
    def __init__(self, name: _Optional[str] = ..., search: _Optional[str] = ..., item_kind: _Optional[_Union[_search_pb2.ItemKind, str]] = ..., shared: bool = ...) -> None: ...

class ListSavedSearchesRequest(_message.Message):
    __slots__ = ("page_size", "page_token")
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    page_size: int
    page_token: str
    def __init__(self, page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class ListSavedSearchesResponse(_message.Message):
    __slots__ = ("searches", "next_page_token")
    SEARCHES_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    searches: _containers.RepeatedCompositeFieldContainer[SavedSearch]
    next_page_token: str
    def __init__(self, searches: _Optional[_Iterable[_Union[SavedSearch, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class DeleteSavedSearchRequest(_message.Message):
    __slots__ = ("name", "owner")
    NAME_FIELD_NUMBER: _ClassVar[int]
    OWNER_FIELD_NUMBER: _ClassVar[int]
    name: str
    owner: str
    def __init__(self, name: _Optional[str] = ..., owner: _Optional[str] = ...) -> None: ...

class DeleteSavedSearchResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...
