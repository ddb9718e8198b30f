"""Create jobs and the files of stagings."""

import sqlalchemy as sa
from alembic import op

from catalog_service.tables.base import BigKey, UtcTime, name_type

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    _create_jobs()
    op.create_table(
        "staging_file",
        sa.Column("job_id", BigKey, sa.ForeignKey("job.id"), primary_key=True),
        sa.Column("number", BigKey, primary_key=True, autoincrement=False),
        sa.Column("file_id", BigKey, sa.ForeignKey("file.id"), nullable=False),
        sa.Column("instance_id", BigKey, sa.ForeignKey("instance.id")),
        sa.Column("state", name_type(16), nullable=False),
        sa.Column("error", sa.Text, nullable=False, server_default=""),
        sa.Index(None, "job_id", "state", "number"),
    )


def _create_jobs() -> None:
    op.create_table(
        "job",
        sa.Column("id", BigKey, primary_key=True),
        sa.Column("kind", name_type(16), nullable=False),
        sa.Column("state", name_type(16), nullable=False),
        sa.Column("owner", name_type(64), nullable=False),
        sa.Column("request_id", name_type(128), nullable=False),
        sa.Column("destination", sa.Text, nullable=False),
        sa.Column("user", sa.Text, nullable=False, server_default=""),
        sa.Column("claimed_destination", sa.Text, unique=True),
        sa.Column("search", sa.Text, nullable=False),
        sa.Column("agent_id", BigKey, sa.ForeignKey("agent.id")),
        sa.Column("files_total", BigKey, nullable=False, server_default="0"),
        sa.Column("files_done", BigKey, nullable=False, server_default="0"),
        sa.Column("files_failed", BigKey, nullable=False, server_default="0"),
        sa.Column("bytes_total", BigKey, nullable=False, server_default="0"),
        sa.Column("bytes_done", BigKey, nullable=False, server_default="0"),
        sa.Column("bytes_at_claim", BigKey, nullable=False, server_default="0"),
        sa.Column("error", sa.Text, nullable=False, server_default=""),
        sa.Column("cancel_requested", sa.Boolean, nullable=False, server_default=sa.false()),
        sa.Column("worker", name_type(64)),
        sa.Column("lease_until", UtcTime),
        sa.Column("fence", BigKey, nullable=False, server_default="0"),
        sa.Column("attempts", BigKey, nullable=False, server_default="0"),
        sa.Column("run_time", UtcTime, nullable=False),
        sa.Column("create_time", UtcTime, nullable=False),
        sa.Column("start_time", UtcTime),
        sa.Column("claim_time", UtcTime),
        sa.Column("end_time", UtcTime),
        sa.UniqueConstraint("owner", "request_id"),
        sa.Index(None, "state", "run_time"),
    )


def downgrade() -> None:
    op.drop_table("staging_file")
    op.drop_table("job")
