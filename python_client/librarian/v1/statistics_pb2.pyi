import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class GetTotalsRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class Totals(_message.Message):
    __slots__ = ("file_count", "total_bytes", "instance_count", "suspect_instance_count", "observation_count", "session_count")
    FILE_COUNT_FIELD_NUMBER: _ClassVar[int]
    TOTAL_BYTES_FIELD_NUMBER: _ClassVar[int]
    INSTANCE_COUNT_FIELD_NUMBER: _ClassVar[int]
    SUSPECT_INSTANCE_COUNT_FIELD_NUMBER: _ClassVar[int]
    OBSERVATION_COUNT_FIELD_NUMBER: _ClassVar[int]
    SESSION_COUNT_FIELD_NUMBER: _ClassVar[int]
    file_count: int
    total_bytes: int
    instance_count: int
    suspect_instance_count: int
    observation_count: int
    session_count: int
    def __init__(self, file_count: _Optional[int] = ..., total_bytes: _Optional[int] = ..., instance_count: _Optional[int] = ..., suspect_instance_count: _Optional[int] = ..., observation_count: _Optional[int] = ..., session_count: _Optional[int] = ...) -> None: ...

class ListArrivalsRequest(_message.Message):
    __slots__ = ("min_day", "max_day")
    MIN_DAY_FIELD_NUMBER: _ClassVar[int]
    MAX_DAY_FIELD_NUMBER: _ClassVar[int]
    min_day: str
    max_day: str
    def __init__(self, min_day: _Optional[str] = ..., max_day: _Optional[str] = ...) -> None: ...

class ListArrivalsResponse(_message.Message):
    __slots__ = ("days", "file_count_before", "total_bytes_before")
    DAYS_FIELD_NUMBER: _ClassVar[int]
    FILE_COUNT_BEFORE_FIELD_NUMBER: _ClassVar[int]
    TOTAL_BYTES_BEFORE_FIELD_NUMBER: _ClassVar[int]
    days: _containers.RepeatedCompositeFieldContainer[DayOfArrivals]
    file_count_before: int
    total_bytes_before: int
    def __init__(self, days: _Optional[_Iterable[_Union[DayOfArrivals, _Mapping]]] = ..., file_count_before: _Optional[int] = ..., total_bytes_before: _Optional[int] = ...) -> None: ...

class DayOfArrivals(_message.Message):
    __slots__ = ("day", "file_count", "total_bytes")
    DAY_FIELD_NUMBER: _ClassVar[int]
    FILE_COUNT_FIELD_NUMBER: _ClassVar[int]
    TOTAL_BYTES_FIELD_NUMBER: _ClassVar[int]
    day: str
    file_count: int
    total_bytes: int
    def __init__(self, day: _Optional[str] = ..., file_count: _Optional[int] = ..., total_bytes: _Optional[int] = ...) -> None: ...

class GetCoverageRequest(_message.Message):
    __slots__ = ("min_night_jd", "max_night_jd", "max_columns", "lst_bins")
    MIN_NIGHT_JD_FIELD_NUMBER: _ClassVar[int]
    MAX_NIGHT_JD_FIELD_NUMBER: _ClassVar[int]
    MAX_COLUMNS_FIELD_NUMBER: _ClassVar[int]
    LST_BINS_FIELD_NUMBER: _ClassVar[int]
    min_night_jd: int
    max_night_jd: int
    max_columns: int
    lst_bins: int
    def __init__(self, min_night_jd: _Optional[int] = ..., max_night_jd: _Optional[int] = ..., max_columns: _Optional[int] = ..., lst_bins: _Optional[int] = ...) -> None: ...

class Coverage(_message.Message):
    __slots__ = ("min_night_jd", "max_night_jd", "nights_per_column", "lst_bins", "cells", "first_night_jd", "last_night_jd")
    MIN_NIGHT_JD_FIELD_NUMBER: _ClassVar[int]
    MAX_NIGHT_JD_FIELD_NUMBER: _ClassVar[int]
    NIGHTS_PER_COLUMN_FIELD_NUMBER: _ClassVar[int]
    LST_BINS_FIELD_NUMBER: _ClassVar[int]
    CELLS_FIELD_NUMBER: _ClassVar[int]
    FIRST_NIGHT_JD_FIELD_NUMBER: _ClassVar[int]
    LAST_NIGHT_JD_FIELD_NUMBER: _ClassVar[int]
    min_night_jd: int
    max_night_jd: int
    nights_per_column: int
    lst_bins: int
    cells: _containers.RepeatedCompositeFieldContainer[CoverageCell]
    first_night_jd: int
    last_night_jd: int
    def __init__(self, min_night_jd: _Optional[int] = ..., max_night_jd: _Optional[int] = ..., nights_per_column: _Optional[int] = ..., lst_bins: _Optional[int] = ..., cells: _Optional[_Iterable[_Union[CoverageCell, _Mapping]]] = ..., first_night_jd: _Optional[int] = ..., last_night_jd: _Optional[int] = ...) -> None: ...

class CoverageCell(_message.Message):
    __slots__ = ("column", "lst_bin", "file_count", "total_bytes", "observation_count")
    COLUMN_FIELD_NUMBER: _ClassVar[int]
    LST_BIN_FIELD_NUMBER: _ClassVar[int]
    FILE_COUNT_FIELD_NUMBER: _ClassVar[int]
    TOTAL_BYTES_FIELD_NUMBER: _ClassVar[int]
    OBSERVATION_COUNT_FIELD_NUMBER: _ClassVar[int]
    column: int
    lst_bin: int
    file_count: int
    total_bytes: int
    observation_count: int
    def __init__(self, column: _Optional[int] = ..., lst_bin: _Optional[int] = ..., file_count: _Optional[int] = ..., total_bytes: _Optional[int] = ..., observation_count: _Optional[int] = ...) -> None: ...

class ListStoreUsageRequest(_message.Message):
    __slots__ = ("store_name", "days")
    STORE_NAME_FIELD_NUMBER: _ClassVar[int]
    DAYS_FIELD_NUMBER: _ClassVar[int]
    store_name: str
    days: int
    def __init__(self, store_name: _Optional[str] = ..., days: _Optional[int] = ...) -> None: ...

class ListStoreUsageResponse(_message.Message):
    __slots__ = ("samples",)
    SAMPLES_FIELD_NUMBER: _ClassVar[int]
    samples: _containers.RepeatedCompositeFieldContainer[StoreUsage]
    def __init__(self, samples: _Optional[_Iterable[_Union[StoreUsage, _Mapping]]] = ...) -> None: ...

class StoreUsage(_message.Message):
    __slots__ = ("time", "capacity_bytes", "free_bytes", "instance_count")
    TIME_FIELD_NUMBER: _ClassVar[int]
    CAPACITY_BYTES_FIELD_NUMBER: _ClassVar[int]
    FREE_BYTES_FIELD_NUMBER: _ClassVar[int]
    INSTANCE_COUNT_FIELD_NUMBER: _ClassVar[int]
    time: _timestamp_pb2.Timestamp
    capacity_bytes: int
    free_bytes: int
    instance_count: int
    def __init__(self, time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., capacity_bytes: _Optional[int] = ..., free_bytes: _Optional[int] = ..., instance_count: _Optional[int] = ...) -> None: ...

class ListThroughputRequest(_message.Message):
    __slots__ = ("librarian_name", "hours")
    LIBRARIAN_NAME_FIELD_NUMBER: _ClassVar[int]
    HOURS_FIELD_NUMBER: _ClassVar[int]
    librarian_name: str
    hours: int
    def __init__(self, librarian_name: _Optional[str] = ..., hours: _Optional[int] = ...) -> None: ...

class ListThroughputResponse(_message.Message):
    __slots__ = ("samples",)
    SAMPLES_FIELD_NUMBER: _ClassVar[int]
    samples: _containers.RepeatedCompositeFieldContainer[Throughput]
    def __init__(self, samples: _Optional[_Iterable[_Union[Throughput, _Mapping]]] = ...) -> None: ...

class Throughput(_message.Message):
    __slots__ = ("librarian_name", "time", "file_count", "total_bytes", "failures")
    class FailuresEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: int
        def __init__(self, key: _Optional[str] = ..., value: _Optional[int] = ...) -> None: ...
    LIBRARIAN_NAME_FIELD_NUMBER: _ClassVar[int]
    TIME_FIELD_NUMBER: _ClassVar[int]
    FILE_COUNT_FIELD_NUMBER: _ClassVar[int]
    TOTAL_BYTES_FIELD_NUMBER: _ClassVar[int]
    FAILURES_FIELD_NUMBER: _ClassVar[int]
    librarian_name: str
    time: _timestamp_pb2.Timestamp
    file_count: int
    total_bytes: int
    failures: _containers.ScalarMap[str, int]
    def __init__(self, librarian_name: _Optional[str] = ..., time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., file_count: _Optional[int] = ..., total_bytes: _Optional[int] = ..., failures: _Optional[_Mapping[str, int]] = ...) -> None: ...
