"""Create accounts, their tokens, and the site itself."""

import sqlalchemy as sa
from alembic import op

from catalog_service.tables.base import BigKey, UtcTime, name_type

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Create accounts, their tokens, and the site itself."""
    _create_account()
    _create_token()
    _create_site()


def _create_account() -> None:
    op.create_table(
        "account",
        sa.Column("id", BigKey, nullable=False),
        sa.Column("name", name_type(64), nullable=False),
        sa.Column("role", BigKey, nullable=False),
        sa.Column("kind", name_type(16), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=True),
        sa.Column("create_time", UtcTime(), nullable=False),
        sa.Column("failed_sign_ins", BigKey, server_default="0", nullable=False),
        sa.Column("blocked_until", UtcTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account")),
        sa.UniqueConstraint("name", name=op.f("uq_account_name")),
    )


def _create_token() -> None:
    op.create_table(
        "token",
        sa.Column("id", name_type(32), nullable=False),
        sa.Column("secret_hash", name_type(64), nullable=False),
        sa.Column("account_id", BigKey, nullable=False),
        sa.Column("name", name_type(64), nullable=False),
        sa.Column("role", BigKey, nullable=False),
        sa.Column("create_time", UtcTime(), nullable=False),
        sa.Column("expire_time", UtcTime(), nullable=True),
        sa.Column("last_use_time", UtcTime(), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_token_account_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_token")),
    )
    op.create_index(op.f("ix_token_account_id"), "token", ["account_id"])


def _create_site() -> None:
    op.create_table(
        "site",
        sa.Column("id", BigKey, autoincrement=False, nullable=False),
        sa.Column("site_id", name_type(36), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_site")),
    )
