"""Connections by name: the client's configuration file.

The file is JSON, and holds secrets, so it is for its owner alone:
`{"connections": {"NAME": {"url": "host:port", "authenticator": "token or user:password"}}}`.
"""

import json
import os
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from librarian.addresses import is_loopback
from librarian.errors import InvalidRequestError, NotFoundError

CONFIG_VARIABLE = "LIBRARIAN_CLIENT_CONFIG"
DEFAULT_CONFIG_NAME = ".hl_client.cfg"

_HOST_AND_PORT = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[^\s/:\[\]]+):(\d{1,5})")
_TOKEN = re.compile("[!-~]+")
_TYPES = {"url": str, "authenticator": str, "ca_file": str, "tls": bool, "insecure": bool}


@dataclass(frozen=True)
class ConnectionSettings:
    """How to reach a site, and as whom.

    `url` is the catalogue's `host:port`. `tls` None means: encrypted with a `ca_file` or beyond
    loopback. `insecure` allows the secret to travel unencrypted beyond loopback.
    """

    url: str
    authenticator: str = field(repr=False)
    ca_file: str | None = None
    tls: bool | None = None
    insecure: bool = False

    def __post_init__(self) -> None:
        if "://" in self.url:
            raise InvalidRequestError(
                f"The url {self.url!r} is a web address, as earlier Librarians used: write the"
                " catalogue's 'host:port' instead, such as 'localhost:21106'."
            )
        match = _HOST_AND_PORT.fullmatch(self.url)
        if not match or not 0 < int(match[2]) < 65536:
            raise InvalidRequestError(
                f"The url {self.url!r} is not a 'host:port', such as 'localhost:21106'."
            )
        if not self.authenticator:
            raise InvalidRequestError(
                f"There is no authenticator for {self.url}: give a token, or 'user:password'."
            )
        if ":" not in self.authenticator and not _TOKEN.fullmatch(self.authenticator):
            raise InvalidRequestError(
                f"The authenticator for {self.url} has characters that no token has: copy the"
                " token anew."
            )

    @property
    def uses_tls(self) -> bool:
        """Tell whether the catalogue's port is expected to speak TLS."""
        if self.tls is not None:
            return self.tls
        return bool(self.ca_file) or not (self.insecure or is_loopback(self.url))


def find_config_file(config_file: str | os.PathLike[str] | None = None) -> Path:
    """Return the path of the configuration file: given, named by the environment, or the usual."""
    chosen = config_file or os.environ.get(CONFIG_VARIABLE)
    return Path(chosen).expanduser() if chosen else Path.home() / DEFAULT_CONFIG_NAME


def list_connections(config_file: str | os.PathLike[str] | None = None) -> list[str]:
    """Return the names of the known connections."""
    return sorted(_read_entries(find_config_file(config_file)))


def read_connection(
    name: str, config_file: str | os.PathLike[str] | None = None
) -> ConnectionSettings:
    """Return the settings of a connection.

    Raises NotFoundError naming the known ones, and InvalidRequestError for a file or an entry
    that cannot be understood.
    """
    path = find_config_file(config_file)
    entries = _read_entries(path)
    if name not in entries:
        if not path.exists():
            raise NotFoundError(
                f"There is no connection {name!r}, for the file {path} is missing: make it, or name"
                f" another in {CONFIG_VARIABLE}."
            )
        known = f"it has {', '.join(map(repr, sorted(entries)))}" if entries else "it has none"
        raise NotFoundError(f"There is no connection {name!r} in {path}: {known}.")
    return _read_entry(entries[name], f"The connection {name!r} in {path}")


def write_connection(
    name: str, settings: ConnectionSettings, config_file: str | os.PathLike[str] | None = None
) -> Path:
    """Put a connection into the configuration file, for its owner alone to read.

    Others are kept; one of that name to another url is kept as `<name>-old`. Returns the path.
    """
    path = find_config_file(config_file)
    document = _read_document(path)
    entries = document.setdefault("connections", {})
    old = entries.get(name)
    if isinstance(old, Mapping) and old.get("url") != settings.url:
        entries[f"{name}-old"] = old
    values = {item.name: getattr(settings, item.name) for item in fields(settings)}
    entries[name] = {key: value for key, value in values.items() if value not in (None, False)}
    # The default of `tls` depends on the url, so that an explicit False must be kept.
    if settings.tls is False:
        entries[name]["tls"] = False
    _replace(path, json.dumps(document, indent=2) + "\n")
    return path


def _read_document(path: Path) -> dict[str, Any]:
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise InvalidRequestError(f"{path} cannot be read: {error.strerror}.") from error
    except json.JSONDecodeError as error:
        # The error's own text may quote the file, and with it a secret.
        where = f"line {error.lineno}, column {error.colno}"
        raise InvalidRequestError(f"{path} is not JSON: see {where}.") from None
    except ValueError:
        raise InvalidRequestError(f"{path} is not text in UTF-8.") from None
    if not isinstance(document, dict) or not isinstance(document.get("connections", {}), dict):
        raise InvalidRequestError(
            f"{path} must be a JSON object whose 'connections' are an object, by name."
        )
    return document


def _read_entries(path: Path) -> dict[str, Any]:
    entries: dict[str, Any] = _read_document(path).get("connections", {})
    return entries


def _read_entry(entry: Any, subject: str) -> ConnectionSettings:
    if not isinstance(entry, dict):
        raise InvalidRequestError(f"{subject} must be a JSON object with 'url'.")
    for key, value in entry.items():
        if key not in _TYPES:
            near = get_close_matches(key, _TYPES, n=1)
            hint = f"; did you mean {near[0]!r}?" if near else f"; known are {', '.join(_TYPES)}."
            raise InvalidRequestError(f"{subject} has {key!r}, which is not known{hint}")
        if not isinstance(value, _TYPES[key]):
            kind = "text" if _TYPES[key] is str else "true or false"
            raise InvalidRequestError(f"{subject}: {key!r} must be {kind}.")
    try:
        return ConnectionSettings(**{"url": "", "authenticator": "", **entry})
    except InvalidRequestError as error:
        raise InvalidRequestError(f"{subject} is wrong: {error}") from None


def _replace(path: Path, text: str) -> None:
    # A link to a file kept elsewhere stays a link.
    path = path.resolve()
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    fd = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(fd, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
