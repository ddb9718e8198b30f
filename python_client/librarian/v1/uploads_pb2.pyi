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

class Upload(_message.Message):
    __slots__ = ("id", "file_name", "parent_dirs", "size_bytes", "store_name", "state", "error", "expire_time")
    class State(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        STATE_UNSPECIFIED: _ClassVar[Upload.State]
        RECEIVING: _ClassVar[Upload.State]
        VERIFIED: _ClassVar[Upload.State]
        DONE: _ClassVar[Upload.State]
        CANCELLED: _ClassVar[Upload.State]
        FAILED: _ClassVar[Upload.State]
    STATE_UNSPECIFIED: Upload.State
    RECEIVING: Upload.State
    VERIFIED: Upload.State
    DONE: Upload.State
    CANCELLED: Upload.State
    FAILED: Upload.State
    ID_FIELD_NUMBER: _ClassVar[int]
    FILE_NAME_FIELD_NUMBER: _ClassVar[int]
    PARENT_DIRS_FIELD_NUMBER: _ClassVar[int]
    SIZE_BYTES_FIELD_NUMBER: _ClassVar[int]
    STORE_NAME_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    EXPIRE_TIME_FIELD_NUMBER: _ClassVar[int]
    id: str
    file_name: str
    parent_dirs: str
    size_bytes: int
    store_name: str
    state: Upload.State
    error: str
    expire_time: _timestamp_pb2.Timestamp
    def __init__(self, id: _Optional[str] = ..., file_name: _Optional[str] = ..., parent_dirs: _Optional[str] = ..., size_bytes: _Optional[int] = ..., store_name: _Optional[str] = ..., state: _Optional[_Union[Upload.State, str]] = ..., error: _Optional[str] = ..., expire_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class WayIn(_message.Message):
    __slots__ = ("staging_path", "agent_address", "agent_tls", "ticket")
    STAGING_PATH_FIELD_NUMBER: _ClassVar[int]
    AGENT_ADDRESS_FIELD_NUMBER: _ClassVar[int]
    AGENT_TLS_FIELD_NUMBER: _ClassVar[int]
    TICKET_FIELD_NUMBER: _ClassVar[int]
    staging_path: str
    agent_address: str
    agent_tls: bool
    ticket: str
    def __init__(self, staging_path: _Optional[str] = ..., agent_address: _Optional[str] = ..., agent_tls: bool = ..., ticket: _Optional[str] = ...) -> None: ...

class NewUpload(_message.Message):
    __slots__ = ("file_name", "parent_dirs", "size_bytes", "request_id", "checksum", "null_obsid", "observation", "store_name", "deletion_allowed", "metadata")
    class MetadataEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: _files_pb2.MetadataValue
        def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[_files_pb2.MetadataValue, _Mapping]] = ...) -> None: ...
    FILE_NAME_FIELD_NUMBER: _ClassVar[int]
    PARENT_DIRS_FIELD_NUMBER: _ClassVar[int]
    SIZE_BYTES_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    CHECKSUM_FIELD_NUMBER: _ClassVar[int]
    NULL_OBSID_FIELD_NUMBER: _ClassVar[int]
    OBSERVATION_FIELD_NUMBER: _ClassVar[int]
    STORE_NAME_FIELD_NUMBER: _ClassVar[int]
    DELETION_ALLOWED_FIELD_NUMBER: _ClassVar[int]
    METADATA_FIELD_NUMBER: _ClassVar[int]
    file_name: str
    parent_dirs: str
    size_bytes: int
    request_id: str
    checksum: str
    null_obsid: bool
    observation: _observations_pb2.Observation
    store_name: str
    deletion_allowed: bool
    metadata: _containers.MessageMap[str, _files_pb2.MetadataValue]
    def __init__(self, file_name: _Optional[str] = ..., parent_dirs: _Optional[str] = ..., size_bytes: _Optional[int] = ..., request_id: _Optional[str] = ..., checksum: _Optional[str] = ..., null_obsid: bool = ..., observation: _Optional[_Union[_observations_pb2.Observation, _Mapping]] = ..., store_name: _Optional[str] = ..., deletion_allowed: bool = ..., metadata: _Optional[_Mapping[str, _files_pb2.MetadataValue]] = ...) -> None: ...

class StartUploadsRequest(_message.Message):
    __slots__ = ("uploads",)
    UPLOADS_FIELD_NUMBER: _ClassVar[int]
    uploads: _containers.RepeatedCompositeFieldContainer[NewUpload]
    def __init__(self, uploads: _Optional[_Iterable[_Union[NewUpload, _Mapping]]] = ...) -> None: ...

class StartUploadsResponse(_message.Message):
    __slots__ = ("uploads",)
    UPLOADS_FIELD_NUMBER: _ClassVar[int]
    uploads: _containers.RepeatedCompositeFieldContainer[StartedUpload]
    def __init__(self, uploads: _Optional[_Iterable[_Union[StartedUpload, _Mapping]]] = ...) -> None: ...

class StartedUpload(_message.Message):
    __slots__ = ("upload", "way_in", "file", "failure")
    UPLOAD_FIELD_NUMBER: _ClassVar[int]
    WAY_IN_FIELD_NUMBER: _ClassVar[int]
    FILE_FIELD_NUMBER: _ClassVar[int]
    FAILURE_FIELD_NUMBER: _ClassVar[int]
    upload: Upload
    way_in: WayIn
    file: _files_pb2.File
    failure: Failure
    def __init__(self, upload: _Optional[_Union[Upload, _Mapping]] = ..., way_in: _Optional[_Union[WayIn, _Mapping]] = ..., file: _Optional[_Union[_files_pb2.File, _Mapping]] = ..., failure: _Optional[_Union[Failure, _Mapping]] = ...) -> None: ...

class Failure(_message.Message):
    __slots__ = ("reason", "message")
    REASON_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    reason: str
    message: str
    def __init__(self, reason: _Optional[str] = ..., message: _Optional[str] = ...) -> None: ...

class CompleteUploadsRequest(_message.Message):
    __slots__ = ("uploads",)
    UPLOADS_FIELD_NUMBER: _ClassVar[int]
    uploads: _containers.RepeatedCompositeFieldContainer[CompleteUpload]
    def __init__(self, uploads: _Optional[_Iterable[_Union[CompleteUpload, _Mapping]]] = ...) -> None: ...

class CompleteUpload(_message.Message):
    __slots__ = ("id", "checksum")
    ID_FIELD_NUMBER: _ClassVar[int]
    CHECKSUM_FIELD_NUMBER: _ClassVar[int]
    id: str
    checksum: str
    def __init__(self, id: _Optional[str] = ..., checksum: _Optional[str] = ...) -> None: ...

class CompleteUploadsResponse(_message.Message):
    __slots__ = ("uploads",)
    UPLOADS_FIELD_NUMBER: _ClassVar[int]
    uploads: _containers.RepeatedCompositeFieldContainer[CompletedUpload]
    def __init__(self, uploads: _Optional[_Iterable[_Union[CompletedUpload, _Mapping]]] = ...) -> None: ...

class CompletedUpload(_message.Message):
    __slots__ = ("file", "failure")
    FILE_FIELD_NUMBER: _ClassVar[int]
    FAILURE_FIELD_NUMBER: _ClassVar[int]
    file: _files_pb2.File
    failure: Failure
    def __init__(self, file: _Optional[_Union[_files_pb2.File, _Mapping]] = ..., failure: _Optional[_Union[Failure, _Mapping]] = ...) -> None: ...

class GetUploadRequest(_message.Message):
    __slots__ = ("id",)
    ID_FIELD_NUMBER: _ClassVar[int]
    id: str
    def __init__(self, id: _Optional[str] = ...) -> None: ...

class RenewUploadsRequest(_message.Message):
    __slots__ = ("ids",)
    IDS_FIELD_NUMBER: _ClassVar[int]
    ids: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, ids: _Optional[_Iterable[str]] = ...) -> None: ...

class RenewUploadsResponse(_message.Message):
    __slots__ = ("renewed_count",)
    RENEWED_COUNT_FIELD_NUMBER: _ClassVar[int]
    renewed_count: int
    def __init__(self, renewed_count: _Optional[int] = ...) -> None: ...

class CancelUploadRequest(_message.Message):
    __slots__ = ("id",)
    ID_FIELD_NUMBER: _ClassVar[int]
    id: str
    def __init__(self, id: _Optional[str] = ...) -> None: ...
