"""Index what people search by, and let files carry custom metadata."""

import sqlalchemy as sa
from alembic import op

from catalog_service.tables.base import BigKey, JsonObject, name_type

revision = "0005"
down_revision = "0004"

# Each ends with what settles ties, so that pages by key in that order walk the index.
_ORDERED = {
    "size_bytes": ["size_bytes", "id"],
    "create_time": ["create_time", "id"],
    "obsid": ["obsid", "id"],
}
# Values that the planner knows of a column: of ten million names a hundred say too little.
_STATISTICS = {"name": 2000, "obsid": 1000, "type": 500, "instance_count": 500}


def upgrade() -> None:
    _add_metadata()
    for column, columns in _ORDERED.items():
        op.drop_index(f"ix_file_{column}", "file")
        op.create_index(f"ix_file_{'_'.join(columns)}", "file", columns)
    op.create_index("ix_file_instance_count_name", "file", ["instance_count", "name"])
    op.create_index("ix_file_event_type_file_id", "file_event", ["type", "file_id"])
    if op.get_bind().dialect.name == "postgresql":
        _prepare_postgresql()


def _add_metadata() -> None:
    op.add_column("file", sa.Column("metadata", JsonObject, nullable=False, server_default="{}"))
    op.add_column("upload", sa.Column("metadata", sa.Text, nullable=False, server_default="{}"))
    op.create_table(
        "metadata_key",
        sa.Column("id", BigKey, primary_key=True),
        sa.Column("name", name_type(64), nullable=False, unique=True),
        sa.Column("type", name_type(16), nullable=False),
        sa.Column("indexed", sa.Boolean, nullable=False, server_default=sa.false()),
    )


def _prepare_postgresql() -> None:
    """Index parts of names, which SQLite reads through."""
    op.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
    op.create_index(
        "ix_file_name_trigrams",
        "file",
        ["name"],
        postgresql_using="gin",
        postgresql_ops={"name": "gin_trgm_ops"},
    )
    for column, values in _STATISTICS.items():
        op.execute(f"ALTER TABLE file ALTER COLUMN {column} SET STATISTICS {values}")


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.drop_index("ix_file_name_trigrams", "file")
    op.drop_index("ix_file_event_type_file_id", "file_event")
    op.drop_index("ix_file_instance_count_name", "file")
    for column, columns in _ORDERED.items():
        op.drop_index(f"ix_file_{'_'.join(columns)}", "file")
        op.create_index(f"ix_file_{column}", "file", [column])
    op.drop_table("metadata_key")
    op.drop_column("upload", "metadata")
    op.drop_column("file", "metadata")
