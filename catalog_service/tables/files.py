"""Files, their instances, and what happened to them."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, Text, UniqueConstraint, false, text
from sqlalchemy.orm import Mapped, mapped_column

from catalog_service.tables.base import Base, BigKey, JsonObject, name_type


class File(Base):
    """A data product: immutable, and never taken off the record."""

    __tablename__ = "file"

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    # Unique name without any directory part, 1 to 255 bytes of UTF-8.
    name: Mapped[str] = mapped_column(name_type(255), unique=True)
    # Text after the name's last dot.
    type: Mapped[str] = mapped_column(name_type(255))
    # Bytes of the contents; of a directory, the sum of its files.
    size_bytes: Mapped[int]
    # `algorithm:hex`; of a directory, that of its manifest.
    checksum: Mapped[str] = mapped_column(name_type(140))
    # Observation that produced it; null for maintenance files.
    obsid: Mapped[int | None] = mapped_column(ForeignKey("observation.obsid"))
    # When it was first put on record: where it came from, if a neighbour pushed it here.
    create_time: Mapped[datetime]
    # Name of the account that put it on record then.
    source: Mapped[str] = mapped_column(name_type(64))
    # Available instances here; kept by whoever adds or takes one.
    instance_count: Mapped[int] = mapped_column(default=0, server_default="0")
    # Custom metadata: values by the names of metadata keys; times as text in UTC.
    custom: Mapped[dict[str, Any]] = mapped_column(
        "metadata", JsonObject, default=dict, server_default="{}"
    )

    __table_args__ = (
        CheckConstraint("size_bytes >= 0", name="size_bytes_not_negative"),
        # Those that searches are ordered by end with what settles ties.
        Index(None, "obsid", "id"),
        # All that is counted by type, so that a hundred thousand files are counted at once.
        Index(None, "obsid", "type", "size_bytes"),
        Index(None, "create_time", "id"),
        Index(None, "type", "name"),
        # A type's files are alike in size: a walk by size alone would meet none of them for long.
        Index(None, "type", "size_bytes", "id"),
        Index(None, "size_bytes", "id"),
        Index(None, "instance_count", "name"),
        Index(
            "ix_file_name_trigrams",
            "name",
            postgresql_using="gin",
            postgresql_ops={"name": "gin_trgm_ops"},
        ).ddl_if(dialect="postgresql"),
    )


class MetadataKey(Base):
    """A key of custom metadata, with one type for all files."""

    __tablename__ = "metadata_key"

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    name: Mapped[str] = mapped_column(name_type(64), unique=True)
    # TEXT, NUMBER, BOOLEAN or TIME.
    type: Mapped[str] = mapped_column(name_type(16))
    # Whether its index has been made; until then searches by it read all files.
    indexed: Mapped[bool] = mapped_column(default=False, server_default=false())


class Instance(Base):
    """A copy of a file on a store."""

    __tablename__ = "instance"

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    file_id: Mapped[int] = mapped_column(ForeignKey("file.id"))
    store_id: Mapped[int] = mapped_column(ForeignKey("store.id"))
    # Name of the file, which never changes: so what is on a store is found in the order of names.
    # The database itself fills it in for who does not say it.
    file_name: Mapped[str] = mapped_column(name_type(255), default="", server_default="")
    # Directories between the store's root and the copy, whose name is the file's.
    parent_dirs: Mapped[str] = mapped_column(name_type(1024))
    # False when the copy is gone from disk and only tracked.
    available: Mapped[bool]
    # Whether the copy may be deleted.
    deletion_allowed: Mapped[bool]
    # When the copy was put on record.
    create_time: Mapped[datetime]
    # When the copy was last read whole and found good.
    verify_time: Mapped[datetime | None]
    # What was found wrong with it, in a sentence: others are used while there are any.
    problem: Mapped[str] = mapped_column(Text, default="", server_default="")

    __table_args__ = (
        UniqueConstraint("file_id", "store_id", "parent_dirs"),
        Index(None, "store_id", "file_name"),
        # The few with something wrong with them.
        Index(
            "ix_instance_suspect",
            "id",
            sqlite_where=text("problem <> ''"),
            postgresql_where=text("problem <> ''"),
        ),
    )


class FileEvent(Base):
    """Something that happened to a file here; only ever added."""

    __tablename__ = "file_event"

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    file_id: Mapped[int] = mapped_column(ForeignKey("file.id"))
    # When it happened.
    time: Mapped[datetime]
    # What happened, such as `create_instance`.
    type: Mapped[str] = mapped_column(name_type(255))
    # Details, a JSON object as text.
    payload: Mapped[str] = mapped_column(Text)
    # Key of the call that logged it, when a repeat of it must not log again.
    request_id: Mapped[str | None] = mapped_column(name_type(200), unique=True)

    __table_args__ = (Index(None, "file_id", "id"), Index(None, "type", "file_id"))
