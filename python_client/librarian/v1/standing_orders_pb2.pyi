import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class StandingOrder(_message.Message):
    __slots__ = ("name", "librarian_name", "search", "priority", "hours", "timezone", "bandwidth_bytes_per_second", "enabled", "owner", "create_time", "sent_count", "sent_bytes", "back_filling", "error")
    NAME_FIELD_NUMBER: _ClassVar[int]
    LIBRARIAN_NAME_FIELD_NUMBER: _ClassVar[int]
    SEARCH_FIELD_NUMBER: _ClassVar[int]
    PRIORITY_FIELD_NUMBER: _ClassVar[int]
    HOURS_FIELD_NUMBER: _ClassVar[int]
    TIMEZONE_FIELD_NUMBER: _ClassVar[int]
    BANDWIDTH_BYTES_PER_SECOND_FIELD_NUMBER: _ClassVar[int]
    ENABLED_FIELD_NUMBER: _ClassVar[int]
    OWNER_FIELD_NUMBER: _ClassVar[int]
    CREATE_TIME_FIELD_NUMBER: _ClassVar[int]
    SENT_COUNT_FIELD_NUMBER: _ClassVar[int]
    SENT_BYTES_FIELD_NUMBER: _ClassVar[int]
    BACK_FILLING_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    name: str
    librarian_name: str
    search: str
    priority: int
    hours: str
    timezone: str
    bandwidth_bytes_per_second: int
    enabled: bool
    owner: str
    create_time: _timestamp_pb2.Timestamp
    sent_count: int
    sent_bytes: int
    back_filling: bool
    error: str
    def __init__(self, name: _Optional[str] = ..., librarian_name: _Optional[str] = ..., search: _Optional[str] = ..., priority: _Optional[int] = ..., hours: _Optional[str] = ..., timezone: _Optional[str] = ..., bandwidth_bytes_per_second: _Optional[int] = ..., enabled: bool = ..., owner: _Optional[str] = ..., create_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., sent_count: _Optional[int] = ..., sent_bytes: _Optional[int] = ..., back_filling: bool = ..., error: _Optional[str] = ...) -> None: ...

class CreateStandingOrderRequest(_message.Message):
    __slots__ = ("order",)
    ORDER_FIELD_NUMBER: _ClassVar[int]
    order: StandingOrder
    def __init__(self, order: _Optional[_Union[StandingOrder, _Mapping]] = ...) -> None: ...

class GetStandingOrderRequest(_message.Message):
    __slots__ = ("name",)
    NAME_FIELD_NUMBER: _ClassVar[int]
    name: str
    def __init__(self, name: _Optional[str] = ...) -> None: ...

class ListStandingOrdersRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class ListStandingOrdersResponse(_message.Message):
    __slots__ = ("orders",)
    ORDERS_FIELD_NUMBER: _ClassVar[int]
    orders: _containers.RepeatedCompositeFieldContainer[StandingOrder]
    def __init__(self, orders: _Optional[_Iterable[_Union[StandingOrder, _Mapping]]] = ...) -> None: ...

class UpdateStandingOrderRequest(_message.Message):
    __slots__ = ("name", "search", "priority", "hours", "timezone", "bandwidth_bytes_per_second", "enabled")
    NAME_FIELD_NUMBER: _ClassVar[int]
    SEARCH_FIELD_NUMBER: _ClassVar[int]
    PRIORITY_FIELD_NUMBER: _ClassVar[int]
    HOURS_FIELD_NUMBER: _ClassVar[int]
    TIMEZONE_FIELD_NUMBER: _ClassVar[int]
    BANDWIDTH_BYTES_PER_SECOND_FIELD_NUMBER: _ClassVar[int]
    ENABLED_FIELD_NUMBER: _ClassVar[int]
    name: str
    search: str
    priority: int
    hours: str
    timezone: str
    bandwidth_bytes_per_second: int
    enabled: bool
    def __init__(self, name: _Optional[str] = ..., search: _Optional[str] = ..., priority: _Optional[int] = ..., hours: _Optional[str] = ..., timezone: _Optional[str] = ..., bandwidth_bytes_per_second: _Optional[int] = ..., enabled: bool = ...) -> None: ...

class DeleteStandingOrderRequest(_message.Message):
    __slots__ = ("name",)
    NAME_FIELD_NUMBER: _ClassVar[int]
    name: str
    def __init__(self, name: _Optional[str] = ...) -> None: ...

class DeleteStandingOrderResponse(_message.Message):
    __slots__ = ("cancelled_count",)
    CANCELLED_COUNT_FIELD_NUMBER: _ClassVar[int]
    cancelled_count: int
    def __init__(self, cancelled_count: _Optional[int] = ...) -> None: ...

class PreviewStandingOrderRequest(_message.Message):
    __slots__ = ("name", "librarian_name", "search", "bandwidth_bytes_per_second")
    NAME_FIELD_NUMBER: _ClassVar[int]
    LIBRARIAN_NAME_FIELD_NUMBER: _ClassVar[int]
    SEARCH_FIELD_NUMBER: _ClassVar[int]
    BANDWIDTH_BYTES_PER_SECOND_FIELD_NUMBER: _ClassVar[int]
    name: str
    librarian_name: str
    search: str
    bandwidth_bytes_per_second: int
    def __init__(self, name: _Optional[str] = ..., librarian_name: _Optional[str] = ..., search: _Optional[str] = ..., bandwidth_bytes_per_second: _Optional[int] = ...) -> None: ...

class PreviewStandingOrderResponse(_message.Message):
    __slots__ = ("file_count", "total_bytes", "there_count", "without_instance_count", "seconds", "bytes_per_second", "examples", "ended_count")
    FILE_COUNT_FIELD_NUMBER: _ClassVar[int]
    TOTAL_BYTES_FIELD_NUMBER: _ClassVar[int]
    THERE_COUNT_FIELD_NUMBER: _ClassVar[int]
    WITHOUT_INSTANCE_COUNT_FIELD_NUMBER: _ClassVar[int]
    SECONDS_FIELD_NUMBER: _ClassVar[int]
    BYTES_PER_SECOND_FIELD_NUMBER: _ClassVar[int]
    EXAMPLES_FIELD_NUMBER: _ClassVar[int]
    ENDED_COUNT_FIELD_NUMBER: _ClassVar[int]
    file_count: int
    total_bytes: int
    there_count: int
    without_instance_count: int
    seconds: float
    bytes_per_second: float
    examples: _containers.RepeatedScalarFieldContainer[str]
    ended_count: int
    def __init__(self, file_count: _Optional[int] = ..., total_bytes: _Optional[int] = ..., there_count: _Optional[int] = ..., without_instance_count: _Optional[int] = ..., seconds: _Optional[float] = ..., bytes_per_second: _Optional[float] = ..., examples: _Optional[_Iterable[str]] = ..., ended_count: _Optional[int] = ...) -> None: ...
