from librarian.v1 import files_pb2 as _files_pb2
from librarian.v1 import incoming_pb2 as _incoming_pb2
from librarian.v1 import observations_pb2 as _observations_pb2
from librarian.v1 import transfers_pb2 as _transfers_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class NeighbourAccess(_message.Message):
    __slots__ = ("name", "url", "tls", "ca_pem", "account_name", "secret", "ssh_host_key", "site_id", "agent_url", "ssh_url", "ways")
    NAME_FIELD_NUMBER: _ClassVar[int]
    URL_FIELD_NUMBER: _ClassVar[int]
    TLS_FIELD_NUMBER: _ClassVar[int]
    CA_PEM_FIELD_NUMBER: _ClassVar[int]
    ACCOUNT_NAME_FIELD_NUMBER: _ClassVar[int]
    SECRET_FIELD_NUMBER: _ClassVar[int]
    SSH_HOST_KEY_FIELD_NUMBER: _ClassVar[int]
    SITE_ID_FIELD_NUMBER: _ClassVar[int]
    AGENT_URL_FIELD_NUMBER: _ClassVar[int]
    SSH_URL_FIELD_NUMBER: _ClassVar[int]
    WAYS_FIELD_NUMBER: _ClassVar[int]
    name: str
    url: str
    tls: bool
    ca_pem: str
    account_name: str
    secret: str
    ssh_host_key: str
    site_id: str
    agent_url: str
    ssh_url: str
    ways: _containers.RepeatedScalarFieldContainer[_incoming_pb2.PushWay]
    def __init__(self, name: _Optional[str] = ..., url: _Optional[str] = ..., tls: bool = ..., ca_pem: _Optional[str] = ..., account_name: _Optional[str] = ..., secret: _Optional[str] = ..., ssh_host_key: _Optional[str] = ..., site_id: _Optional[str] = ..., agent_url: _Optional[str] = ..., ssh_url: _Optional[str] = ..., ways: _Optional[_Iterable[_Union[_incoming_pb2.PushWay, str]]] = ...) -> None: ...

class ClaimBatchRequest(_message.Message):
    __slots__ = ("worker", "wait_seconds")
    WORKER_FIELD_NUMBER: _ClassVar[int]
    WAIT_SECONDS_FIELD_NUMBER: _ClassVar[int]
    worker: str
    wait_seconds: float
    def __init__(self, worker: _Optional[str] = ..., wait_seconds: _Optional[float] = ...) -> None: ...

class ClaimBatchResponse(_message.Message):
    __slots__ = ("batch_id", "fence", "lease_seconds", "neighbour", "site_id", "site_name", "agent_address", "agent_tls", "agent_ticket", "bandwidth_bytes_per_second", "transfers", "withdrawn_upload_ids")
    BATCH_ID_FIELD_NUMBER: _ClassVar[int]
    FENCE_FIELD_NUMBER: _ClassVar[int]
    LEASE_SECONDS_FIELD_NUMBER: _ClassVar[int]
    NEIGHBOUR_FIELD_NUMBER: _ClassVar[int]
    SITE_ID_FIELD_NUMBER: _ClassVar[int]
    SITE_NAME_FIELD_NUMBER: _ClassVar[int]
    AGENT_ADDRESS_FIELD_NUMBER: _ClassVar[int]
    AGENT_TLS_FIELD_NUMBER: _ClassVar[int]
    AGENT_TICKET_FIELD_NUMBER: _ClassVar[int]
    BANDWIDTH_BYTES_PER_SECOND_FIELD_NUMBER: _ClassVar[int]
    TRANSFERS_FIELD_NUMBER: _ClassVar[int]
    WITHDRAWN_UPLOAD_IDS_FIELD_NUMBER: _ClassVar[int]
    batch_id: str
    fence: int
    lease_seconds: float
    neighbour: NeighbourAccess
    site_id: str
    site_name: str
    agent_address: str
    agent_tls: bool
    agent_ticket: str
    bandwidth_bytes_per_second: int
    transfers: _containers.RepeatedCompositeFieldContainer[BatchTransfer]
    withdrawn_upload_ids: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, batch_id: _Optional[str] = ..., fence: _Optional[int] = ..., lease_seconds: _Optional[float] = ..., neighbour: _Optional[_Union[NeighbourAccess, _Mapping]] = ..., site_id: _Optional[str] = ..., site_name: _Optional[str] = ..., agent_address: _Optional[str] = ..., agent_tls: bool = ..., agent_ticket: _Optional[str] = ..., bandwidth_bytes_per_second: _Optional[int] = ..., transfers: _Optional[_Iterable[_Union[BatchTransfer, _Mapping]]] = ..., withdrawn_upload_ids: _Optional[_Iterable[str]] = ...) -> None: ...

class BatchTransfer(_message.Message):
    __slots__ = ("transfer_id", "state", "file", "observation", "observing_session", "store_name", "parent_dirs", "upload_id")
    TRANSFER_ID_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    FILE_FIELD_NUMBER: _ClassVar[int]
    OBSERVATION_FIELD_NUMBER: _ClassVar[int]
    OBSERVING_SESSION_FIELD_NUMBER: _ClassVar[int]
    STORE_NAME_FIELD_NUMBER: _ClassVar[int]
    PARENT_DIRS_FIELD_NUMBER: _ClassVar[int]
    UPLOAD_ID_FIELD_NUMBER: _ClassVar[int]
    transfer_id: int
    state: _transfers_pb2.Transfer.State
    file: _files_pb2.File
    observation: _observations_pb2.Observation
    observing_session: _observations_pb2.ObservingSession
    store_name: str
    parent_dirs: str
    upload_id: str
    def __init__(self, transfer_id: _Optional[int] = ..., state: _Optional[_Union[_transfers_pb2.Transfer.State, str]] = ..., file: _Optional[_Union[_files_pb2.File, _Mapping]] = ..., observation: _Optional[_Union[_observations_pb2.Observation, _Mapping]] = ..., observing_session: _Optional[_Union[_observations_pb2.ObservingSession, _Mapping]] = ..., store_name: _Optional[str] = ..., parent_dirs: _Optional[str] = ..., upload_id: _Optional[str] = ...) -> None: ...

class RenewBatchLeaseRequest(_message.Message):
    __slots__ = ("batch_id", "fence", "bytes_done")
    BATCH_ID_FIELD_NUMBER: _ClassVar[int]
    FENCE_FIELD_NUMBER: _ClassVar[int]
    BYTES_DONE_FIELD_NUMBER: _ClassVar[int]
    batch_id: str
    fence: int
    bytes_done: int
    def __init__(self, batch_id: _Optional[str] = ..., fence: _Optional[int] = ..., bytes_done: _Optional[int] = ...) -> None: ...

class RenewBatchLeaseResponse(_message.Message):
    __slots__ = ("lease_seconds", "cancelled_ids", "stop", "agent_ticket")
    LEASE_SECONDS_FIELD_NUMBER: _ClassVar[int]
    CANCELLED_IDS_FIELD_NUMBER: _ClassVar[int]
    STOP_FIELD_NUMBER: _ClassVar[int]
    AGENT_TICKET_FIELD_NUMBER: _ClassVar[int]
    lease_seconds: float
    cancelled_ids: _containers.RepeatedScalarFieldContainer[int]
    stop: bool
    agent_ticket: str
    def __init__(self, lease_seconds: _Optional[float] = ..., cancelled_ids: _Optional[_Iterable[int]] = ..., stop: bool = ..., agent_ticket: _Optional[str] = ...) -> None: ...

class TransferReport(_message.Message):
    __slots__ = ("transfer_id", "state", "upload_id", "checksum", "error", "fault")
    TRANSFER_ID_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    UPLOAD_ID_FIELD_NUMBER: _ClassVar[int]
    CHECKSUM_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    FAULT_FIELD_NUMBER: _ClassVar[int]
    transfer_id: int
    state: _transfers_pb2.Transfer.State
    upload_id: str
    checksum: str
    error: str
    fault: _transfers_pb2.Transfer.Fault
    def __init__(self, transfer_id: _Optional[int] = ..., state: _Optional[_Union[_transfers_pb2.Transfer.State, str]] = ..., upload_id: _Optional[str] = ..., checksum: _Optional[str] = ..., error: _Optional[str] = ..., fault: _Optional[_Union[_transfers_pb2.Transfer.Fault, str]] = ...) -> None: ...

class RecordTransfersRequest(_message.Message):
    __slots__ = ("batch_id", "fence", "reports", "way")
    BATCH_ID_FIELD_NUMBER: _ClassVar[int]
    FENCE_FIELD_NUMBER: _ClassVar[int]
    REPORTS_FIELD_NUMBER: _ClassVar[int]
    WAY_FIELD_NUMBER: _ClassVar[int]
    batch_id: str
    fence: int
    reports: _containers.RepeatedCompositeFieldContainer[TransferReport]
    way: str
    def __init__(self, batch_id: _Optional[str] = ..., fence: _Optional[int] = ..., reports: _Optional[_Iterable[_Union[TransferReport, _Mapping]]] = ..., way: _Optional[str] = ...) -> None: ...

class RecordTransfersResponse(_message.Message):
    __slots__ = ("cancelled_ids",)
    CANCELLED_IDS_FIELD_NUMBER: _ClassVar[int]
    cancelled_ids: _containers.RepeatedScalarFieldContainer[int]
    def __init__(self, cancelled_ids: _Optional[_Iterable[int]] = ...) -> None: ...

class EndBatchRequest(_message.Message):
    __slots__ = ("batch_id", "fence", "cause", "error", "site_id", "sent_bytes", "sending_seconds", "handed_on")
    BATCH_ID_FIELD_NUMBER: _ClassVar[int]
    FENCE_FIELD_NUMBER: _ClassVar[int]
    CAUSE_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    SITE_ID_FIELD_NUMBER: _ClassVar[int]
    SENT_BYTES_FIELD_NUMBER: _ClassVar[int]
    SENDING_SECONDS_FIELD_NUMBER: _ClassVar[int]
    HANDED_ON_FIELD_NUMBER: _ClassVar[int]
    batch_id: str
    fence: int
    cause: int
    error: str
    site_id: str
    sent_bytes: int
    sending_seconds: float
    handed_on: bool
    def __init__(self, batch_id: _Optional[str] = ..., fence: _Optional[int] = ..., cause: _Optional[int] = ..., error: _Optional[str] = ..., site_id: _Optional[str] = ..., sent_bytes: _Optional[int] = ..., sending_seconds: _Optional[float] = ..., handed_on: bool = ...) -> None: ...

class EndBatchResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class ClaimConfirmationsRequest(_message.Message):
    __slots__ = ("worker",)
    WORKER_FIELD_NUMBER: _ClassVar[int]
    worker: str
    def __init__(self, worker: _Optional[str] = ...) -> None: ...

class ClaimConfirmationsResponse(_message.Message):
    __slots__ = ("neighbour", "upload_ids", "transfers")
    NEIGHBOUR_FIELD_NUMBER: _ClassVar[int]
    UPLOAD_IDS_FIELD_NUMBER: _ClassVar[int]
    TRANSFERS_FIELD_NUMBER: _ClassVar[int]
    neighbour: NeighbourAccess
    upload_ids: _containers.RepeatedScalarFieldContainer[str]
    transfers: _containers.RepeatedCompositeFieldContainer[_transfers_pb2.ArrivedTransfer]
    def __init__(self, neighbour: _Optional[_Union[NeighbourAccess, _Mapping]] = ..., upload_ids: _Optional[_Iterable[str]] = ..., transfers: _Optional[_Iterable[_Union[_transfers_pb2.ArrivedTransfer, _Mapping]]] = ...) -> None: ...

class RecordConfirmationsRequest(_message.Message):
    __slots__ = ("upload_ids", "told")
    UPLOAD_IDS_FIELD_NUMBER: _ClassVar[int]
    TOLD_FIELD_NUMBER: _ClassVar[int]
    upload_ids: _containers.RepeatedScalarFieldContainer[str]
    told: bool
    def __init__(self, upload_ids: _Optional[_Iterable[str]] = ..., told: bool = ...) -> None: ...

class RecordConfirmationsResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class ClaimReconciliationRequest(_message.Message):
    __slots__ = ("worker",)
    WORKER_FIELD_NUMBER: _ClassVar[int]
    worker: str
    def __init__(self, worker: _Optional[str] = ...) -> None: ...

class ClaimReconciliationResponse(_message.Message):
    __slots__ = ("job_id", "fence", "neighbour", "after_name")
    JOB_ID_FIELD_NUMBER: _ClassVar[int]
    FENCE_FIELD_NUMBER: _ClassVar[int]
    NEIGHBOUR_FIELD_NUMBER: _ClassVar[int]
    AFTER_NAME_FIELD_NUMBER: _ClassVar[int]
    job_id: int
    fence: int
    neighbour: NeighbourAccess
    after_name: str
    def __init__(self, job_id: _Optional[int] = ..., fence: _Optional[int] = ..., neighbour: _Optional[_Union[NeighbourAccess, _Mapping]] = ..., after_name: _Optional[str] = ...) -> None: ...

class ReconcilePageRequest(_message.Message):
    __slots__ = ("job_id", "fence", "after_name", "files", "last")
    JOB_ID_FIELD_NUMBER: _ClassVar[int]
    FENCE_FIELD_NUMBER: _ClassVar[int]
    AFTER_NAME_FIELD_NUMBER: _ClassVar[int]
    FILES_FIELD_NUMBER: _ClassVar[int]
    LAST_FIELD_NUMBER: _ClassVar[int]
    job_id: int
    fence: int
    after_name: str
    files: _containers.RepeatedCompositeFieldContainer[_incoming_pb2.HeldFile]
    last: bool
    def __init__(self, job_id: _Optional[int] = ..., fence: _Optional[int] = ..., after_name: _Optional[str] = ..., files: _Optional[_Iterable[_Union[_incoming_pb2.HeldFile, _Mapping]]] = ..., last: bool = ...) -> None: ...

class ReconcilePageResponse(_message.Message):
    __slots__ = ("after_name", "done")
    AFTER_NAME_FIELD_NUMBER: _ClassVar[int]
    DONE_FIELD_NUMBER: _ClassVar[int]
    after_name: str
    done: bool
    def __init__(self, after_name: _Optional[str] = ..., done: bool = ...) -> None: ...

class PostponeReconciliationRequest(_message.Message):
    __slots__ = ("job_id", "fence", "error")
    JOB_ID_FIELD_NUMBER: _ClassVar[int]
    FENCE_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    job_id: int
    fence: int
    error: str
    def __init__(self, job_id: _Optional[int] = ..., fence: _Optional[int] = ..., error: _Optional[str] = ...) -> None: ...

class PostponeReconciliationResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...
