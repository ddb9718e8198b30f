"""Create the site's row, accounts and tokens."""

import sqlalchemy as sa
from alembic import op

from catalog_service.tables.base import BigKey, UtcTime, name_type

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "site",
        sa.Column("id", BigKey, primary_key=True, autoincrement=False),
        sa.Column("site_id", name_type(36), nullable=False),
        sa.Column("name", sa.Text, nullable=False),
    )
    op.create_table(
        "account",
        sa.Column("id", BigKey, primary_key=True),
        sa.Column("name", name_type(64), nullable=False, unique=True),
        sa.Column("role", BigKey, nullable=False),
        sa.Column("kind", name_type(16), nullable=False),
        sa.Column("password_hash", sa.Text),
        sa.Column("create_time", UtcTime, nullable=False),
        sa.Column("failed_sign_ins", BigKey, nullable=False, server_default="0"),
        sa.Column("blocked_until", UtcTime),
    )
    op.create_table(
        "token",
        sa.Column("id", name_type(32), primary_key=True),
        sa.Column("secret_hash", name_type(64), nullable=False),
        sa.Column("account_id", BigKey, sa.ForeignKey("account.id"), nullable=False, index=True),
        sa.Column("name", name_type(64), nullable=False),
        sa.Column("role", BigKey, nullable=False),
        sa.Column("create_time", UtcTime, nullable=False),
        sa.Column("expire_time", UtcTime),
        sa.Column("last_use_time", UtcTime),
    )


def downgrade() -> None:
    for table in ("token", "account", "site"):
        op.drop_table(table)
