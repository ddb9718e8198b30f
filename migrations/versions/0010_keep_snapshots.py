"""Hold stagings to what was shown, and count files by type out of an index."""

import sqlalchemy as sa
from alembic import op

from catalog_service.tables.base import BigKey

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    op.add_column("job", sa.Column("snapshot", BigKey))
    op.create_index("ix_file_obsid_type_size_bytes", "file", ["obsid", "type", "size_bytes"])


def downgrade() -> None:
    op.drop_index("ix_file_obsid_type_size_bytes", "file")
    op.drop_column("job", "snapshot")
