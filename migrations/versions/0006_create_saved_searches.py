"""Create saved searches."""

import sqlalchemy as sa
from alembic import op

from catalog_service.tables.base import BigKey, UtcTime, name_type

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.create_table(
        "saved_search",
        sa.Column("id", BigKey, primary_key=True),
        sa.Column("account_id", BigKey, sa.ForeignKey("account.id"), nullable=False),
        sa.Column("name", name_type(64), nullable=False),
        sa.Column("search", sa.Text, nullable=False),
        sa.Column("item_kind", name_type(16), nullable=False),
        sa.Column("shared", sa.Boolean, nullable=False),
        sa.Column("update_time", UtcTime, nullable=False),
        sa.UniqueConstraint("account_id", "name"),
        sa.Index(None, "name"),
    )


def downgrade() -> None:
    op.drop_table("saved_search")
