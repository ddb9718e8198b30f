"""Create files, their instances, and their events."""

import sqlalchemy as sa
from alembic import op

from catalog_service.tables.base import BigKey, UtcTime, name_type

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Create files, their instances, and their events."""
    _create_file()
    _create_instance()
    _create_file_event()


def _create_file() -> None:
    op.create_table(
        "file",
        sa.Column("id", BigKey, nullable=False),
        sa.Column("name", name_type(255), nullable=False),
        sa.Column("type", name_type(255), nullable=False),
        sa.Column("size_bytes", BigKey, nullable=False),
        sa.Column("checksum", name_type(140), nullable=False),
        sa.Column("obsid", BigKey, nullable=True),
        sa.Column("create_time", UtcTime(), nullable=False),
        sa.Column("source", name_type(64), nullable=False),
        sa.Column("instance_count", BigKey, server_default="0", nullable=False),
        sa.CheckConstraint("size_bytes >= 0", name=op.f("ck_file_size_bytes_not_negative")),
        sa.ForeignKeyConstraint(["obsid"], ["observation.obsid"], name=op.f("fk_file_obsid")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_file")),
        sa.UniqueConstraint("name", name=op.f("uq_file_name")),
    )
    op.create_index(op.f("ix_file_create_time"), "file", ["create_time"])
    op.create_index(op.f("ix_file_obsid"), "file", ["obsid"])
    op.create_index(op.f("ix_file_size_bytes"), "file", ["size_bytes"])
    op.create_index(op.f("ix_file_type_name"), "file", ["type", "name"])


def _create_instance() -> None:
    op.create_table(
        "instance",
        sa.Column("id", BigKey, nullable=False),
        sa.Column("file_id", BigKey, nullable=False),
        sa.Column("store_id", BigKey, nullable=False),
        sa.Column("parent_dirs", name_type(1024), nullable=False),
        sa.Column("available", sa.Boolean(), nullable=False),
        sa.Column("deletion_allowed", sa.Boolean(), nullable=False),
        sa.Column("create_time", UtcTime(), nullable=False),
        sa.Column("verify_time", UtcTime(), nullable=True),
        sa.ForeignKeyConstraint(["file_id"], ["file.id"], name=op.f("fk_instance_file_id")),
        sa.ForeignKeyConstraint(["store_id"], ["store.id"], name=op.f("fk_instance_store_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_instance")),
        sa.UniqueConstraint(
            "file_id",
            "store_id",
            "parent_dirs",
            name=op.f("uq_instance_file_id_store_id_parent_dirs"),
        ),
    )
    op.create_index(op.f("ix_instance_store_id_file_id"), "instance", ["store_id", "file_id"])


def _create_file_event() -> None:
    op.create_table(
        "file_event",
        sa.Column("id", BigKey, nullable=False),
        sa.Column("file_id", BigKey, nullable=False),
        sa.Column("time", UtcTime(), nullable=False),
        sa.Column("type", name_type(255), nullable=False),
        sa.Column("payload", sa.Text(), nullable=False),
        sa.Column("request_id", name_type(200), nullable=True),
        sa.ForeignKeyConstraint(["file_id"], ["file.id"], name=op.f("fk_file_event_file_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_file_event")),
        sa.UniqueConstraint("request_id", name=op.f("uq_file_event_request_id")),
    )
    op.create_index(op.f("ix_file_event_file_id_id"), "file_event", ["file_id", "id"])
