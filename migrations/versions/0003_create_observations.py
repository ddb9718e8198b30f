"""Create observations and observing sessions."""

import sqlalchemy as sa
from alembic import op

from catalog_service.tables.base import BigKey

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Create observations and observing sessions."""
    _create_observing_session()
    _create_observation()


def _create_observing_session() -> None:
    op.create_table(
        "observing_session",
        sa.Column("id", BigKey, autoincrement=False, nullable=False),
        sa.Column("start_time_jd", sa.Double(), nullable=False),
        sa.Column("stop_time_jd", sa.Double(), nullable=False),
        sa.Column("observation_count", BigKey, server_default="0", nullable=False),
        sa.Column("file_count", BigKey, server_default="0", nullable=False),
        sa.Column("total_bytes", BigKey, server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_observing_session")),
    )
    op.create_index(
        op.f("ix_observing_session_start_time_jd"), "observing_session", ["start_time_jd"]
    )


def _create_observation() -> None:
    op.create_table(
        "observation",
        sa.Column("obsid", BigKey, autoincrement=False, nullable=False),
        sa.Column("start_time_jd", sa.Double(), nullable=False),
        sa.Column("stop_time_jd", sa.Double(), nullable=True),
        sa.Column("start_lst_hr", sa.Double(), nullable=True),
        sa.Column("session_id", BigKey, nullable=True),
        sa.Column("file_count", BigKey, server_default="0", nullable=False),
        sa.Column("total_bytes", BigKey, server_default="0", nullable=False),
        sa.ForeignKeyConstraint(
            ["session_id"], ["observing_session.id"], name=op.f("fk_observation_session_id")
        ),
        sa.PrimaryKeyConstraint("obsid", name=op.f("pk_observation")),
    )
    op.create_index(op.f("ix_observation_session_id"), "observation", ["session_id"])
    op.create_index(op.f("ix_observation_start_lst_hr"), "observation", ["start_lst_hr"])
    op.create_index(op.f("ix_observation_start_time_jd"), "observation", ["start_time_jd"])
