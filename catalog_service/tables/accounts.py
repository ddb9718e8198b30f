"""Accounts and tokens."""

from datetime import datetime

from sqlalchemy import ForeignKey, Text
from sqlalchemy.orm import Mapped, mapped_column

from catalog_service.tables.base import Base, BigKey, name_type


class Account(Base):
    """Someone or something that signs in."""

    __tablename__ = "account"

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    name: Mapped[str] = mapped_column(name_type(64), unique=True)
    # Number of a `librarian.v1.Role`: more may do more.
    role: Mapped[int]
    # PERSON, AGENT or TRANSFER_SERVICE.
    kind: Mapped[str] = mapped_column(name_type(16))
    # argon2id, or null for an account that only has tokens.
    password_hash: Mapped[str | None] = mapped_column(Text)
    create_time: Mapped[datetime]
    # Sign-ins that failed in a row, and until when the next is refused.
    failed_sign_ins: Mapped[int] = mapped_column(default=0, server_default="0")
    blocked_until: Mapped[datetime | None]


class Token(Base):
    """A secret that stands for an account, stored only as its hash."""

    __tablename__ = "token"

    # Public part, by which it is looked up.
    id: Mapped[str] = mapped_column(name_type(32), primary_key=True)
    # SHA-256 of the secret part, in hex: a random secret needs no slow hash.
    secret_hash: Mapped[str] = mapped_column(name_type(64))
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), index=True)
    # What it is for; `sign-in` for one made by a password.
    name: Mapped[str] = mapped_column(name_type(64))
    # Number of a `librarian.v1.Role`, no higher than its account's.
    role: Mapped[int]
    create_time: Mapped[datetime]
    expire_time: Mapped[datetime | None]
    # To the minute.
    last_use_time: Mapped[datetime | None]
