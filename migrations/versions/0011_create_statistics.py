"""Keep counts of what arrives, what is observed, how full stores are and what is sent."""

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
