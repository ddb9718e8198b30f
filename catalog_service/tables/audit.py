"""The audit log."""

from datetime import datetime

from sqlalchemy import Index, Text
from sqlalchemy.orm import Mapped, mapped_column

from catalog_service.tables.base import Base, BigKey, name_type


class AuditEntry(Base):
    """A change that somebody made, or a sign-in that was tried; it stays as it is for ever."""

    __tablename__ = "audit_entry"
    # Each filter has its own way to the newest: a walk over all of them would be one of millions.
    __table_args__ = (
        Index(None, "account_name", "id"),
        Index(None, "account_name", "action", "id"),
        Index(None, "action", "id"),
        Index(None, "subject", "id"),
    )

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    time: Mapped[datetime]
    # A name, and no reference: the account may be deleted since.
    account_name: Mapped[str] = mapped_column(name_type(64))
    # The call, such as `Stores/UpdateStore`.
    action: Mapped[str] = mapped_column(name_type(64))
    subject: Mapped[str] = mapped_column(name_type(255))
    # A JSON object, which nothing searches.
    details: Mapped[str] = mapped_column(Text)
    address: Mapped[str] = mapped_column(name_type(45))
    # Public part of the token.
    token_id: Mapped[str] = mapped_column(name_type(32))
