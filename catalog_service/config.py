"""What a catalogue can be told by its configuration."""

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from librarian.service.config import ListenConfig


class SiteConfig(BaseModel):
    """The table `[site]`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field("librarian", min_length=1, max_length=64, description="Name for people.")


class CatalogConfig(ListenConfig):
    """The table `[catalog_service]`."""

    listen: str = Field("127.0.0.1:21106", description="Address to listen on, `host:port`.")
    database_url: str = Field(
        description="`sqlite:////absolute/path` or `postgresql://user@host/name`."
    )
    secret_key_file: Path = Field(description="File of the keys that encrypt kept secrets.")
    agent_ca_file: Path | None = Field(
        None, description="PEM file of the authority that signed the agents' certificates."
    )
    agent_name: str = Field("agent", description="Name of the agent whose account `setup` makes.")
    agent_token_file: Path | None = Field(
        None,
        description="Where `setup` writes its token; unset: [store_agent]'s token_file.",
    )
    low_cost_passwords: bool = Field(
        False, description="Hash passwords at the least cost; for tests alone."
    )
    allow_unsafe_database: bool = Field(
        False, description="Serve on a PostgreSQL set to lose commits (fsync = off); for tests."
    )
    staging_threads: int = Field(2, ge=1, le=32, description="Staging jobs that run at once.")
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        "INFO", description="The least grave messages to log."
    )
