"""What a catalogue can be told by its configuration."""

import re
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from librarian.service.config import ListenConfig

_DATABASE = re.compile(r"(sqlite(\+pysqlite)?|postgres(ql)?(\+psycopg2)?)://")


class SiteConfig(BaseModel):
    """The table `[site]`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field("librarian", min_length=1, max_length=64, description="Name for people.")


class CatalogConfig(ListenConfig):
    """The table `[catalog_service]`."""

    listen: str = Field("127.0.0.1:21106", description="Address to listen on, `host:port`.")
    database_url: str = Field(
        description="`sqlite:////absolute/path` or `postgresql://user@host/name`.", repr=False
    )
    secret_key_file: Path = Field(description="File of the keys that encrypt kept secrets.")
    agent_ca_file: Path | None = Field(
        None, description="PEM file of the authority that signed the agents' certificates."
    )
    allow_unsafe_database: bool = Field(
        False, description="Serve on a PostgreSQL set to lose commits (fsync = off); for tests."
    )
    search_timeout_seconds: float = Field(
        60.0, gt=0, le=86_400, description="A search that takes longer is given up."
    )
    staging_threads: int = Field(2, ge=1, le=32, description="Staging jobs that run at once.")
    incoming_deletion_allowed: bool = Field(
        False, description="Whether what neighbours push here may be deleted."
    )
    incoming_lease_hours: float = Field(
        168.0, gt=0, le=8760, description="Files that a neighbour offers are expected so long."
    )
    transfer_lease_seconds: float = Field(
        30.0,
        ge=1,
        le=3600,
        description="After so long a batch is taken from a transfer service that is not heard of.",
    )
    reconcile_interval_hours: float = Field(
        24.0,
        ge=0,
        le=8760,
        description="How often what is believed to be at neighbours is compared; 0: never.",
    )
    order_sweep_minutes: float = Field(
        60.0,
        ge=0,
        le=525_600,
        description="After how long standing orders look at all files again; 0: never.",
    )
    web_url: str = Field(
        "", description="Where people reach the web pages; [web_frontend]'s own where it is here."
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        "INFO", description="The least grave messages to log."
    )

    @field_validator("database_url")
    @classmethod
    def _database_is_supported(cls, database_url: str) -> str:
        if not _DATABASE.match(database_url):
            raise ValueError(
                "give sqlite:////absolute/path or postgresql://user@host/name: those two databases"
                " are supported"
            )
        return database_url


class LocalAgentConfig(BaseModel):
    """What `setup` must know of the table `[store_agent]`, if the same file has one."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    name: str = Field("agent", description="Name of the agent: that of its account.")
    token_file: Path | None = Field(None, description="Where the agent finds its token.")


class LocalTransferConfig(BaseModel):
    """What `setup` must know of the table `[transfer_service]`, if the same file has one."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    name: str = Field("transfer", description="Name of its account.")
    token_file: Path | None = Field(None, description="Where the transfer service finds its token.")


class LocalWebConfig(BaseModel):
    """What `setup` must know of the table `[web_frontend]`, if the same file has one."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    token_file: Path | None = Field(None, description="Where the web front end finds its token.")
    secret_key_file: Path | None = Field(None, description="File of the key that signs cookies.")
    public_url: str = Field("", description="Where people reach it.")

    @property
    def name(self) -> str:
        """Return the name of its account."""
        return "web"
