"""Neighbouring librarians, and what is believed to be there."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, LargeBinary, Text, false, true
from sqlalchemy.orm import Mapped, mapped_column

from catalog_service.tables.base import Base, BigKey, name_type


class Librarian(Base):
    """A neighbouring site that files are pushed to."""

    __tablename__ = "librarian"

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    name: Mapped[str] = mapped_column(name_type(64), unique=True)
    # Address of its catalogue, `host:port`, and how its certificate is checked.
    url: Mapped[str] = mapped_column(Text)
    tls: Mapped[bool]
    ca_pem: Mapped[str] = mapped_column(Text, default="", server_default="")
    # Whether the secret may travel without TLS to another host.
    insecure: Mapped[bool] = mapped_column(default=False, server_default=false())
    # Account there, and its token or password, encrypted with this site's key.
    account_name: Mapped[str] = mapped_column(name_type(64))
    secret: Mapped[bytes] = mapped_column(LargeBinary)
    # Identity of the site that answered; empty before one has.
    site_id: Mapped[str] = mapped_column(name_type(36), default="", server_default="")
    # Where its agents and its SSH are reached, in place of what it tells.
    agent_url: Mapped[str] = mapped_column(Text, default="", server_default="")
    ssh_url: Mapped[str] = mapped_column(Text, default="", server_default="")
    ssh_host_key: Mapped[str] = mapped_column(Text, default="", server_default="")
    # Ways that may be taken, the best first: `SHARED`, `RSYNC`, `STREAM`, with commas; empty: all.
    ways: Mapped[str] = mapped_column(name_type(32), default="", server_default="")
    # Account here that may confirm what was pushed to it.
    callback_account: Mapped[str] = mapped_column(name_type(64), default="", server_default="")
    transfers_enabled: Mapped[bool] = mapped_column(default=True, server_default=true())
    # Largest number of batches under way at once.
    batches: Mapped[int] = mapped_column(default=2, server_default="2")
    # Remote instances there; kept by whoever adds or takes one.
    remote_instance_count: Mapped[int] = mapped_column(default=0, server_default="0")
    # The circuit breaker: CLOSED, OPEN or HALF_OPEN; and why: a name of `Link.Cause`, or empty.
    link_state: Mapped[str] = mapped_column(
        name_type(16), default="CLOSED", server_default="CLOSED"
    )
    link_cause: Mapped[str] = mapped_column(name_type(16), default="", server_default="")
    link_error: Mapped[str] = mapped_column(Text, default="", server_default="")
    link_failures: Mapped[int] = mapped_column(default=0, server_default="0")
    link_open_time: Mapped[datetime | None]
    link_try_time: Mapped[datetime | None]
    link_success_time: Mapped[datetime | None]
    # Bytes a second that batches to it reached lately, for estimates; 0 when not known.
    rate_bytes_per_second: Mapped[float] = mapped_column(default=0.0, server_default="0")
    # Share of the link that transfers by hand have had: see `transfer_lanes.py`.
    hand_share: Mapped[float] = mapped_column(default=0.0, server_default="0")
    # Share at which the last batch began: lanes that had nothing to send begin from there.
    lane_share: Mapped[float] = mapped_column(default=0.0, server_default="0")
    create_time: Mapped[datetime]
    # When a reconciliation with it last went through.
    reconcile_time: Mapped[datetime | None]


class RemoteInstance(Base):
    """A file that is believed to be at a neighbour."""

    __tablename__ = "remote_instance"

    file_id: Mapped[int] = mapped_column(ForeignKey("file.id"), primary_key=True)
    librarian_id: Mapped[int] = mapped_column(ForeignKey("librarian.id"), primary_key=True)
    # Name of the file, which never changes: so a neighbour's files are found in the order of names.
    file_name: Mapped[str] = mapped_column(name_type(255))
    # When the neighbour last said that it has it, verified.
    confirm_time: Mapped[datetime]

    __table_args__ = (Index(None, "librarian_id", "file_name"),)


class Reconciliation(Base):
    """What a job has found that compares belief with what a neighbour has."""

    __tablename__ = "reconciliation"

    job_id: Mapped[int] = mapped_column(ForeignKey("job.id"), primary_key=True)
    librarian_id: Mapped[int] = mapped_column(ForeignKey("librarian.id"))
    # Whether what is missing there is queued again.
    queue_missing: Mapped[bool]
    # When the next page is asked for: what was confirmed since may not be on it yet.
    page_time: Mapped[datetime]
    # Name of a file after which it goes on.
    after_name: Mapped[str] = mapped_column(name_type(255), default="", server_default="")
    compared_count: Mapped[int] = mapped_column(default=0, server_default="0")
    missing_count: Mapped[int] = mapped_column(default=0, server_default="0")
    found_count: Mapped[int] = mapped_column(default=0, server_default="0")
    conflicting_count: Mapped[int] = mapped_column(default=0, server_default="0")
    foreign_count: Mapped[int] = mapped_column(default=0, server_default="0")
    queued_count: Mapped[int] = mapped_column(default=0, server_default="0")
    # Names of files that are missing or in conflict, the first 100: a JSON list as text.
    examples: Mapped[str] = mapped_column(Text, default="[]", server_default="[]")
