"""What a transfer service must be told."""

from pathlib import Path
from typing import Literal

from pydantic import Field

from librarian.service.config import ListenConfig


class TransferServiceConfig(ListenConfig):
    """The table `[transfer_service]`."""

    listen: str = Field("127.0.0.1:21108", description="Address to listen on, `host:port`.")
    name: str = Field("transfer", description="Name of its account at the catalogue.")
    catalog_address: str = Field("127.0.0.1:21106", description="Address of the catalogue.")
    catalog_tls: bool = Field(False, description="Whether the catalogue's port speaks TLS.")
    catalog_ca_file: Path | None = Field(
        None, description="PEM file of the authority that signed the catalogue's certificate."
    )
    agent_ca_file: Path | None = Field(
        None, description="PEM file of the authority that signed the agents' certificates."
    )
    token_file: Path = Field(description="File with the token of its account.")
    workers: int = Field(64, ge=1, le=1024, description="Batches that are driven at most at once.")
    threads: int = Field(8, ge=4, le=1024, description="Calls that are served at once.")
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        "INFO", description="The least grave messages to log."
    )
