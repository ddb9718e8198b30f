"""Jobs, and the files of a staging."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, Text, UniqueConstraint, false
from sqlalchemy.orm import Mapped, mapped_column

from catalog_service.tables.base import Base, BigKey, name_type


class Job(Base):
    """Work on record that outlives any call and any process."""

    __tablename__ = "job"

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    # STAGING.
    kind: Mapped[str] = mapped_column(name_type(16))
    # QUEUED, RUNNING, SUCCEEDED, FAILED or CANCELLED.
    state: Mapped[str] = mapped_column(name_type(16))
    # Account that asked, and the key that makes asking again the same job.
    owner: Mapped[str] = mapped_column(name_type(64))
    request_id: Mapped[str] = mapped_column(name_type(128))
    # Directory that it fills, and the login name that shall own it (may be empty).
    destination: Mapped[str] = mapped_column(Text)
    user: Mapped[str] = mapped_column(Text, default="", server_default="")
    # The destination until the job ends, so that no two jobs fill one directory.
    claimed_destination: Mapped[str | None] = mapped_column(Text, unique=True)
    # Search that chose its files.
    search: Mapped[str] = mapped_column(Text)
    # Key of the newest file that may be among them; null when all that matched then were taken.
    snapshot: Mapped[int | None]
    # Agent that makes the destination and its marker files.
    agent_id: Mapped[int | None] = mapped_column(ForeignKey("agent.id"))
    files_total: Mapped[int] = mapped_column(default=0, server_default="0")
    files_done: Mapped[int] = mapped_column(default=0, server_default="0")
    files_failed: Mapped[int] = mapped_column(default=0, server_default="0")
    bytes_total: Mapped[int] = mapped_column(default=0, server_default="0")
    bytes_done: Mapped[int] = mapped_column(default=0, server_default="0")
    # Bytes that were done when the present worker took it, for the rate.
    bytes_at_claim: Mapped[int] = mapped_column(default=0, server_default="0")
    # Last error, in a sentence.
    error: Mapped[str] = mapped_column(Text, default="", server_default="")
    cancel_requested: Mapped[bool] = mapped_column(default=False, server_default=false())
    # The lease: who has it, until when, and the number that its writes must carry.
    worker: Mapped[str | None] = mapped_column(name_type(64))
    lease_until: Mapped[datetime | None]
    fence: Mapped[int] = mapped_column(default=0, server_default="0")
    attempts: Mapped[int] = mapped_column(default=0, server_default="0")
    # Not before; moves on when an attempt failed.
    run_time: Mapped[datetime]
    create_time: Mapped[datetime]
    start_time: Mapped[datetime | None]
    claim_time: Mapped[datetime | None]
    end_time: Mapped[datetime | None]

    __table_args__ = (
        UniqueConstraint("owner", "request_id"),
        Index(None, "state", "run_time"),
    )


class StagingFile(Base):
    """One file of a staging job."""

    __tablename__ = "staging_file"

    # Job, and number of the file within it, by file name.
    job_id: Mapped[int] = mapped_column(ForeignKey("job.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    file_id: Mapped[int] = mapped_column(ForeignKey("file.id"))
    # Instance to copy; null when there was none available.
    instance_id: Mapped[int | None] = mapped_column(ForeignKey("instance.id"))
    # WAITING, DONE or FAILED.
    state: Mapped[str] = mapped_column(name_type(16))
    error: Mapped[str] = mapped_column(Text, default="", server_default="")

    __table_args__ = (Index(None, "job_id", "state", "number"),)
