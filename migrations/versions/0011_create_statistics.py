"""Keep counts of what arrives, what is observed, how full stores are and what is sent."""

import sqlalchemy as sa
from alembic import op

from catalog_service.tables.base import BigKey, name_type

revision = "0011"
down_revision = "0010"

# A file's own time may be that at the site it came from; its first instance's is when it came.
_COUNT_ARRIVALS = """
INSERT INTO arrival (day, store_id, file_count, total_bytes)
SELECT {day}, coalesce(store_id, 0), count(*), sum(size_bytes) FROM (
    SELECT file.size_bytes, file.create_time, first.store_id, first.time
    FROM file LEFT JOIN (
        SELECT file_id, min(store_id) AS store_id, min(create_time) AS time
        FROM instance GROUP BY file_id
    ) AS first ON first.file_id = file.id
) AS arrived
GROUP BY 1, 2
"""
_DAYS = {
    "sqlite": "substr(coalesce(time, create_time), 1, 10)",
    "postgresql": "CAST(coalesce(time, create_time) AT TIME ZONE 'UTC' AS date)",
}
_SUSPECT = sa.text("problem <> ''")


def upgrade() -> None:
    op.create_table(
        "arrival",
        sa.Column("day", sa.Date, primary_key=True),
        sa.Column("store_id", BigKey, primary_key=True, autoincrement=False),
        *_counts("file_count", "total_bytes"),
    )
    op.create_table(
        "store_usage",
        sa.Column(
            "store_id", BigKey, sa.ForeignKey("store.id", ondelete="CASCADE"), primary_key=True
        ),
        sa.Column("hour", BigKey, primary_key=True, autoincrement=False),
        *_counts("capacity_bytes", "free_bytes", "instance_count"),
    )
    op.create_table(
        "link_hour",
        sa.Column("librarian_id", BigKey, primary_key=True, autoincrement=False),
        sa.Column("hour", BigKey, primary_key=True, autoincrement=False),
        sa.Column("cause", name_type(16), primary_key=True),
        *_counts("file_count", "total_bytes"),
    )
    op.create_index("ix_link_hour_hour", "link_hour", ["hour"])
    op.create_index(
        "ix_instance_suspect",
        "instance",
        ["id"],
        sqlite_where=_SUSPECT,
        postgresql_where=_SUSPECT,
    )
    _count_arrivals()


def _count_arrivals() -> None:
    dialect = op.get_bind().dialect.name
    if dialect == "postgresql":
        # What is recorded meanwhile by a catalogue that does not count would be missed.
        op.execute("LOCK TABLE file IN SHARE ROW EXCLUSIVE MODE")
    op.execute(_COUNT_ARRIVALS.format(day=_DAYS[dialect]))


def downgrade() -> None:
    op.drop_index("ix_instance_suspect", "instance")
    for table in ("link_hour", "store_usage", "arrival"):
        op.drop_table(table)


def _counts(*names: str) -> list[sa.Column[int]]:
    return [sa.Column(name, BigKey, nullable=False) for name in names]
