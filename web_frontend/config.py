"""What a web front end must be told."""

from pathlib import Path
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from librarian.service.config import ListenConfig

_LEAST_FREE_THREADS = 2


class WebFrontendConfig(BaseModel):
    """The table `[web_frontend]`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    listen: str = Field("127.0.0.1:21109", description="Address to listen on, `host:port`.")
    public_url: str = Field("", description="Address at which people open the pages.")
    allow_plaintext: bool = Field(
        False, description="Listen beyond loopback: the way from there to the proxy is readable."
    )
    trusted_proxies: int = Field(
        0, ge=0, le=8, description="Proxies in front whose word on the browser's address counts."
    )
    threads: int = Field(32, ge=4, le=1024, description="Requests that are served at once.")
    max_streams: int = Field(
        16, ge=0, le=1000, description="Live pages and downloads at once; each takes a thread."
    )
    catalog_address: str = Field("127.0.0.1:21106", description="Address of the catalogue.")
    catalog_tls: bool = Field(False, description="Whether the catalogue's port speaks TLS.")
    catalog_ca_file: Path | None = Field(
        None, description="PEM file of the authority that signed the catalogue's certificate."
    )
    catalog_insecure: bool = Field(
        False, description="Send tokens beyond loopback without TLS: anyone on the way reads them."
    )
    agent_ca_file: Path | None = Field(
        None, description="PEM file of the authority that signed the agents' certificates."
    )
    token_file: Path = Field(description="File with the token of its account.")
    secret_key_file: Path = Field(description="File of the key that signs cookies.")
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        "INFO", description="The least grave messages to log."
    )

    @field_validator("public_url")
    @classmethod
    def check_public_url(cls, value: str) -> str:
        """Return the address without a slash at its end."""
        if value and not value.startswith(("http://", "https://")):
            raise ValueError("it must begin with https:// or http://")
        return value.rstrip("/")

    @model_validator(mode="after")
    def check_threads(self) -> Self:
        """Leave threads to ordinary pages, however many others take long."""
        if self.max_streams > self.threads - _LEAST_FREE_THREADS:
            raise ValueError(
                f"max_streams must leave {_LEAST_FREE_THREADS} of the {self.threads} threads free"
            )
        return self

    @property
    def secure(self) -> bool:
        """Say whether browsers come by TLS, so that cookies may be kept to it."""
        return self.public_url.startswith("https://")

    @property
    def cookie_name(self) -> str:
        """Return the name of the cookie that holds a sign-in."""
        # `__Host-`: no other host of the domain can set or read it. Without TLS, browsers send a
        # host's cookies to all of its ports, and there may be several sites, as in the demo.
        port = self.listen.rpartition(":")[2]
        return "__Host-librarian" if self.secure else f"librarian-{port}"

    def check_listen(self) -> None:
        """Raise ConfigError when this would listen in a way that is not safe."""
        ListenConfig(
            listen=self.listen,
            tls_cert_file=None,
            tls_key_file=None,
            allow_plaintext=self.allow_plaintext,
            threads=self.threads,
        ).check_listen()
