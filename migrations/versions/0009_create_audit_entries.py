"""Record who changed what, and slow down guesses by address."""

import sqlalchemy as sa
from alembic import op

from catalog_service.tables.base import BigKey, UtcTime, name_type

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    op.create_table(
        "audit_entry",
        sa.Column("id", BigKey, primary_key=True),
        sa.Column("time", UtcTime, nullable=False),
        sa.Column("account_name", name_type(64), nullable=False),
        sa.Column("action", name_type(64), nullable=False),
        sa.Column("subject", name_type(255), nullable=False),
        sa.Column("details", sa.Text, nullable=False),
        sa.Column("address", name_type(45), nullable=False),
        sa.Column("token_id", name_type(32), nullable=False),
        sa.Index(None, "account_name", "id"),
        sa.Index(None, "account_name", "action", "id"),
        sa.Index(None, "action", "id"),
        sa.Index(None, "subject", "id"),
    )
    op.create_table(
        "sign_in_address",
        sa.Column("address", name_type(45), primary_key=True),
        sa.Column("failed_sign_ins", BigKey, nullable=False, server_default="0"),
        sa.Column("blocked_until", UtcTime),
        sa.Column("update_time", UtcTime, nullable=False, index=True),
    )
    op.create_table(
        "sign_in_code",
        sa.Column("code_hash", name_type(64), primary_key=True),
        sa.Column("account_id", BigKey, sa.ForeignKey("account.id"), nullable=False, index=True),
        sa.Column("role", BigKey, nullable=False),
        sa.Column("expire_time", UtcTime, nullable=False, index=True),
    )


def downgrade() -> None:
    for table in ("sign_in_code", "sign_in_address", "audit_entry"):
        op.drop_table(table)
