"""Keep files' names with their instances: what is on a store is then found in their order."""

import sqlalchemy as sa
from alembic import op

from catalog_service.tables.base import name_type

revision = "0007"
down_revision = "0006"

# A release that does not know of the column may still be writing.
_ON_SQLITE = """
CREATE TRIGGER instance_file_name AFTER INSERT ON instance WHEN NEW.file_name = '' BEGIN
    UPDATE instance SET file_name = (SELECT name FROM file WHERE id = NEW.file_id)
        WHERE id = NEW.id;
END
"""
_ON_POSTGRESQL = """
CREATE FUNCTION name_instance() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.file_name := (SELECT name FROM file WHERE id = NEW.file_id);
    RETURN NEW;
END $$;
CREATE TRIGGER instance_file_name BEFORE INSERT ON instance
    FOR EACH ROW WHEN (NEW.file_name = '') EXECUTE FUNCTION name_instance()
"""


def upgrade() -> None:
    op.add_column(
        "instance", sa.Column("file_name", name_type(255), nullable=False, server_default="")
    )
    op.execute("UPDATE instance SET file_name = (SELECT name FROM file WHERE id = file_id)")
    op.drop_index("ix_instance_store_id_file_id", "instance")
    op.create_index("ix_instance_store_id_file_name", "instance", ["store_id", "file_name"])
    is_sqlite = op.get_bind().dialect.name == "sqlite"
    op.execute(_ON_SQLITE if is_sqlite else _ON_POSTGRESQL)


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        op.execute("DROP TRIGGER instance_file_name")
    else:
        op.execute("DROP TRIGGER instance_file_name ON instance")
        op.execute("DROP FUNCTION name_instance()")
    op.drop_index("ix_instance_store_id_file_name", "instance")
    op.create_index("ix_instance_store_id_file_id", "instance", ["store_id", "file_id"])
    op.drop_column("instance", "file_name")
