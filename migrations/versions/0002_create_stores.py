"""Create agents and their stores."""

import sqlalchemy as sa
from alembic import op

from catalog_service.tables.base import BigKey, UtcTime, name_type

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Create agents and their stores."""
    _create_agent()
    _create_store()


def _create_agent() -> None:
    op.create_table(
        "agent",
        sa.Column("id", BigKey, nullable=False),
        sa.Column("name", name_type(64), nullable=False),
        sa.Column("host", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("tls", sa.Boolean(), nullable=False),
        sa.Column("staging_prefix", sa.Text(), nullable=False),
        sa.Column("ticket_key", sa.LargeBinary(), nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("report_time", UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_agent")),
        sa.UniqueConstraint("name", name=op.f("uq_agent_name")),
    )


def _create_store() -> None:
    op.create_table(
        "store",
        sa.Column("id", BigKey, nullable=False),
        sa.Column("name", name_type(64), nullable=False),
        sa.Column("store_id", name_type(36), nullable=False),
        sa.Column("agent_id", BigKey, nullable=False),
        sa.Column("root", sa.Text(), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("ingestible", sa.Boolean(), nullable=False),
        sa.Column("capacity_bytes", BigKey, server_default="0", nullable=False),
        sa.Column("free_bytes", BigKey, server_default="0", nullable=False),
        sa.Column("problem", sa.Text(), server_default="", nullable=False),
        sa.Column("report_time", UtcTime(), nullable=True),
        sa.Column("instance_count", BigKey, server_default="0", nullable=False),
        sa.ForeignKeyConstraint(["agent_id"], ["agent.id"], name=op.f("fk_store_agent_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_store")),
        sa.UniqueConstraint("agent_id", "root", name=op.f("uq_store_agent_id_root")),
        sa.UniqueConstraint("name", name=op.f("uq_store_name")),
        sa.UniqueConstraint("store_id", name=op.f("uq_store_store_id")),
    )
