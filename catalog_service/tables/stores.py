"""Stores, and the agents that serve them."""

from datetime import datetime

from sqlalchemy import ForeignKey, LargeBinary, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from catalog_service.tables.base import Base, BigKey, name_type


class Agent(Base):
    """A store agent as it last announced itself."""

    __tablename__ = "agent"

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    # Name of its account.
    name: Mapped[str] = mapped_column(name_type(64), unique=True)
    host: Mapped[str] = mapped_column(Text)
    # Where it can be reached, `host:port`, and whether that port speaks TLS.
    address: Mapped[str] = mapped_column(Text)
    tls: Mapped[bool]
    # Directory beneath which it stages; empty when it stages none.
    staging_prefix: Mapped[str] = mapped_column(Text)
    # Key that signs the tickets it accepts, encrypted with the site's own key.
    ticket_key: Mapped[bytes] = mapped_column(LargeBinary)
    version: Mapped[str] = mapped_column(Text)
    report_time: Mapped[datetime]


class Store(Base):
    """A directory tree on one storage node that holds instances."""

    __tablename__ = "store"

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    name: Mapped[str] = mapped_column(name_type(64), unique=True)
    # Identity that `.librarian-store` at the root must hold, a UUID.
    store_id: Mapped[str] = mapped_column(name_type(36), unique=True)
    agent_id: Mapped[int] = mapped_column(ForeignKey("agent.id"))
    # Absolute path of the root on the agent's host.
    root: Mapped[str] = mapped_column(Text)
    enabled: Mapped[bool]
    # Whether new files may be put on it.
    ingestible: Mapped[bool]
    # As its agent last reported.
    capacity_bytes: Mapped[int] = mapped_column(default=0, server_default="0")
    free_bytes: Mapped[int] = mapped_column(default=0, server_default="0")
    problem: Mapped[str] = mapped_column(Text, default="", server_default="")
    report_time: Mapped[datetime | None]
    # Available instances on it; kept by whoever adds or takes one.
    instance_count: Mapped[int] = mapped_column(default=0, server_default="0")

    __table_args__ = (UniqueConstraint("agent_id", "root"),)
