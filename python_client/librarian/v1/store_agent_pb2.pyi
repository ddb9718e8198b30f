from librarian.v1 import incoming_pb2 as _incoming_pb2
from librarian.v1 import observations_pb2 as _observations_pb2
from librarian.v1 import stores_pb2 as _stores_pb2
from librarian.v1 import uploads_pb2 as _uploads_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class OpenStoreRequest(_message.Message):
    __slots__ = ("store",)
    STORE_FIELD_NUMBER: _ClassVar[int]
    store: _stores_pb2.ServedStore
    def __init__(self, store: _Optional[_Union[_stores_pb2.ServedStore, _Mapping]] = ...) -> None: ...

class PrepareUploadsRequest(_message.Message):
    __slots__ = ("uploads",)
    UPLOADS_FIELD_NUMBER: _ClassVar[int]
    uploads: _containers.RepeatedCompositeFieldContainer[StoredUpload]
    def __init__(self, uploads: _Optional[_Iterable[_Union[StoredUpload, _Mapping]]] = ...) -> None: ...

class StoredUpload(_message.Message):
    __slots__ = ("upload_id", "store_name")
    UPLOAD_ID_FIELD_NUMBER: _ClassVar[int]
    STORE_NAME_FIELD_NUMBER: _ClassVar[int]
    upload_id: str
    store_name: str
    def __init__(self, upload_id: _Optional[str] = ..., store_name: _Optional[str] = ...) -> None: ...

class PrepareUploadsResponse(_message.Message):
    __slots__ = ("uploads",)
    UPLOADS_FIELD_NUMBER: _ClassVar[int]
    uploads: _containers.RepeatedCompositeFieldContainer[PreparedUpload]
    def __init__(self, uploads: _Optional[_Iterable[_Union[PreparedUpload, _Mapping]]] = ...) -> None: ...

class PreparedUpload(_message.Message):
    __slots__ = ("staging_path", "failure")
    STAGING_PATH_FIELD_NUMBER: _ClassVar[int]
    FAILURE_FIELD_NUMBER: _ClassVar[int]
    staging_path: str
    failure: _uploads_pb2.Failure
    def __init__(self, staging_path: _Optional[str] = ..., failure: _Optional[_Union[_uploads_pb2.Failure, _Mapping]] = ...) -> None: ...

class ListArrivedEntriesRequest(_message.Message):
    __slots__ = ("upload",)
    UPLOAD_FIELD_NUMBER: _ClassVar[int]
    upload: StoredUpload
    def __init__(self, upload: _Optional[_Union[StoredUpload, _Mapping]] = ...) -> None: ...

class ArrivedEntries(_message.Message):
    __slots__ = ("entries",)
    ENTRIES_FIELD_NUMBER: _ClassVar[int]
    entries: _containers.RepeatedCompositeFieldContainer[ArrivedEntry]
    def __init__(self, entries: _Optional[_Iterable[_Union[ArrivedEntry, _Mapping]]] = ...) -> None: ...

class ArrivedEntry(_message.Message):
    __slots__ = ("path", "size_bytes")
    PATH_FIELD_NUMBER: _ClassVar[int]
    SIZE_BYTES_FIELD_NUMBER: _ClassVar[int]
    path: str
    size_bytes: int
    def __init__(self, path: _Optional[str] = ..., size_bytes: _Optional[int] = ...) -> None: ...

class WriteContentsRequest(_message.Message):
    __slots__ = ("upload", "path", "offset", "data")
    UPLOAD_FIELD_NUMBER: _ClassVar[int]
    PATH_FIELD_NUMBER: _ClassVar[int]
    OFFSET_FIELD_NUMBER: _ClassVar[int]
    DATA_FIELD_NUMBER: _ClassVar[int]
    upload: StoredUpload
    path: str
    offset: int
    data: bytes
    def __init__(self, upload: _Optional[_Union[StoredUpload, _Mapping]] = ..., path: _Optional[str] = ..., offset: _Optional[int] = ..., data: _Optional[bytes] = ...) -> None: ...

class WriteContentsResponse(_message.Message):
    __slots__ = ("written_bytes",)
    WRITTEN_BYTES_FIELD_NUMBER: _ClassVar[int]
    written_bytes: int
    def __init__(self, written_bytes: _Optional[int] = ...) -> None: ...

class VerifyUploadsRequest(_message.Message):
    __slots__ = ("uploads", "grouped")
    UPLOADS_FIELD_NUMBER: _ClassVar[int]
    GROUPED_FIELD_NUMBER: _ClassVar[int]
    uploads: _containers.RepeatedCompositeFieldContainer[VerifyUpload]
    grouped: bool
    def __init__(self, uploads: _Optional[_Iterable[_Union[VerifyUpload, _Mapping]]] = ..., grouped: bool = ...) -> None: ...

class VerifyUpload(_message.Message):
    __slots__ = ("upload", "size_bytes", "checksum")
    UPLOAD_FIELD_NUMBER: _ClassVar[int]
    SIZE_BYTES_FIELD_NUMBER: _ClassVar[int]
    CHECKSUM_FIELD_NUMBER: _ClassVar[int]
    upload: StoredUpload
    size_bytes: int
    checksum: str
    def __init__(self, upload: _Optional[_Union[StoredUpload, _Mapping]] = ..., size_bytes: _Optional[int] = ..., checksum: _Optional[str] = ...) -> None: ...

class VerifiedUpload(_message.Message):
    __slots__ = ("upload_id", "checksum", "inode", "observation", "failure", "others")
    UPLOAD_ID_FIELD_NUMBER: _ClassVar[int]
    CHECKSUM_FIELD_NUMBER: _ClassVar[int]
    INODE_FIELD_NUMBER: _ClassVar[int]
    OBSERVATION_FIELD_NUMBER: _ClassVar[int]
    FAILURE_FIELD_NUMBER: _ClassVar[int]
    OTHERS_FIELD_NUMBER: _ClassVar[int]
    upload_id: str
    checksum: str
    inode: int
    observation: _observations_pb2.Observation
    failure: _uploads_pb2.Failure
    others: _containers.RepeatedCompositeFieldContainer[VerifiedUpload]
    def __init__(self, upload_id: _Optional[str] = ..., checksum: _Optional[str] = ..., inode: _Optional[int] = ..., observation: _Optional[_Union[_observations_pb2.Observation, _Mapping]] = ..., failure: _Optional[_Union[_uploads_pb2.Failure, _Mapping]] = ..., others: _Optional[_Iterable[_Union[VerifiedUpload, _Mapping]]] = ...) -> None: ...

class PlaceUploadsRequest(_message.Message):
    __slots__ = ("uploads",)
    UPLOADS_FIELD_NUMBER: _ClassVar[int]
    uploads: _containers.RepeatedCompositeFieldContainer[PlaceUpload]
    def __init__(self, uploads: _Optional[_Iterable[_Union[PlaceUpload, _Mapping]]] = ...) -> None: ...

class PlaceUpload(_message.Message):
    __slots__ = ("upload", "parent_dirs", "file_name", "inode")
    UPLOAD_FIELD_NUMBER: _ClassVar[int]
    PARENT_DIRS_FIELD_NUMBER: _ClassVar[int]
    FILE_NAME_FIELD_NUMBER: _ClassVar[int]
    INODE_FIELD_NUMBER: _ClassVar[int]
    upload: StoredUpload
    parent_dirs: str
    file_name: str
    inode: int
    def __init__(self, upload: _Optional[_Union[StoredUpload, _Mapping]] = ..., parent_dirs: _Optional[str] = ..., file_name: _Optional[str] = ..., inode: _Optional[int] = ...) -> None: ...

class PlaceUploadsResponse(_message.Message):
    __slots__ = ("uploads",)
    UPLOADS_FIELD_NUMBER: _ClassVar[int]
    uploads: _containers.RepeatedCompositeFieldContainer[PlacedUpload]
    def __init__(self, uploads: _Optional[_Iterable[_Union[PlacedUpload, _Mapping]]] = ...) -> None: ...

class PlacedUpload(_message.Message):
    __slots__ = ("failure",)
    FAILURE_FIELD_NUMBER: _ClassVar[int]
    failure: _uploads_pb2.Failure
    def __init__(self, failure: _Optional[_Union[_uploads_pb2.Failure, _Mapping]] = ...) -> None: ...

class DiscardUploadsRequest(_message.Message):
    __slots__ = ("uploads",)
    UPLOADS_FIELD_NUMBER: _ClassVar[int]
    uploads: _containers.RepeatedCompositeFieldContainer[StoredUpload]
    def __init__(self, uploads: _Optional[_Iterable[_Union[StoredUpload, _Mapping]]] = ...) -> None: ...

class DiscardUploadsResponse(_message.Message):
    __slots__ = ("uploads",)
    UPLOADS_FIELD_NUMBER: _ClassVar[int]
    uploads: _containers.RepeatedCompositeFieldContainer[DiscardedUpload]
    def __init__(self, uploads: _Optional[_Iterable[_Union[DiscardedUpload, _Mapping]]] = ...) -> None: ...

class DiscardedUpload(_message.Message):
    __slots__ = ("failure",)
    FAILURE_FIELD_NUMBER: _ClassVar[int]
    failure: _uploads_pb2.Failure
    def __init__(self, failure: _Optional[_Union[_uploads_pb2.Failure, _Mapping]] = ...) -> None: ...

class InspectFilesRequest(_message.Message):
    __slots__ = ("store_name", "paths", "recursive")
    STORE_NAME_FIELD_NUMBER: _ClassVar[int]
    PATHS_FIELD_NUMBER: _ClassVar[int]
    RECURSIVE_FIELD_NUMBER: _ClassVar[int]
    store_name: str
    paths: _containers.RepeatedScalarFieldContainer[str]
    recursive: bool
    def __init__(self, store_name: _Optional[str] = ..., paths: _Optional[_Iterable[str]] = ..., recursive: bool = ...) -> None: ...

class InspectFilesResponse(_message.Message):
    __slots__ = ("files",)
    FILES_FIELD_NUMBER: _ClassVar[int]
    files: _containers.RepeatedCompositeFieldContainer[InspectedFile]
    def __init__(self, files: _Optional[_Iterable[_Union[InspectedFile, _Mapping]]] = ...) -> None: ...

class InspectedFile(_message.Message):
    __slots__ = ("path", "size_bytes", "checksum", "observation", "failure")
    PATH_FIELD_NUMBER: _ClassVar[int]
    SIZE_BYTES_FIELD_NUMBER: _ClassVar[int]
    CHECKSUM_FIELD_NUMBER: _ClassVar[int]
    OBSERVATION_FIELD_NUMBER: _ClassVar[int]
    FAILURE_FIELD_NUMBER: _ClassVar[int]
    path: str
    size_bytes: int
    checksum: str
    observation: _observations_pb2.Observation
    failure: _uploads_pb2.Failure
    def __init__(self, path: _Optional[str] = ..., size_bytes: _Optional[int] = ..., checksum: _Optional[str] = ..., observation: _Optional[_Union[_observations_pb2.Observation, _Mapping]] = ..., failure: _Optional[_Union[_uploads_pb2.Failure, _Mapping]] = ...) -> None: ...

class CopyFileRequest(_message.Message):
    __slots__ = ("from_store_name", "from_path", "to_store_name", "to_path", "size_bytes", "checksum")
    FROM_STORE_NAME_FIELD_NUMBER: _ClassVar[int]
    FROM_PATH_FIELD_NUMBER: _ClassVar[int]
    TO_STORE_NAME_FIELD_NUMBER: _ClassVar[int]
    TO_PATH_FIELD_NUMBER: _ClassVar[int]
    SIZE_BYTES_FIELD_NUMBER: _ClassVar[int]
    CHECKSUM_FIELD_NUMBER: _ClassVar[int]
    from_store_name: str
    from_path: str
    to_store_name: str
    to_path: str
    size_bytes: int
    checksum: str
    def __init__(self, from_store_name: _Optional[str] = ..., from_path: _Optional[str] = ..., to_store_name: _Optional[str] = ..., to_path: _Optional[str] = ..., size_bytes: _Optional[int] = ..., checksum: _Optional[str] = ...) -> None: ...

class CopyFileResponse(_message.Message):
    __slots__ = ("copied_bytes",)
    COPIED_BYTES_FIELD_NUMBER: _ClassVar[int]
    copied_bytes: int
    def __init__(self, copied_bytes: _Optional[int] = ...) -> None: ...

class DeleteFilesRequest(_message.Message):
    __slots__ = ("store_name", "paths")
    STORE_NAME_FIELD_NUMBER: _ClassVar[int]
    PATHS_FIELD_NUMBER: _ClassVar[int]
    store_name: str
    paths: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, store_name: _Optional[str] = ..., paths: _Optional[_Iterable[str]] = ...) -> None: ...

class DeleteFilesResponse(_message.Message):
    __slots__ = ("files",)
    FILES_FIELD_NUMBER: _ClassVar[int]
    files: _containers.RepeatedCompositeFieldContainer[DeletedFile]
    def __init__(self, files: _Optional[_Iterable[_Union[DeletedFile, _Mapping]]] = ...) -> None: ...

class DeletedFile(_message.Message):
    __slots__ = ("failure",)
    FAILURE_FIELD_NUMBER: _ClassVar[int]
    failure: _uploads_pb2.Failure
    def __init__(self, failure: _Optional[_Union[_uploads_pb2.Failure, _Mapping]] = ...) -> None: ...

class ListEntriesRequest(_message.Message):
    __slots__ = ("store_name", "path")
    STORE_NAME_FIELD_NUMBER: _ClassVar[int]
    PATH_FIELD_NUMBER: _ClassVar[int]
    store_name: str
    path: str
    def __init__(self, store_name: _Optional[str] = ..., path: _Optional[str] = ...) -> None: ...

class ListEntriesResponse(_message.Message):
    __slots__ = ("directory", "entries")
    DIRECTORY_FIELD_NUMBER: _ClassVar[int]
    ENTRIES_FIELD_NUMBER: _ClassVar[int]
    directory: bool
    entries: _containers.RepeatedCompositeFieldContainer[ArrivedEntry]
    def __init__(self, directory: bool = ..., entries: _Optional[_Iterable[_Union[ArrivedEntry, _Mapping]]] = ...) -> None: ...

class ReadContentsRequest(_message.Message):
    __slots__ = ("store_name", "path", "entries")
    STORE_NAME_FIELD_NUMBER: _ClassVar[int]
    PATH_FIELD_NUMBER: _ClassVar[int]
    ENTRIES_FIELD_NUMBER: _ClassVar[int]
    store_name: str
    path: str
    entries: _containers.RepeatedCompositeFieldContainer[ReadEntry]
    def __init__(self, store_name: _Optional[str] = ..., path: _Optional[str] = ..., entries: _Optional[_Iterable[_Union[ReadEntry, _Mapping]]] = ...) -> None: ...

class ReadEntry(_message.Message):
    __slots__ = ("path", "offset")
    PATH_FIELD_NUMBER: _ClassVar[int]
    OFFSET_FIELD_NUMBER: _ClassVar[int]
    path: str
    offset: int
    def __init__(self, path: _Optional[str] = ..., offset: _Optional[int] = ...) -> None: ...

class ReadContentsResponse(_message.Message):
    __slots__ = ("path", "offset", "data")
    PATH_FIELD_NUMBER: _ClassVar[int]
    OFFSET_FIELD_NUMBER: _ClassVar[int]
    DATA_FIELD_NUMBER: _ClassVar[int]
    path: str
    offset: int
    data: bytes
    def __init__(self, path: _Optional[str] = ..., offset: _Optional[int] = ..., data: _Optional[bytes] = ...) -> None: ...

class CheckDestinationRequest(_message.Message):
    __slots__ = ("destination",)
    DESTINATION_FIELD_NUMBER: _ClassVar[int]
    destination: str
    def __init__(self, destination: _Optional[str] = ...) -> None: ...

class CheckDestinationResponse(_message.Message):
    __slots__ = ("destination",)
    DESTINATION_FIELD_NUMBER: _ClassVar[int]
    destination: str
    def __init__(self, destination: _Optional[str] = ...) -> None: ...

class BeginStagingRequest(_message.Message):
    __slots__ = ("destination", "site_id", "job_id", "fence")
    DESTINATION_FIELD_NUMBER: _ClassVar[int]
    SITE_ID_FIELD_NUMBER: _ClassVar[int]
    JOB_ID_FIELD_NUMBER: _ClassVar[int]
    FENCE_FIELD_NUMBER: _ClassVar[int]
    destination: str
    site_id: str
    job_id: int
    fence: int
    def __init__(self, destination: _Optional[str] = ..., site_id: _Optional[str] = ..., job_id: _Optional[int] = ..., fence: _Optional[int] = ...) -> None: ...

class BeginStagingResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class StageFilesRequest(_message.Message):
    __slots__ = ("destination", "job_id", "fence", "files")
    DESTINATION_FIELD_NUMBER: _ClassVar[int]
    JOB_ID_FIELD_NUMBER: _ClassVar[int]
    FENCE_FIELD_NUMBER: _ClassVar[int]
    FILES_FIELD_NUMBER: _ClassVar[int]
    destination: str
    job_id: int
    fence: int
    files: _containers.RepeatedCompositeFieldContainer[StageFile]
    def __init__(self, destination: _Optional[str] = ..., job_id: _Optional[int] = ..., fence: _Optional[int] = ..., files: _Optional[_Iterable[_Union[StageFile, _Mapping]]] = ...) -> None: ...

class StageFile(_message.Message):
    __slots__ = ("key", "store_name", "parent_dirs", "file_name", "size_bytes", "checksum")
    KEY_FIELD_NUMBER: _ClassVar[int]
    STORE_NAME_FIELD_NUMBER: _ClassVar[int]
    PARENT_DIRS_FIELD_NUMBER: _ClassVar[int]
    FILE_NAME_FIELD_NUMBER: _ClassVar[int]
    SIZE_BYTES_FIELD_NUMBER: _ClassVar[int]
    CHECKSUM_FIELD_NUMBER: _ClassVar[int]
    key: int
    store_name: str
    parent_dirs: str
    file_name: str
    size_bytes: int
    checksum: str
    def __init__(self, key: _Optional[int] = ..., store_name: _Optional[str] = ..., parent_dirs: _Optional[str] = ..., file_name: _Optional[str] = ..., size_bytes: _Optional[int] = ..., checksum: _Optional[str] = ...) -> None: ...

class StageFilesResponse(_message.Message):
    __slots__ = ("files", "bytes_done")
    FILES_FIELD_NUMBER: _ClassVar[int]
    BYTES_DONE_FIELD_NUMBER: _ClassVar[int]
    files: _containers.RepeatedCompositeFieldContainer[StagedFile]
    bytes_done: int
    def __init__(self, files: _Optional[_Iterable[_Union[StagedFile, _Mapping]]] = ..., bytes_done: _Optional[int] = ...) -> None: ...

class StagedFile(_message.Message):
    __slots__ = ("key", "failure")
    KEY_FIELD_NUMBER: _ClassVar[int]
    FAILURE_FIELD_NUMBER: _ClassVar[int]
    key: int
    failure: _uploads_pb2.Failure
    def __init__(self, key: _Optional[int] = ..., failure: _Optional[_Union[_uploads_pb2.Failure, _Mapping]] = ...) -> None: ...

class EndStagingRequest(_message.Message):
    __slots__ = ("destination", "site_id", "job_id", "fence", "cancelled", "user", "errors")
    DESTINATION_FIELD_NUMBER: _ClassVar[int]
    SITE_ID_FIELD_NUMBER: _ClassVar[int]
    JOB_ID_FIELD_NUMBER: _ClassVar[int]
    FENCE_FIELD_NUMBER: _ClassVar[int]
    CANCELLED_FIELD_NUMBER: _ClassVar[int]
    USER_FIELD_NUMBER: _ClassVar[int]
    ERRORS_FIELD_NUMBER: _ClassVar[int]
    destination: str
    site_id: str
    job_id: int
    fence: int
    cancelled: bool
    user: str
    errors: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, destination: _Optional[str] = ..., site_id: _Optional[str] = ..., job_id: _Optional[int] = ..., fence: _Optional[int] = ..., cancelled: bool = ..., user: _Optional[str] = ..., errors: _Optional[_Iterable[str]] = ...) -> None: ...

class EndStagingResponse(_message.Message):
    __slots__ = ("handover_error",)
    HANDOVER_ERROR_FIELD_NUMBER: _ClassVar[int]
    handover_error: str
    def __init__(self, handover_error: _Optional[str] = ...) -> None: ...

class PushFilesRequest(_message.Message):
    __slots__ = ("batch_id", "fence", "files", "way_in", "ways", "librarian_name", "ssh_host_key", "ca_pem", "bandwidth_bytes_per_second")
    BATCH_ID_FIELD_NUMBER: _ClassVar[int]
    FENCE_FIELD_NUMBER: _ClassVar[int]
    FILES_FIELD_NUMBER: _ClassVar[int]
    WAY_IN_FIELD_NUMBER: _ClassVar[int]
    WAYS_FIELD_NUMBER: _ClassVar[int]
    LIBRARIAN_NAME_FIELD_NUMBER: _ClassVar[int]
    SSH_HOST_KEY_FIELD_NUMBER: _ClassVar[int]
    CA_PEM_FIELD_NUMBER: _ClassVar[int]
    BANDWIDTH_BYTES_PER_SECOND_FIELD_NUMBER: _ClassVar[int]
    batch_id: str
    fence: int
    files: _containers.RepeatedCompositeFieldContainer[PushFile]
    way_in: _incoming_pb2.BatchWayIn
    ways: _containers.RepeatedScalarFieldContainer[_incoming_pb2.PushWay]
    librarian_name: str
    ssh_host_key: str
    ca_pem: str
    bandwidth_bytes_per_second: int
    def __init__(self, batch_id: _Optional[str] = ..., fence: _Optional[int] = ..., files: _Optional[_Iterable[_Union[PushFile, _Mapping]]] = ..., way_in: _Optional[_Union[_incoming_pb2.BatchWayIn, _Mapping]] = ..., ways: _Optional[_Iterable[_Union[_incoming_pb2.PushWay, str]]] = ..., librarian_name: _Optional[str] = ..., ssh_host_key: _Optional[str] = ..., ca_pem: _Optional[str] = ..., bandwidth_bytes_per_second: _Optional[int] = ...) -> None: ...

class PushFile(_message.Message):
    __slots__ = ("upload_id", "store_name", "parent_dirs", "file_name", "size_bytes", "checksum")
    UPLOAD_ID_FIELD_NUMBER: _ClassVar[int]
    STORE_NAME_FIELD_NUMBER: _ClassVar[int]
    PARENT_DIRS_FIELD_NUMBER: _ClassVar[int]
    FILE_NAME_FIELD_NUMBER: _ClassVar[int]
    SIZE_BYTES_FIELD_NUMBER: _ClassVar[int]
    CHECKSUM_FIELD_NUMBER: _ClassVar[int]
    upload_id: str
    store_name: str
    parent_dirs: str
    file_name: str
    size_bytes: int
    checksum: str
    def __init__(self, upload_id: _Optional[str] = ..., store_name: _Optional[str] = ..., parent_dirs: _Optional[str] = ..., file_name: _Optional[str] = ..., size_bytes: _Optional[int] = ..., checksum: _Optional[str] = ...) -> None: ...

class PushFilesResponse(_message.Message):
    __slots__ = ("files", "bytes_done", "trouble", "way")
    FILES_FIELD_NUMBER: _ClassVar[int]
    BYTES_DONE_FIELD_NUMBER: _ClassVar[int]
    TROUBLE_FIELD_NUMBER: _ClassVar[int]
    WAY_FIELD_NUMBER: _ClassVar[int]
    files: _containers.RepeatedCompositeFieldContainer[PushedFile]
    bytes_done: int
    trouble: PushTrouble
    way: _incoming_pb2.PushWay
    def __init__(self, files: _Optional[_Iterable[_Union[PushedFile, _Mapping]]] = ..., bytes_done: _Optional[int] = ..., trouble: _Optional[_Union[PushTrouble, _Mapping]] = ..., way: _Optional[_Union[_incoming_pb2.PushWay, str]] = ...) -> None: ...

class PushedFile(_message.Message):
    __slots__ = ("upload_id", "failure")
    UPLOAD_ID_FIELD_NUMBER: _ClassVar[int]
    FAILURE_FIELD_NUMBER: _ClassVar[int]
    upload_id: str
    failure: _uploads_pb2.Failure
    def __init__(self, upload_id: _Optional[str] = ..., failure: _Optional[_Union[_uploads_pb2.Failure, _Mapping]] = ...) -> None: ...

class PushTrouble(_message.Message):
    __slots__ = ("cause", "message")
    CAUSE_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    cause: int
    message: str
    def __init__(self, cause: _Optional[int] = ..., message: _Optional[str] = ...) -> None: ...

class CheckInstancesRequest(_message.Message):
    __slots__ = ("batch_id", "files")
    BATCH_ID_FIELD_NUMBER: _ClassVar[int]
    FILES_FIELD_NUMBER: _ClassVar[int]
    batch_id: str
    files: _containers.RepeatedCompositeFieldContainer[PushFile]
    def __init__(self, batch_id: _Optional[str] = ..., files: _Optional[_Iterable[_Union[PushFile, _Mapping]]] = ...) -> None: ...

class CheckInstancesResponse(_message.Message):
    __slots__ = ("files",)
    FILES_FIELD_NUMBER: _ClassVar[int]
    files: _containers.RepeatedCompositeFieldContainer[CheckedInstance]
    def __init__(self, files: _Optional[_Iterable[_Union[CheckedInstance, _Mapping]]] = ...) -> None: ...

class CheckedInstance(_message.Message):
    __slots__ = ("failure",)
    FAILURE_FIELD_NUMBER: _ClassVar[int]
    failure: _uploads_pb2.Failure
    def __init__(self, failure: _Optional[_Union[_uploads_pb2.Failure, _Mapping]] = ...) -> None: ...

class PrepareBatchRequest(_message.Message):
    __slots__ = ("store_name", "account_name", "batch_id")
    STORE_NAME_FIELD_NUMBER: _ClassVar[int]
    ACCOUNT_NAME_FIELD_NUMBER: _ClassVar[int]
    BATCH_ID_FIELD_NUMBER: _ClassVar[int]
    store_name: str
    account_name: str
    batch_id: str
    def __init__(self, store_name: _Optional[str] = ..., account_name: _Optional[str] = ..., batch_id: _Optional[str] = ...) -> None: ...

class PrepareBatchResponse(_message.Message):
    __slots__ = ("staging_path", "ssh_host", "ssh_port", "ssh_user", "rsync_path")
    STAGING_PATH_FIELD_NUMBER: _ClassVar[int]
    SSH_HOST_FIELD_NUMBER: _ClassVar[int]
    SSH_PORT_FIELD_NUMBER: _ClassVar[int]
    SSH_USER_FIELD_NUMBER: _ClassVar[int]
    RSYNC_PATH_FIELD_NUMBER: _ClassVar[int]
    staging_path: str
    ssh_host: str
    ssh_port: int
    ssh_user: str
    rsync_path: str
    def __init__(self, staging_path: _Optional[str] = ..., ssh_host: _Optional[str] = ..., ssh_port: _Optional[int] = ..., ssh_user: _Optional[str] = ..., rsync_path: _Optional[str] = ...) -> None: ...

class AdoptBatchRequest(_message.Message):
    __slots__ = ("store_name", "account_name", "batch_id", "files")
    STORE_NAME_FIELD_NUMBER: _ClassVar[int]
    ACCOUNT_NAME_FIELD_NUMBER: _ClassVar[int]
    BATCH_ID_FIELD_NUMBER: _ClassVar[int]
    FILES_FIELD_NUMBER: _ClassVar[int]
    store_name: str
    account_name: str
    batch_id: str
    files: _containers.RepeatedCompositeFieldContainer[AdoptFile]
    def __init__(self, store_name: _Optional[str] = ..., account_name: _Optional[str] = ..., batch_id: _Optional[str] = ..., files: _Optional[_Iterable[_Union[AdoptFile, _Mapping]]] = ...) -> None: ...

class AdoptFile(_message.Message):
    __slots__ = ("upload_id", "path")
    UPLOAD_ID_FIELD_NUMBER: _ClassVar[int]
    PATH_FIELD_NUMBER: _ClassVar[int]
    upload_id: str
    path: str
    def __init__(self, upload_id: _Optional[str] = ..., path: _Optional[str] = ...) -> None: ...

class AdoptBatchResponse(_message.Message):
    __slots__ = ("files",)
    FILES_FIELD_NUMBER: _ClassVar[int]
    files: _containers.RepeatedCompositeFieldContainer[AdoptedFile]
    def __init__(self, files: _Optional[_Iterable[_Union[AdoptedFile, _Mapping]]] = ...) -> None: ...

class AdoptedFile(_message.Message):
    __slots__ = ("failure",)
    FAILURE_FIELD_NUMBER: _ClassVar[int]
    failure: _uploads_pb2.Failure
    def __init__(self, failure: _Optional[_Union[_uploads_pb2.Failure, _Mapping]] = ...) -> None: ...

class DiscardBatchRequest(_message.Message):
    __slots__ = ("store_name", "account_name", "batch_id")
    STORE_NAME_FIELD_NUMBER: _ClassVar[int]
    ACCOUNT_NAME_FIELD_NUMBER: _ClassVar[int]
    BATCH_ID_FIELD_NUMBER: _ClassVar[int]
    store_name: str
    account_name: str
    batch_id: str
    def __init__(self, store_name: _Optional[str] = ..., account_name: _Optional[str] = ..., batch_id: _Optional[str] = ...) -> None: ...

class DiscardBatchResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...
