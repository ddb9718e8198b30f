"""Create neighbours, transfers to and from them, and standing orders."""

import sqlalchemy as sa
from alembic import op

from catalog_service.tables.base import BigKey, UtcTime, name_type

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    _create_librarians()
    _create_reconciliations()
    _create_standing_orders()
    _create_transfers()
    _create_incoming()
    op.add_column("instance", sa.Column("problem", sa.Text, nullable=False, server_default=""))


def _create_librarians() -> None:
    op.create_table(
        "librarian",
        sa.Column("id", BigKey, primary_key=True),
        sa.Column("name", name_type(64), nullable=False, unique=True),
        sa.Column("url", sa.Text, nullable=False),
        sa.Column("tls", sa.Boolean, nullable=False),
        _text("ca_pem"),
        sa.Column("insecure", sa.Boolean, nullable=False, server_default=sa.false()),
        sa.Column("account_name", name_type(64), nullable=False),
        sa.Column("secret", sa.LargeBinary, nullable=False),
        _name("site_id", 36),
        _text("agent_url"),
        _text("ssh_url"),
        _text("ssh_host_key"),
        _name("ways", 32),
        _name("callback_account", 64),
        sa.Column("transfers_enabled", sa.Boolean, nullable=False, server_default=sa.true()),
        sa.Column("batches", BigKey, nullable=False, server_default="2"),
        _count("remote_instance_count"),
        sa.Column("link_state", name_type(16), nullable=False, server_default="CLOSED"),
        _name("link_cause", 16),
        _text("link_error"),
        _count("link_failures"),
        sa.Column("link_open_time", UtcTime),
        sa.Column("link_try_time", UtcTime),
        sa.Column("link_success_time", UtcTime),
        sa.Column("rate_bytes_per_second", sa.Double, nullable=False, server_default="0"),
        sa.Column("hand_share", sa.Double, nullable=False, server_default="0"),
        sa.Column("lane_share", sa.Double, nullable=False, server_default="0"),
        sa.Column("create_time", UtcTime, nullable=False),
        sa.Column("reconcile_time", UtcTime),
    )
    op.create_table(
        "remote_instance",
        sa.Column("file_id", BigKey, sa.ForeignKey("file.id"), primary_key=True),
        sa.Column("librarian_id", BigKey, sa.ForeignKey("librarian.id"), primary_key=True),
        sa.Column("file_name", name_type(255), nullable=False),
        sa.Column("confirm_time", UtcTime, nullable=False),
        sa.Index(None, "librarian_id", "file_name"),
    )


def _create_reconciliations() -> None:
    op.create_table(
        "reconciliation",
        sa.Column("job_id", BigKey, sa.ForeignKey("job.id"), primary_key=True),
        sa.Column("librarian_id", BigKey, sa.ForeignKey("librarian.id"), nullable=False),
        sa.Column("queue_missing", sa.Boolean, nullable=False),
        sa.Column("page_time", UtcTime, nullable=False),
        _name("after_name", 255),
        _count("compared_count"),
        _count("missing_count"),
        _count("found_count"),
        _count("conflicting_count"),
        _count("foreign_count"),
        _count("queued_count"),
        sa.Column("examples", sa.Text, nullable=False, server_default="[]"),
    )


def _create_standing_orders() -> None:
    op.create_table(
        "standing_order",
        sa.Column("id", BigKey, primary_key=True),
        sa.Column("name", name_type(64), nullable=False, unique=True),
        sa.Column("librarian_id", BigKey, sa.ForeignKey("librarian.id"), nullable=False),
        sa.Column("search", sa.Text, nullable=False),
        sa.Column("priority", BigKey, nullable=False),
        _name("hours", 16),
        _name("timezone", 64),
        _count("bandwidth"),
        sa.Column("enabled", sa.Boolean, nullable=False),
        sa.Column("owner", name_type(64), nullable=False),
        sa.Column("create_time", UtcTime, nullable=False),
        _count("sent_count"),
        _count("sent_bytes"),
        _text("error"),
        sa.Column("fill_after_id", BigKey),
        sa.Column("fill_time", UtcTime),
        sa.Column("share", sa.Double, nullable=False, server_default="0"),
        sa.Index(None, "librarian_id"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "file_news",
        sa.Column("id", BigKey, primary_key=True),
        sa.Column("file_id", BigKey, sa.ForeignKey("file.id"), nullable=False),
        sa.Index(None, "file_id"),
    )


def _create_transfers() -> None:
    op.create_table(
        "transfer_batch",
        sa.Column("id", name_type(32), primary_key=True),
        sa.Column("librarian_id", BigKey, sa.ForeignKey("librarian.id"), nullable=False),
        sa.Column("lane", BigKey, nullable=False),
        _name("account_name", 64),
        sa.Column("agent_id", BigKey, sa.ForeignKey("agent.id"), nullable=False),
        sa.Column("worker", name_type(64)),
        sa.Column("lease_until", UtcTime),
        _count("fence"),
        _name("way", 16),
        _text("withdrawals"),
        sa.Column("bytes_total", BigKey, nullable=False),
        _count("bytes_done"),
        _count("bytes_at_claim"),
        sa.Column("claim_time", UtcTime),
        sa.Column("create_time", UtcTime, nullable=False),
        sa.Index(None, "librarian_id"),
    )
    op.create_table(
        "transfer",
        sa.Column("id", BigKey, primary_key=True),
        sa.Column("file_id", BigKey, sa.ForeignKey("file.id"), nullable=False),
        sa.Column("librarian_id", BigKey, sa.ForeignKey("librarian.id"), nullable=False),
        sa.Column("claimed_file_id", BigKey),
        _count("lane"),
        _name("order_name", 64),
        sa.Column("owner", name_type(64), nullable=False),
        sa.Column("priority", BigKey, nullable=False),
        sa.Column("size_bytes", BigKey, nullable=False),
        sa.Column("state", name_type(16), nullable=False),
        _count("attempts"),
        sa.Column("batch_id", name_type(32), sa.ForeignKey("transfer_batch.id")),
        sa.Column("instance_id", BigKey, sa.ForeignKey("instance.id")),
        _name("upload_id", 48),
        _text("error"),
        _name("fault", 16),
        sa.Column("run_time", UtcTime, nullable=False),
        sa.Column("create_time", UtcTime, nullable=False),
        sa.Column("update_time", UtcTime, nullable=False),
        sa.Column("start_time", UtcTime),
        sa.Column("end_time", UtcTime),
        sa.UniqueConstraint("librarian_id", "claimed_file_id"),
        sa.Index(None, "file_id", "librarian_id"),
        sa.Index(None, "librarian_id", "lane", "state", "run_time", "id"),
        sa.Index(None, "librarian_id", "state", "id"),
        sa.Index(None, "librarian_id", "lane", "state", "id"),
        sa.Index(None, "batch_id"),
    )


def _create_incoming() -> None:
    op.create_table(
        "incoming_batch",
        sa.Column("id", name_type(32), primary_key=True),
        sa.Column("account_name", name_type(64), nullable=False),
        sa.Column("site_id", name_type(36), nullable=False),
        sa.Column("site_name", sa.Text, nullable=False),
        sa.Column("store_id", BigKey, sa.ForeignKey("store.id")),
        sa.Column("fence", BigKey, nullable=False),
        _name("way", 16),
        sa.Column("create_time", UtcTime, nullable=False),
    )
    with op.batch_alter_table("upload") as upload:
        upload.add_column(
            sa.Column(
                "incoming_batch_id",
                name_type(32),
                sa.ForeignKey(
                    "incoming_batch.id", name="fk_upload_incoming_batch_id_incoming_batch"
                ),
            )
        )
        upload.add_column(sa.Column("transfer_id", BigKey))
        upload.add_column(sa.Column("origin", sa.Text))
        upload.add_column(sa.Column("sent", sa.Boolean, nullable=False, server_default=sa.false()))
        upload.add_column(sa.Column("untold_tries", BigKey))
    op.create_index("ix_upload_incoming_batch_id", "upload", ["incoming_batch_id"])
    op.create_index("ix_upload_untold_tries", "upload", ["untold_tries"])


def downgrade() -> None:
    op.drop_column("instance", "problem")
    op.drop_index("ix_upload_untold_tries", "upload")
    op.drop_index("ix_upload_incoming_batch_id", "upload")
    with op.batch_alter_table("upload") as upload:
        for name in ("untold_tries", "sent", "origin", "transfer_id", "incoming_batch_id"):
            upload.drop_column(name)
    for table in (
        "incoming_batch",
        "transfer",
        "transfer_batch",
        "file_news",
        "standing_order",
        "reconciliation",
        "remote_instance",
        "librarian",
    ):
        op.drop_table(table)


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=False, server_default="")


def _name(name: str, length: int) -> sa.Column[str]:
    return sa.Column(name, name_type(length), nullable=False, server_default="")


def _count(name: str) -> sa.Column[int]:
    return sa.Column(name, BigKey, nullable=False, server_default="0")
