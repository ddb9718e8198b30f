"""Create uploads."""

import sqlalchemy as sa
from alembic import op

from catalog_service.tables.base import BigKey, UtcTime, name_type

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Create uploads."""
    _create_upload()


def _create_upload() -> None:
    op.create_table(
        "upload",
        sa.Column("id", name_type(48), nullable=False),
        sa.Column("account_name", name_type(64), nullable=False),
        sa.Column("request_id", name_type(128), nullable=False),
        sa.Column("file_name", name_type(255), nullable=False),
        sa.Column("parent_dirs", name_type(1024), nullable=False),
        sa.Column("size_bytes", BigKey, nullable=False),
        sa.Column("null_obsid", sa.Boolean(), nullable=False),
        sa.Column("deletion_allowed", sa.Boolean(), nullable=False),
        sa.Column("observation", sa.Text(), nullable=True),
        sa.Column("store_id", BigKey, nullable=False),
        sa.Column("state", name_type(16), nullable=False),
        sa.Column("checksum", name_type(140), nullable=False),
        sa.Column("inode", BigKey, nullable=True),
        sa.Column("claimed_name", name_type(255), nullable=True),
        sa.Column("worker", name_type(64), nullable=True),
        sa.Column("worker_until", UtcTime(), nullable=True),
        sa.Column("fence", BigKey, server_default="0", nullable=False),
        sa.Column("error", sa.Text(), server_default="", nullable=False),
        sa.Column("error_reason", name_type(32), server_default="", nullable=False),
        sa.Column("discarded", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("create_time", UtcTime(), nullable=False),
        sa.Column("expire_time", UtcTime(), nullable=False),
        sa.ForeignKeyConstraint(["store_id"], ["store.id"], name=op.f("fk_upload_store_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_upload")),
        sa.UniqueConstraint(
            "account_name", "request_id", name=op.f("uq_upload_account_name_request_id")
        ),
        sa.UniqueConstraint("claimed_name", name=op.f("uq_upload_claimed_name")),
    )
    op.create_index(op.f("ix_upload_discarded_state"), "upload", ["discarded", "state"])
    op.create_index(op.f("ix_upload_state_expire_time"), "upload", ["state", "expire_time"])
    op.create_index(op.f("ix_upload_store_id_state"), "upload", ["store_id", "state"])
