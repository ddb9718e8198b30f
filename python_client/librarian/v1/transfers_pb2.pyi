import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Transfer(_message.Message):
    __slots__ = ("id", "file_name", "librarian_name", "state", "order_name", "owner", "size_bytes", "priority", "attempts", "error", "fault", "create_time", "update_time", "next_try_time", "start_time", "end_time", "store_name", "batch_id", "way", "batch_bytes_done", "batch_bytes_total", "batch_seconds_left")
    class State(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        STATE_UNSPECIFIED: _ClassVar[Transfer.State]
        QUEUED: _ClassVar[Transfer.State]
        OFFERED: _ClassVar[Transfer.State]
        SENDING: _ClassVar[Transfer.State]
        SENT: _ClassVar[Transfer.State]
        CONFIRMED: _ClassVar[Transfer.State]
        FAILED: _ClassVar[Transfer.State]
        CANCELLED: _ClassVar[Transfer.State]
        DECLINED: _ClassVar[Transfer.State]
    STATE_UNSPECIFIED: Transfer.State
    QUEUED: Transfer.State
    OFFERED: Transfer.State
    SENDING: Transfer.State
    SENT: Transfer.State
    CONFIRMED: Transfer.State
    FAILED: Transfer.State
    CANCELLED: Transfer.State
    DECLINED: Transfer.State
    class Fault(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        FAULT_UNSPECIFIED: _ClassVar[Transfer.Fault]
        SOURCE: _ClassVar[Transfer.Fault]
        LINK: _ClassVar[Transfer.Fault]
        DESTINATION: _ClassVar[Transfer.Fault]
        FILE: _ClassVar[Transfer.Fault]
    FAULT_UNSPECIFIED: Transfer.Fault
    SOURCE: Transfer.Fault
    LINK: Transfer.Fault
    DESTINATION: Transfer.Fault
    FILE: Transfer.Fault
    ID_FIELD_NUMBER: _ClassVar[int]
    FILE_NAME_FIELD_NUMBER: _ClassVar[int]
    LIBRARIAN_NAME_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    ORDER_NAME_FIELD_NUMBER: _ClassVar[int]
    OWNER_FIELD_NUMBER: _ClassVar[int]
    SIZE_BYTES_FIELD_NUMBER: _ClassVar[int]
    PRIORITY_FIELD_NUMBER: _ClassVar[int]
    ATTEMPTS_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    FAULT_FIELD_NUMBER: _ClassVar[int]
    CREATE_TIME_FIELD_NUMBER: _ClassVar[int]
    UPDATE_TIME_FIELD_NUMBER: _ClassVar[int]
    NEXT_TRY_TIME_FIELD_NUMBER: _ClassVar[int]
    START_TIME_FIELD_NUMBER: _ClassVar[int]
    END_TIME_FIELD_NUMBER: _ClassVar[int]
    STORE_NAME_FIELD_NUMBER: _ClassVar[int]
    BATCH_ID_FIELD_NUMBER: _ClassVar[int]
    WAY_FIELD_NUMBER: _ClassVar[int]
    BATCH_BYTES_DONE_FIELD_NUMBER: _ClassVar[int]
    BATCH_BYTES_TOTAL_FIELD_NUMBER: _ClassVar[int]
    BATCH_SECONDS_LEFT_FIELD_NUMBER: _ClassVar[int]
    id: int
    file_name: str
    librarian_name: str
    state: Transfer.State
    order_name: str
    owner: str
    size_bytes: int
    priority: int
    attempts: int
    error: str
    fault: Transfer.Fault
    create_time: _timestamp_pb2.Timestamp
    update_time: _timestamp_pb2.Timestamp
    next_try_time: _timestamp_pb2.Timestamp
    start_time: _timestamp_pb2.Timestamp
    end_time: _timestamp_pb2.Timestamp
    store_name: str
    batch_id: str
    way: str
    batch_bytes_done: int
    batch_bytes_total: int
    batch_seconds_left: float
    def __init__(self, id: _Optional[int] = ..., file_name: _Optional[str] = ..., librarian_name: _Optional[str] = ..., state: _Optional[_Union[Transfer.State, str]] = ..., order_name: _Optional[str] = ..., owner: _Optional[str] = ..., size_bytes: _Optional[int] = ..., priority: _Optional[int] = ..., attempts: _Optional[int] = ..., error: _Optional[str] = ..., fault: _Optional[_Union[Transfer.Fault, str]] = ..., create_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., update_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., next_try_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., start_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., end_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., store_name: _Optional[str] = ..., batch_id: _Optional[str] = ..., way: _Optional[str] = ..., batch_bytes_done: _Optional[int] = ..., batch_bytes_total: _Optional[int] = ..., batch_seconds_left: _Optional[float] = ...) -> None: ...

class QueueTransfersRequest(_message.Message):
    __slots__ = ("librarian_name", "search", "priority")
    LIBRARIAN_NAME_FIELD_NUMBER: _ClassVar[int]
    SEARCH_FIELD_NUMBER: _ClassVar[int]
    PRIORITY_FIELD_NUMBER: _ClassVar[int]
    librarian_name: str
    search: str
    priority: int
    def __init__(self, librarian_name: _Optional[str] = ..., search: _Optional[str] = ..., priority: _Optional[int] = ...) -> None: ...

class QueueTransfersResponse(_message.Message):
    __slots__ = ("queued_count", "queued_bytes", "there_count", "active_count", "without_instance_count", "done", "first_id", "last_id", "owner")
    QUEUED_COUNT_FIELD_NUMBER: _ClassVar[int]
    QUEUED_BYTES_FIELD_NUMBER: _ClassVar[int]
    THERE_COUNT_FIELD_NUMBER: _ClassVar[int]
    ACTIVE_COUNT_FIELD_NUMBER: _ClassVar[int]
    WITHOUT_INSTANCE_COUNT_FIELD_NUMBER: _ClassVar[int]
    DONE_FIELD_NUMBER: _ClassVar[int]
    FIRST_ID_FIELD_NUMBER: _ClassVar[int]
    LAST_ID_FIELD_NUMBER: _ClassVar[int]
    OWNER_FIELD_NUMBER: _ClassVar[int]
    queued_count: int
    queued_bytes: int
    there_count: int
    active_count: int
    without_instance_count: int
    done: bool
    first_id: int
    last_id: int
    owner: str
    def __init__(self, queued_count: _Optional[int] = ..., queued_bytes: _Optional[int] = ..., there_count: _Optional[int] = ..., active_count: _Optional[int] = ..., without_instance_count: _Optional[int] = ..., done: bool = ..., first_id: _Optional[int] = ..., last_id: _Optional[int] = ..., owner: _Optional[str] = ...) -> None: ...

class GetTransferRequest(_message.Message):
    __slots__ = ("id",)
    ID_FIELD_NUMBER: _ClassVar[int]
    id: int
    def __init__(self, id: _Optional[int] = ...) -> None: ...

class ListTransfersRequest(_message.Message):
    __slots__ = ("librarian_name", "order_name", "file_name", "states", "page_size", "page_token", "last_id")
    LIBRARIAN_NAME_FIELD_NUMBER: _ClassVar[int]
    ORDER_NAME_FIELD_NUMBER: _ClassVar[int]
    FILE_NAME_FIELD_NUMBER: _ClassVar[int]
    STATES_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    LAST_ID_FIELD_NUMBER: _ClassVar[int]
    librarian_name: str
    order_name: str
    file_name: str
    states: _containers.RepeatedScalarFieldContainer[Transfer.State]
    page_size: int
    page_token: str
    last_id: int
    def __init__(self, librarian_name: _Optional[str] = ..., order_name: _Optional[str] = ..., file_name: _Optional[str] = ..., states: _Optional[_Iterable[_Union[Transfer.State, str]]] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ..., last_id: _Optional[int] = ...) -> None: ...

class ListTransfersResponse(_message.Message):
    __slots__ = ("transfers", "next_page_token")
    TRANSFERS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    transfers: _containers.RepeatedCompositeFieldContainer[Transfer]
    next_page_token: str
    def __init__(self, transfers: _Optional[_Iterable[_Union[Transfer, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class CancelTransfersRequest(_message.Message):
    __slots__ = ("ids", "librarian_name", "order_name")
    IDS_FIELD_NUMBER: _ClassVar[int]
    LIBRARIAN_NAME_FIELD_NUMBER: _ClassVar[int]
    ORDER_NAME_FIELD_NUMBER: _ClassVar[int]
    ids: _containers.RepeatedScalarFieldContainer[int]
    librarian_name: str
    order_name: str
    def __init__(self, ids: _Optional[_Iterable[int]] = ..., librarian_name: _Optional[str] = ..., order_name: _Optional[str] = ...) -> None: ...

class CancelTransfersResponse(_message.Message):
    __slots__ = ("cancelled_count", "ended_count")
    CANCELLED_COUNT_FIELD_NUMBER: _ClassVar[int]
    ENDED_COUNT_FIELD_NUMBER: _ClassVar[int]
    cancelled_count: int
    ended_count: int
    def __init__(self, cancelled_count: _Optional[int] = ..., ended_count: _Optional[int] = ...) -> None: ...

class RetryTransfersRequest(_message.Message):
    __slots__ = ("ids", "librarian_name", "order_name")
    IDS_FIELD_NUMBER: _ClassVar[int]
    LIBRARIAN_NAME_FIELD_NUMBER: _ClassVar[int]
    ORDER_NAME_FIELD_NUMBER: _ClassVar[int]
    ids: _containers.RepeatedScalarFieldContainer[int]
    librarian_name: str
    order_name: str
    def __init__(self, ids: _Optional[_Iterable[int]] = ..., librarian_name: _Optional[str] = ..., order_name: _Optional[str] = ...) -> None: ...

class RetryTransfersResponse(_message.Message):
    __slots__ = ("queued_count", "left_count")
    QUEUED_COUNT_FIELD_NUMBER: _ClassVar[int]
    LEFT_COUNT_FIELD_NUMBER: _ClassVar[int]
    queued_count: int
    left_count: int
    def __init__(self, queued_count: _Optional[int] = ..., left_count: _Optional[int] = ...) -> None: ...

class ConfirmTransfersRequest(_message.Message):
    __slots__ = ("transfers",)
    TRANSFERS_FIELD_NUMBER: _ClassVar[int]
    transfers: _containers.RepeatedCompositeFieldContainer[ArrivedTransfer]
    def __init__(self, transfers: _Optional[_Iterable[_Union[ArrivedTransfer, _Mapping]]] = ...) -> None: ...

class ArrivedTransfer(_message.Message):
    __slots__ = ("transfer_id", "file_name", "checksum")
    TRANSFER_ID_FIELD_NUMBER: _ClassVar[int]
    FILE_NAME_FIELD_NUMBER: _ClassVar[int]
    CHECKSUM_FIELD_NUMBER: _ClassVar[int]
    transfer_id: int
    file_name: str
    checksum: str
    def __init__(self, transfer_id: _Optional[int] = ..., file_name: _Optional[str] = ..., checksum: _Optional[str] = ...) -> None: ...

class ConfirmTransfersResponse(_message.Message):
    __slots__ = ("confirmed",)
    CONFIRMED_FIELD_NUMBER: _ClassVar[int]
    confirmed: _containers.RepeatedScalarFieldContainer[bool]
    def __init__(self, confirmed: _Optional[_Iterable[bool]] = ...) -> None: ...

class ExplainFileRequest(_message.Message):
    __slots__ = ("file_name", "librarian_name")
    FILE_NAME_FIELD_NUMBER: _ClassVar[int]
    LIBRARIAN_NAME_FIELD_NUMBER: _ClassVar[int]
    file_name: str
    librarian_name: str
    def __init__(self, file_name: _Optional[str] = ..., librarian_name: _Optional[str] = ...) -> None: ...

class ExplainFileResponse(_message.Message):
    __slots__ = ("here", "there")
    HERE_FIELD_NUMBER: _ClassVar[int]
    THERE_FIELD_NUMBER: _ClassVar[int]
    here: _containers.RepeatedScalarFieldContainer[str]
    there: _containers.RepeatedCompositeFieldContainer[Explanation]
    def __init__(self, here: _Optional[_Iterable[str]] = ..., there: _Optional[_Iterable[_Union[Explanation, _Mapping]]] = ...) -> None: ...

class Explanation(_message.Message):
    __slots__ = ("librarian_name", "present", "sentences", "transfer")
    LIBRARIAN_NAME_FIELD_NUMBER: _ClassVar[int]
    PRESENT_FIELD_NUMBER: _ClassVar[int]
    SENTENCES_FIELD_NUMBER: _ClassVar[int]
    TRANSFER_FIELD_NUMBER: _ClassVar[int]
    librarian_name: str
    present: bool
    sentences: _containers.RepeatedScalarFieldContainer[str]
    transfer: Transfer
    def __init__(self, librarian_name: _Optional[str] = ..., present: bool = ..., sentences: _Optional[_Iterable[str]] = ..., transfer: _Optional[_Union[Transfer, _Mapping]] = ...) -> None: ...
