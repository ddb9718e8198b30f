"""Create uploads."""

import sqlalchemy as sa
from alembic import op

from catalog_service.tables.base import BigKey, UtcTime, name_type

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.create_table(
        "upload",
        sa.Column("id", name_type(48), primary_key=True),
        sa.Column("account_name", name_type(64), nullable=False),
        sa.Column("request_id", name_type(128), nullable=False),
        sa.Column("file_name", name_type(255), nullable=False),
        sa.Column("parent_dirs", name_type(1024), nullable=False),
        sa.Column("size_bytes", BigKey, nullable=False),
        sa.Column("null_obsid", sa.Boolean, nullable=False),
        sa.Column("deletion_allowed", sa.Boolean, nullable=False),
        sa.Column("observation", sa.Text),
        sa.Column("store_id", BigKey, sa.ForeignKey("store.id"), nullable=False),
        sa.Column("state", name_type(16), nullable=False),
        sa.Column("checksum", name_type(140), nullable=False),
        sa.Column("inode", BigKey),
        sa.Column("claimed_name", name_type(255), unique=True),
        sa.Column("worker", name_type(64)),
        sa.Column("worker_until", UtcTime),
        sa.Column("fence", BigKey, nullable=False, server_default="0"),
        sa.Column("error", sa.Text, nullable=False, server_default=""),
        sa.Column("error_reason", name_type(32), nullable=False, server_default=""),
        sa.Column("discarded", sa.Boolean, nullable=False, server_default=sa.false()),
        sa.Column("create_time", UtcTime, nullable=False),
        sa.Column("expire_time", UtcTime, nullable=False),
        sa.UniqueConstraint("account_name", "request_id"),
        sa.Index(None, "state", "expire_time"),
        sa.Index(None, "store_id", "state"),
        sa.Index(None, "discarded", "state"),
    )


def downgrade() -> None:
    op.drop_table("upload")
