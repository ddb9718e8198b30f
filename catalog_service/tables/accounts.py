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
    # PERSON, AGENT, TRANSFER_SERVICE or WEB_FRONTEND.
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


class SignInAddress(Base):
    """An address from which signing in failed lately."""

    __tablename__ = "sign_in_address"

    # An IPv4 address, or the /64 of an IPv6 one.
    address: Mapped[str] = mapped_column(name_type(45), primary_key=True)
    # Tries that failed, less what was forgotten since, and until when the next is refused.
    failed_sign_ins: Mapped[int] = mapped_column(default=0, server_default="0")
    blocked_until: Mapped[datetime | None]
    # When it last tried: rows of days ago are dropped.
    update_time: Mapped[datetime] = mapped_column(index=True)


class SignInCode(Base):
    """The code of a link that signs somebody in, stored only as its hash."""

    __tablename__ = "sign_in_code"

    # SHA-256 of the code, in hex.
    code_hash: Mapped[str] = mapped_column(name_type(64), primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), index=True)
    # Number of the highest `librarian.v1.Role` of what it signs in.
    role: Mapped[int]
    expire_time: Mapped[datetime] = mapped_column(index=True)
