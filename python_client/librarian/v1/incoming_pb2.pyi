from librarian.v1 import files_pb2 as _files_pb2
from librarian.v1 import observations_pb2 as _observations_pb2
from librarian.v1 import uploads_pb2 as _uploads_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class PushWay(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    PUSH_WAY_UNSPECIFIED: _ClassVar[PushWay]
    PUSH_WAY_SHARED: _ClassVar[PushWay]
    PUSH_WAY_RSYNC: _ClassVar[PushWay]
    PUSH_WAY_STREAM: _ClassVar[PushWay]
PUSH_WAY_UNSPECIFIED: PushWay
PUSH_WAY_SHARED: PushWay
PUSH_WAY_RSYNC: PushWay
PUSH_WAY_STREAM: PushWay

class OfferedFile(_message.Message):
    __slots__ = ("transfer_id", "file", "parent_dirs", "observation", "observing_session")
    TRANSFER_ID_FIELD_NUMBER: _ClassVar[int]
    FILE_FIELD_NUMBER: _ClassVar[int]
    PARENT_DIRS_FIELD_NUMBER: _ClassVar[int]
    OBSERVATION_FIELD_NUMBER: _ClassVar[int]
    OBSERVING_SESSION_FIELD_NUMBER: _ClassVar[int]
    transfer_id: int
    file: _files_pb2.File
    parent_dirs: str
    observation: _observations_pb2.Observation
    observing_session: _observations_pb2.ObservingSession
    def __init__(self, transfer_id: _Optional[int] = ..., file: _Optional[_Union[_files_pb2.File, _Mapping]] = ..., parent_dirs: _Optional[str] = ..., observation: _Optional[_Union[_observations_pb2.Observation, _Mapping]] = ..., observing_session: _Optional[_Union[_observations_pb2.ObservingSession, _Mapping]] = ...) -> None: ...

class OfferFilesRequest(_message.Message):
    __slots__ = ("site_id", "site_name", "batch_id", "fence", "files", "ways")
    SITE_ID_FIELD_NUMBER: _ClassVar[int]
    SITE_NAME_FIELD_NUMBER: _ClassVar[int]
    BATCH_ID_FIELD_NUMBER: _ClassVar[int]
    FENCE_FIELD_NUMBER: _ClassVar[int]
    FILES_FIELD_NUMBER: _ClassVar[int]
    WAYS_FIELD_NUMBER: _ClassVar[int]
    site_id: str
    site_name: str
    batch_id: str
    fence: int
    files: _containers.RepeatedCompositeFieldContainer[OfferedFile]
    ways: _containers.RepeatedScalarFieldContainer[PushWay]
    def __init__(self, site_id: _Optional[str] = ..., site_name: _Optional[str] = ..., batch_id: _Optional[str] = ..., fence: _Optional[int] = ..., files: _Optional[_Iterable[_Union[OfferedFile, _Mapping]]] = ..., ways: _Optional[_Iterable[_Union[PushWay, str]]] = ...) -> None: ...

class OfferFilesResponse(_message.Message):
    __slots__ = ("files", "way_in")
    FILES_FIELD_NUMBER: _ClassVar[int]
    WAY_IN_FIELD_NUMBER: _ClassVar[int]
    files: _containers.RepeatedCompositeFieldContainer[OfferAnswer]
    way_in: BatchWayIn
    def __init__(self, files: _Optional[_Iterable[_Union[OfferAnswer, _Mapping]]] = ..., way_in: _Optional[_Union[BatchWayIn, _Mapping]] = ...) -> None: ...

class OfferAnswer(_message.Message):
    __slots__ = ("verdict", "upload_id", "message")
    class Verdict(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        VERDICT_UNSPECIFIED: _ClassVar[OfferAnswer.Verdict]
        ACCEPTED: _ClassVar[OfferAnswer.Verdict]
        HELD: _ClassVar[OfferAnswer.Verdict]
        CONFLICT: _ClassVar[OfferAnswer.Verdict]
        NO_ROOM: _ClassVar[OfferAnswer.Verdict]
        REFUSED: _ClassVar[OfferAnswer.Verdict]
        LATER: _ClassVar[OfferAnswer.Verdict]
        ARRIVED: _ClassVar[OfferAnswer.Verdict]
    VERDICT_UNSPECIFIED: OfferAnswer.Verdict
    ACCEPTED: OfferAnswer.Verdict
    HELD: OfferAnswer.Verdict
    CONFLICT: OfferAnswer.Verdict
    NO_ROOM: OfferAnswer.Verdict
    REFUSED: OfferAnswer.Verdict
    LATER: OfferAnswer.Verdict
    ARRIVED: OfferAnswer.Verdict
    VERDICT_FIELD_NUMBER: _ClassVar[int]
    UPLOAD_ID_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    verdict: OfferAnswer.Verdict
    upload_id: str
    message: str
    def __init__(self, verdict: _Optional[_Union[OfferAnswer.Verdict, str]] = ..., upload_id: _Optional[str] = ..., message: _Optional[str] = ...) -> None: ...

class BatchWayIn(_message.Message):
    __slots__ = ("store_name", "agent_address", "agent_tls", "ticket", "staging_path", "ssh_host", "ssh_port", "ssh_user", "rsync_path", "ways")
    STORE_NAME_FIELD_NUMBER: _ClassVar[int]
    AGENT_ADDRESS_FIELD_NUMBER: _ClassVar[int]
    AGENT_TLS_FIELD_NUMBER: _ClassVar[int]
    TICKET_FIELD_NUMBER: _ClassVar[int]
    STAGING_PATH_FIELD_NUMBER: _ClassVar[int]
    SSH_HOST_FIELD_NUMBER: _ClassVar[int]
    SSH_PORT_FIELD_NUMBER: _ClassVar[int]
    SSH_USER_FIELD_NUMBER: _ClassVar[int]
    RSYNC_PATH_FIELD_NUMBER: _ClassVar[int]
    WAYS_FIELD_NUMBER: _ClassVar[int]
    store_name: str
    agent_address: str
    agent_tls: bool
    ticket: str
    staging_path: str
    ssh_host: str
    ssh_port: int
    ssh_user: str
    rsync_path: str
    ways: _containers.RepeatedScalarFieldContainer[PushWay]
    def __init__(self, store_name: _Optional[str] = ..., agent_address: _Optional[str] = ..., agent_tls: bool = ..., ticket: _Optional[str] = ..., staging_path: _Optional[str] = ..., ssh_host: _Optional[str] = ..., ssh_port: _Optional[int] = ..., ssh_user: _Optional[str] = ..., rsync_path: _Optional[str] = ..., ways: _Optional[_Iterable[_Union[PushWay, str]]] = ...) -> None: ...

class FinishFilesRequest(_message.Message):
    __slots__ = ("batch_id", "fence", "upload_ids", "way")
    BATCH_ID_FIELD_NUMBER: _ClassVar[int]
    FENCE_FIELD_NUMBER: _ClassVar[int]
    UPLOAD_IDS_FIELD_NUMBER: _ClassVar[int]
    WAY_FIELD_NUMBER: _ClassVar[int]
    batch_id: str
    fence: int
    upload_ids: _containers.RepeatedScalarFieldContainer[str]
    way: PushWay
    def __init__(self, batch_id: _Optional[str] = ..., fence: _Optional[int] = ..., upload_ids: _Optional[_Iterable[str]] = ..., way: _Optional[_Union[PushWay, str]] = ...) -> None: ...

class FinishFilesResponse(_message.Message):
    __slots__ = ("finished_count",)
    FINISHED_COUNT_FIELD_NUMBER: _ClassVar[int]
    finished_count: int
    def __init__(self, finished_count: _Optional[int] = ...) -> None: ...

class WatchBatchRequest(_message.Message):
    __slots__ = ("batch_id",)
    BATCH_ID_FIELD_NUMBER: _ClassVar[int]
    batch_id: str
    def __init__(self, batch_id: _Optional[str] = ...) -> None: ...

class WatchBatchResponse(_message.Message):
    __slots__ = ("files", "done")
    FILES_FIELD_NUMBER: _ClassVar[int]
    DONE_FIELD_NUMBER: _ClassVar[int]
    files: _containers.RepeatedCompositeFieldContainer[SettledFile]
    done: bool
    def __init__(self, files: _Optional[_Iterable[_Union[SettledFile, _Mapping]]] = ..., done: bool = ...) -> None: ...

class SettledFile(_message.Message):
    __slots__ = ("upload_id", "transfer_id", "checksum", "failure")
    UPLOAD_ID_FIELD_NUMBER: _ClassVar[int]
    TRANSFER_ID_FIELD_NUMBER: _ClassVar[int]
    CHECKSUM_FIELD_NUMBER: _ClassVar[int]
    FAILURE_FIELD_NUMBER: _ClassVar[int]
    upload_id: str
    transfer_id: int
    checksum: str
    failure: _uploads_pb2.Failure
    def __init__(self, upload_id: _Optional[str] = ..., transfer_id: _Optional[int] = ..., checksum: _Optional[str] = ..., failure: _Optional[_Union[_uploads_pb2.Failure, _Mapping]] = ...) -> None: ...

class RenewBatchRequest(_message.Message):
    __slots__ = ("batch_id", "fence")
    BATCH_ID_FIELD_NUMBER: _ClassVar[int]
    FENCE_FIELD_NUMBER: _ClassVar[int]
    batch_id: str
    fence: int
    def __init__(self, batch_id: _Optional[str] = ..., fence: _Optional[int] = ...) -> None: ...

class RenewBatchResponse(_message.Message):
    __slots__ = ("expected_count", "ticket")
    EXPECTED_COUNT_FIELD_NUMBER: _ClassVar[int]
    TICKET_FIELD_NUMBER: _ClassVar[int]
    expected_count: int
    ticket: str
    def __init__(self, expected_count: _Optional[int] = ..., ticket: _Optional[str] = ...) -> None: ...

class WithdrawFilesRequest(_message.Message):
    __slots__ = ("batch_id", "fence", "upload_ids")
    BATCH_ID_FIELD_NUMBER: _ClassVar[int]
    FENCE_FIELD_NUMBER: _ClassVar[int]
    UPLOAD_IDS_FIELD_NUMBER: _ClassVar[int]
    batch_id: str
    fence: int
    upload_ids: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, batch_id: _Optional[str] = ..., fence: _Optional[int] = ..., upload_ids: _Optional[_Iterable[str]] = ...) -> None: ...

class WithdrawFilesResponse(_message.Message):
    __slots__ = ("withdrawn_count",)
    WITHDRAWN_COUNT_FIELD_NUMBER: _ClassVar[int]
    withdrawn_count: int
    def __init__(self, withdrawn_count: _Optional[int] = ...) -> None: ...

class ListHeldFilesRequest(_message.Message):
    __slots__ = ("after_name", "page_size")
    AFTER_NAME_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    after_name: str
    page_size: int
    def __init__(self, after_name: _Optional[str] = ..., page_size: _Optional[int] = ...) -> None: ...

class ListHeldFilesResponse(_message.Message):
    __slots__ = ("files", "last")
    FILES_FIELD_NUMBER: _ClassVar[int]
    LAST_FIELD_NUMBER: _ClassVar[int]
    files: _containers.RepeatedCompositeFieldContainer[HeldFile]
    last: bool
    def __init__(self, files: _Optional[_Iterable[_Union[HeldFile, _Mapping]]] = ..., last: bool = ...) -> None: ...

class HeldFile(_message.Message):
    __slots__ = ("name", "checksum", "available")
    NAME_FIELD_NUMBER: _ClassVar[int]
    CHECKSUM_FIELD_NUMBER: _ClassVar[int]
    AVAILABLE_FIELD_NUMBER: _ClassVar[int]
    name: str
    checksum: str
    available: bool
    def __init__(self, name: _Optional[str] = ..., checksum: _Optional[str] = ..., available: bool = ...) -> None: ...
