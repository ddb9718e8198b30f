"""Create observations, stores, files, instances and events."""

import sqlalchemy as sa
from alembic import op

from catalog_service.tables.base import BigKey, UtcTime, name_type

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    _create_observations()
    _create_stores()
    _create_files()


def _create_observations() -> None:
    op.create_table(
        "observing_session",
        sa.Column("id", BigKey, primary_key=True, autoincrement=False),
        sa.Column("start_time_jd", sa.Double, nullable=False),
        sa.Column("stop_time_jd", sa.Double, nullable=False),
        sa.Column("observation_count", BigKey, nullable=False, server_default="0"),
        sa.Column("file_count", BigKey, nullable=False, server_default="0"),
        sa.Column("total_bytes", BigKey, nullable=False, server_default="0"),
        sa.Index(None, "start_time_jd"),
    )
    op.create_table(
        "observation",
        sa.Column("obsid", BigKey, primary_key=True, autoincrement=False),
        sa.Column("start_time_jd", sa.Double, nullable=False),
        sa.Column("stop_time_jd", sa.Double),
        sa.Column("start_lst_hr", sa.Double),
        sa.Column("session_id", BigKey, sa.ForeignKey("observing_session.id")),
        sa.Column("file_count", BigKey, nullable=False, server_default="0"),
        sa.Column("total_bytes", BigKey, nullable=False, server_default="0"),
        sa.Index(None, "session_id"),
        sa.Index(None, "start_time_jd"),
        sa.Index(None, "start_lst_hr"),
    )


def _create_stores() -> None:
    op.create_table(
        "agent",
        sa.Column("id", BigKey, primary_key=True),
        sa.Column("name", name_type(64), nullable=False, unique=True),
        sa.Column("host", sa.Text, nullable=False),
        sa.Column("address", sa.Text, nullable=False),
        sa.Column("tls", sa.Boolean, nullable=False),
        sa.Column("staging_prefix", sa.Text, nullable=False),
        sa.Column("ticket_key", sa.LargeBinary, nullable=False),
        sa.Column("version", sa.Text, nullable=False),
        sa.Column("report_time", UtcTime, nullable=False),
    )
    op.create_table(
        "store",
        sa.Column("id", BigKey, primary_key=True),
        sa.Column("name", name_type(64), nullable=False, unique=True),
        sa.Column("store_id", name_type(36), nullable=False, unique=True),
        sa.Column("agent_id", BigKey, sa.ForeignKey("agent.id"), nullable=False),
        sa.Column("root", sa.Text, nullable=False),
        sa.Column("enabled", sa.Boolean, nullable=False),
        sa.Column("ingestible", sa.Boolean, nullable=False),
        sa.Column("capacity_bytes", BigKey, nullable=False, server_default="0"),
        sa.Column("free_bytes", BigKey, nullable=False, server_default="0"),
        sa.Column("problem", sa.Text, nullable=False, server_default=""),
        sa.Column("report_time", UtcTime),
        sa.Column("instance_count", BigKey, nullable=False, server_default="0"),
        sa.UniqueConstraint("agent_id", "root"),
    )


def _create_files() -> None:
    op.create_table(
        "file",
        sa.Column("id", BigKey, primary_key=True),
        sa.Column("name", name_type(255), nullable=False, unique=True),
        sa.Column("type", name_type(255), nullable=False),
        sa.Column("size_bytes", BigKey, nullable=False),
        sa.Column("checksum", name_type(140), nullable=False),
        sa.Column("obsid", BigKey, sa.ForeignKey("observation.obsid")),
        sa.Column("create_time", UtcTime, nullable=False),
        sa.Column("source", name_type(64), nullable=False),
        sa.Column("instance_count", BigKey, nullable=False, server_default="0"),
        sa.CheckConstraint("size_bytes >= 0", name="size_bytes_not_negative"),
        sa.Index(None, "obsid"),
        sa.Index(None, "create_time"),
        sa.Index(None, "type", "name"),
        sa.Index(None, "size_bytes"),
    )
    op.create_table(
        "instance",
        sa.Column("id", BigKey, primary_key=True),
        sa.Column("file_id", BigKey, sa.ForeignKey("file.id"), nullable=False),
        sa.Column("store_id", BigKey, sa.ForeignKey("store.id"), nullable=False),
        sa.Column("parent_dirs", name_type(1024), nullable=False),
        sa.Column("available", sa.Boolean, nullable=False),
        sa.Column("deletion_allowed", sa.Boolean, nullable=False),
        sa.Column("create_time", UtcTime, nullable=False),
        sa.Column("verify_time", UtcTime),
        sa.UniqueConstraint("file_id", "store_id", "parent_dirs"),
        sa.Index(None, "store_id", "file_id"),
    )
    op.create_table(
        "file_event",
        sa.Column("id", BigKey, primary_key=True),
        sa.Column("file_id", BigKey, sa.ForeignKey("file.id"), nullable=False),
        sa.Column("time", UtcTime, nullable=False),
        sa.Column("type", name_type(255), nullable=False),
        sa.Column("payload", sa.Text, nullable=False),
        sa.Column("request_id", name_type(200), unique=True),
        sa.Index(None, "file_id", "id"),
    )


def downgrade() -> None:
    for table in (
        "file_event",
        "instance",
        "file",
        "store",
        "agent",
        "observation",
        "observing_session",
    ):
        op.drop_table(table)
