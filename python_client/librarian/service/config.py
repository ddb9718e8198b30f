"""Configuration, one way: a TOML file with a table per service, and the environment over it."""

import difflib
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, create_model
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

_Config = TypeVar("_Config", bound=BaseModel)

_LOOPBACK_HOSTS = ("127.0.0.1", "localhost", "::1", "[::1]")


class ConfigError(Exception):
    """The configuration cannot be used; the message says which key, and why."""


class ListenConfig(BaseModel):
    """Where and how a service listens."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    listen: str = Field(description="Address to listen on, `host:port`; port 0 takes a free one.")
    tls_cert_file: Path | None = Field(None, description="PEM file of the certificate chain.")
    tls_key_file: Path | None = Field(None, description="PEM file of the certificate's key.")
    allow_plaintext: bool = Field(
        False, description="Listen beyond loopback without TLS: anyone on the way can read all."
    )
    threads: int = Field(64, ge=4, le=1024, description="Calls that are served at once.")

    @property
    def listen_host(self) -> str:
        """Return the host part of `listen`."""
        return self.listen.rpartition(":")[0]

    @property
    def tls(self) -> bool:
        """Say whether the port speaks TLS."""
        return self.tls_cert_file is not None

    def check_listen(self) -> None:
        """Raise ConfigError when this would listen in a way that is not safe."""
        if (self.tls_cert_file is None) != (self.tls_key_file is None):
            raise ConfigError("Set both tls_cert_file and tls_key_file, or neither.")
        if self.listen_host not in _LOOPBACK_HOSTS and not (self.tls or self.allow_plaintext):
            raise ConfigError(
                f"Refusing to listen on {self.listen} without TLS: set tls_cert_file and "
                "tls_key_file, or say allow_plaintext = true."
            )


def read_tables(path: Path) -> dict[str, Any]:
    """Return the tables of a configuration file."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"Cannot read the configuration {path}: {error.strerror}.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"The configuration {path} is not TOML: {error}.") from error


def load_config(path: Path, table: str, config_class: type[_Config]) -> _Config:
    """Return one table of a configuration file, with `LIBRARIAN_<TABLE>__<KEY>` laid over it.

    Raises ConfigError for a key that is not known, naming the nearest, or a value that is wrong.
    """
    values = read_tables(path).get(table, {})
    if not isinstance(values, Mapping):
        raise ConfigError(f"[{table}] in {path} must be a table.")
    try:
        return config_class.model_validate({**values, **_from_environment(table, config_class)})
    except ValidationError as error:
        raise ConfigError(_explain(error, f"[{table}] in {path}", config_class)) from error


def _from_environment(table: str, config_class: type[BaseModel]) -> dict[str, Any]:
    """Let pydantic-settings read the environment: it knows how to parse lists and the like."""
    fields: dict[str, Any] = {
        name: (field.annotation | None, None)  # type: ignore[operator]
        for name, field in config_class.model_fields.items()
    }

    class EnvironmentOnly(BaseSettings):
        model_config = SettingsConfigDict(env_prefix=f"LIBRARIAN_{table.upper()}__")

        @classmethod
        def settings_customise_sources(
            cls,
            settings_cls: type[BaseSettings],
            init_settings: PydanticBaseSettingsSource,
            env_settings: PydanticBaseSettingsSource,
            dotenv_settings: PydanticBaseSettingsSource,
            file_secret_settings: PydanticBaseSettingsSource,
        ) -> tuple[PydanticBaseSettingsSource, ...]:
            return (env_settings,)

    settings = create_model("Environment", __base__=EnvironmentOnly, **fields)()
    return settings.model_dump(exclude_unset=True)


def _explain(error: ValidationError, where: str, config_class: type[BaseModel]) -> str:
    first = error.errors()[0]
    key = ".".join(str(part) for part in first["loc"])
    if first["type"] == "extra_forbidden":
        nearest = difflib.get_close_matches(key, config_class.model_fields, n=1, cutoff=0.4)
        hint = f"; did you mean {nearest[0]!r}?" if nearest else "."
        return f"{where} has a key that is not known: {key!r}{hint}"
    return f"{where}: {key}: {first['msg']}."
