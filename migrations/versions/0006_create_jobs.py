"""Create jobs, and the files of stagings."""

import sqlalchemy as sa
from alembic import op

from catalog_service.tables.base import BigKey, UtcTime, name_type

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Create jobs, and the files of stagings."""
    _create_job()
    _create_staging_file()


def _create_job() -> None:
    op.create_table(
        "job",
        sa.Column("id", BigKey, nullable=False),
        sa.Column("kind", name_type(16), nullable=False),
        sa.Column("state", name_type(16), nullable=False),
        sa.Column("owner", name_type(64), nullable=False),
        sa.Column("request_id", name_type(128), nullable=False),
        sa.Column("destination", sa.Text(), nullable=False),
        sa.Column("user", sa.Text(), server_default="", nullable=False),
        sa.Column("claimed_destination", sa.Text(), nullable=True),
        sa.Column("search", sa.Text(), nullable=False),
        sa.Column("agent_id", BigKey, nullable=True),
        sa.Column("files_total", BigKey, server_default="0", nullable=False),
        sa.Column("files_done", BigKey, server_default="0", nullable=False),
        sa.Column("files_failed", BigKey, server_default="0", nullable=False),
        sa.Column("bytes_total", BigKey, server_default="0", nullable=False),
        sa.Column("bytes_done", BigKey, server_default="0", nullable=False),
        sa.Column("bytes_at_claim", BigKey, server_default="0", nullable=False),
        sa.Column("error", sa.Text(), server_default="", nullable=False),
        sa.Column("cancel_requested", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("worker", name_type(64), nullable=True),
        sa.Column("lease_until", UtcTime(), nullable=True),
        sa.Column("fence", BigKey, server_default="0", nullable=False),
        sa.Column("attempts", BigKey, server_default="0", nullable=False),
        sa.Column("run_time", UtcTime(), nullable=False),
        sa.Column("create_time", UtcTime(), nullable=False),
        sa.Column("start_time", UtcTime(), nullable=True),
        sa.Column("claim_time", UtcTime(), nullable=True),
        sa.Column("end_time", UtcTime(), nullable=True),
        sa.ForeignKeyConstraint(["agent_id"], ["agent.id"], name=op.f("fk_job_agent_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_job")),
        sa.UniqueConstraint("claimed_destination", name=op.f("uq_job_claimed_destination")),
        sa.UniqueConstraint("owner", "request_id", name=op.f("uq_job_owner_request_id")),
    )
    op.create_index(op.f("ix_job_state_run_time"), "job", ["state", "run_time"])


def _create_staging_file() -> None:
    op.create_table(
        "staging_file",
        sa.Column("job_id", BigKey, nullable=False),
        sa.Column("number", BigKey, autoincrement=False, nullable=False),
        sa.Column("file_id", BigKey, nullable=False),
        sa.Column("instance_id", BigKey, nullable=True),
        sa.Column("state", name_type(16), nullable=False),
        sa.Column("error", sa.Text(), server_default="", nullable=False),
        sa.ForeignKeyConstraint(["file_id"], ["file.id"], name=op.f("fk_staging_file_file_id")),
        sa.ForeignKeyConstraint(
            ["instance_id"], ["instance.id"], name=op.f("fk_staging_file_instance_id")
        ),
        sa.ForeignKeyConstraint(["job_id"], ["job.id"], name=op.f("fk_staging_file_job_id")),
        sa.PrimaryKeyConstraint("job_id", "number", name=op.f("pk_staging_file")),
    )
    op.create_index(
        op.f("ix_staging_file_job_id_state_number"), "staging_file", ["job_id", "state", "number"]
    )
