from librarian.v1 import jobs_pb2 as _jobs_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable
from typing import ClassVar as _ClassVar, Optional as _Optional

DESCRIPTOR: _descriptor.FileDescriptor

class StartStagingRequest(_message.Message):
    __slots__ = ("search", "destination", "user", "request_id", "snapshot")
    SEARCH_FIELD_NUMBER: _ClassVar[int]
    DESTINATION_FIELD_NUMBER: _ClassVar[int]
    USER_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    SNAPSHOT_FIELD_NUMBER: _ClassVar[int]
    search: str
    destination: str
    user: str
    request_id: str
    snapshot: int
    def __init__(self, search: _Optional[str] = ..., destination: _Optional[str] = ..., user: _Optional[str] = ..., request_id: _Optional[str] = ..., snapshot: _Optional[int] = ...) -> None: ...

class PreviewStagingRequest(_message.Message):
    __slots__ = ("search", "destination", "snapshot")
    SEARCH_FIELD_NUMBER: _ClassVar[int]
    DESTINATION_FIELD_NUMBER: _ClassVar[int]
    SNAPSHOT_FIELD_NUMBER: _ClassVar[int]
    search: str
    destination: str
    snapshot: int
    def __init__(self, search: _Optional[str] = ..., destination: _Optional[str] = ..., snapshot: _Optional[int] = ...) -> None: ...

class PreviewStagingResponse(_message.Message):
    __slots__ = ("file_count", "total_bytes", "without_instance_count", "destination", "staging_prefixes")
    FILE_COUNT_FIELD_NUMBER: _ClassVar[int]
    TOTAL_BYTES_FIELD_NUMBER: _ClassVar[int]
    WITHOUT_INSTANCE_COUNT_FIELD_NUMBER: _ClassVar[int]
    DESTINATION_FIELD_NUMBER: _ClassVar[int]
    STAGING_PREFIXES_FIELD_NUMBER: _ClassVar[int]
    file_count: int
    total_bytes: int
    without_instance_count: int
    destination: str
    staging_prefixes: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, file_count: _Optional[int] = ..., total_bytes: _Optional[int] = ..., without_instance_count: _Optional[int] = ..., destination: _Optional[str] = ..., staging_prefixes: _Optional[_Iterable[str]] = ...) -> None: ...

class RetryStagingRequest(_message.Message):
    __slots__ = ("job_id",)
    JOB_ID_FIELD_NUMBER: _ClassVar[int]
    job_id: int
    def __init__(self, job_id: _Optional[int] = ...) -> None: ...
