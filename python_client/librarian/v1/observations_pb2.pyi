from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Observation(_message.Message):
    __slots__ = ("obsid", "start_time_jd", "stop_time_jd", "start_lst_hr", "session_id", "file_count", "total_bytes")
    OBSID_FIELD_NUMBER: _ClassVar[int]
    START_TIME_JD_FIELD_NUMBER: _ClassVar[int]
    STOP_TIME_JD_FIELD_NUMBER: _ClassVar[int]
    START_LST_HR_FIELD_NUMBER: _ClassVar[int]
    SESSION_ID_FIELD_NUMBER: _ClassVar[int]
    FILE_COUNT_FIELD_NUMBER: _ClassVar[int]
    TOTAL_BYTES_FIELD_NUMBER: _ClassVar[int]
    obsid: int
    start_time_jd: float
    stop_time_jd: float
    start_lst_hr: float
    session_id: int
    file_count: int
    total_bytes: int
    def __init__(self, obsid: _Optional[int] = ..., start_time_jd: _Optional[float] = ..., stop_time_jd: _Optional[float] = ..., start_lst_hr: _Optional[float] = ..., session_id: _Optional[int] = ..., file_count: _Optional[int] = ..., total_bytes: _Optional[int] = ...) -> None: ...

class ObservingSession(_message.Message):
    __slots__ = ("id", "start_time_jd", "stop_time_jd", "observation_count", "file_count", "total_bytes")
    ID_FIELD_NUMBER: _ClassVar[int]
    START_TIME_JD_FIELD_NUMBER: _ClassVar[int]
    STOP_TIME_JD_FIELD_NUMBER: _ClassVar[int]
    OBSERVATION_COUNT_FIELD_NUMBER: _ClassVar[int]
    FILE_COUNT_FIELD_NUMBER: _ClassVar[int]
    TOTAL_BYTES_FIELD_NUMBER: _ClassVar[int]
    id: int
    start_time_jd: float
    stop_time_jd: float
    observation_count: int
    file_count: int
    total_bytes: int
    def __init__(self, id: _Optional[int] = ..., start_time_jd: _Optional[float] = ..., stop_time_jd: _Optional[float] = ..., observation_count: _Optional[int] = ..., file_count: _Optional[int] = ..., total_bytes: _Optional[int] = ...) -> None: ...

class GetObservationRequest(_message.Message):
    __slots__ = ("obsid",)
    OBSID_FIELD_NUMBER: _ClassVar[int]
    obsid: int
    def __init__(self, obsid: _Optional[int] = ...) -> None: ...

class CountFileTypesRequest(_message.Message):
    __slots__ = ("obsid", "session_id")
    OBSID_FIELD_NUMBER: _ClassVar[int]
    SESSION_ID_FIELD_NUMBER: _ClassVar[int]
    obsid: int
    session_id: int
    def __init__(self, obsid: _Optional[int] = ..., session_id: _Optional[int] = ...) -> None: ...

class CountFileTypesResponse(_message.Message):
    __slots__ = ("counts", "session")
    COUNTS_FIELD_NUMBER: _ClassVar[int]
    SESSION_FIELD_NUMBER: _ClassVar[int]
    counts: _containers.RepeatedCompositeFieldContainer[FileTypeCount]
    session: ObservingSession
    def __init__(self, counts: _Optional[_Iterable[_Union[FileTypeCount, _Mapping]]] = ..., session: _Optional[_Union[ObservingSession, _Mapping]] = ...) -> None: ...

class FileTypeCount(_message.Message):
    __slots__ = ("type", "file_count", "total_bytes")
    TYPE_FIELD_NUMBER: _ClassVar[int]
    FILE_COUNT_FIELD_NUMBER: _ClassVar[int]
    TOTAL_BYTES_FIELD_NUMBER: _ClassVar[int]
    type: str
    file_count: int
    total_bytes: int
    def __init__(self, type: _Optional[str] = ..., file_count: _Optional[int] = ..., total_bytes: _Optional[int] = ...) -> None: ...

class AssignSessionsRequest(_message.Message):
    __slots__ = ("min_start_time_jd", "max_start_time_jd")
    MIN_START_TIME_JD_FIELD_NUMBER: _ClassVar[int]
    MAX_START_TIME_JD_FIELD_NUMBER: _ClassVar[int]
    min_start_time_jd: float
    max_start_time_jd: float
    def __init__(self, min_start_time_jd: _Optional[float] = ..., max_start_time_jd: _Optional[float] = ...) -> None: ...

class AssignSessionsResponse(_message.Message):
    __slots__ = ("new_sessions", "joined_count")
    NEW_SESSIONS_FIELD_NUMBER: _ClassVar[int]
    JOINED_COUNT_FIELD_NUMBER: _ClassVar[int]
    new_sessions: _containers.RepeatedCompositeFieldContainer[ObservingSession]
    joined_count: int
    def __init__(self, new_sessions: _Optional[_Iterable[_Union[ObservingSession, _Mapping]]] = ..., joined_count: _Optional[int] = ...) -> None: ...
