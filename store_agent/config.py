"""What a store agent must be told."""

import os
import pwd
import socket
from pathlib import Path

from pydantic import Field, field_validator

from librarian.service.config import ConfigError, ListenConfig


def _own_login_name() -> str:
    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        return ""


class StoreAgentConfig(ListenConfig):
    """The table `[store_agent]`."""

    listen: str = Field("127.0.0.1:21107", description="Address to listen on, `host:port`.")
    name: str = Field("agent", description="Name of the agent: that of its account.")
    host: str = Field(
        default_factory=socket.gethostname, description="Name of this host, as people know it."
    )
    advertised_address: str = Field(
        "", description="Address at which others reach the agent; empty: as `listen` says."
    )
    catalog_address: str = Field("127.0.0.1:21106", description="Address of the catalogue.")
    catalog_tls: bool = Field(False, description="Whether the catalogue's port speaks TLS.")
    catalog_ca_file: Path | None = Field(
        None, description="PEM file of the authority that signed the catalogue's certificate."
    )
    token_file: Path = Field(description="File with the token of the agent's account.")
    store_prefixes: list[Path] = Field(
        description="Directories beneath which the agent may serve stores."
    )
    staging_prefix: Path | None = Field(
        None, description="Directory beneath which the agent stages files; without it, none."
    )
    handover_command: list[str] = Field(
        [], description="Command that hands staged files over; gets `-u USER -R -d DIRECTORY`."
    )
    handover_timeout_seconds: float = Field(
        600.0, gt=0, description="After this time the command that hands files over is ended."
    )
    announce_seconds: float = Field(
        5.0, gt=0, description="How often the agent reports to the catalogue."
    )
    threads: int = Field(128, ge=4, le=1024, description="Calls that are served at once.")
    calls_per_store: int = Field(
        12,
        ge=1,
        description="Calls of the catalogue's that one store serves at once: a disk that hangs"
        " keeps no more.",
    )
    streams_per_store: int = Field(
        24,
        ge=1,
        description="Clients that one store sends contents to, or takes them from, at once.",
    )
    staging_workers: int = Field(
        default_factory=lambda: max(2, os.cpu_count() or 2),
        ge=1,
        description="Processes that copy when files are staged.",
    )
    shared_prefixes: list[Path] = Field(
        [],
        description="Directories that neighbours' hosts have too, at the same path: beneath these"
        " alone files are copied straight into a neighbour's store.",
    )
    push_streams: int = Field(
        4, ge=1, le=64, description="Streams to a neighbour's agent that one push keeps open."
    )
    ssh_key_dir: Path | None = Field(
        None,
        description="Directory with the SSH keys that open neighbours' doors, each named as its"
        " neighbour; without it, nothing goes by rsync.",
    )
    ssh_host: str = Field(
        "",
        description="Where neighbours find SSH of this host; empty: they bring nothing by rsync.",
    )
    ssh_port: int = Field(22, ge=1, le=65535, description="Port on which SSH listens there.")
    ssh_user: str = Field(
        default_factory=_own_login_name, description="Login name for neighbours' rsync."
    )

    @field_validator("shared_prefixes")
    @classmethod
    def _shared_prefixes_are_absolute(cls, prefixes: list[Path]) -> list[Path]:
        if not all(prefix.is_absolute() for prefix in prefixes):
            raise ValueError("give absolute directories")
        return prefixes

    @field_validator("store_prefixes")
    @classmethod
    def _prefixes_are_absolute(cls, prefixes: list[Path]) -> list[Path]:
        if not prefixes or not all(prefix.is_absolute() for prefix in prefixes):
            raise ValueError("give one absolute directory or more")
        return prefixes

    @field_validator("staging_prefix")
    @classmethod
    def _staging_prefix_is_absolute(cls, prefix: Path | None) -> Path | None:
        if prefix is not None and not prefix.is_absolute():
            raise ValueError("give an absolute directory")
        return prefix

    def check_kernel(self, *, can_confine: bool) -> None:
        """Raise ConfigError on a kernel on which paths cannot be kept beneath their roots."""
        if not can_confine:
            raise ConfigError(
                "This kernel has no openat2, without which paths cannot be kept within a store:"
                " the store agent needs Linux 5.6 or newer."
            )
