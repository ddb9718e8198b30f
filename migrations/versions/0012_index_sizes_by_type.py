"""Find the largest and the smallest files of a type by an index: types have sizes of their own."""

from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    op.create_index("ix_file_type_size_bytes_id", "file", ["type", "size_bytes", "id"])


def downgrade() -> None:
    op.drop_index("ix_file_type_size_bytes_id", "file")
