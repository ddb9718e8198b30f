"""What a neighbour's record may say."""

import base64
import binascii
import re
from dataclasses import dataclass, field

from cryptography.x509 import load_pem_x509_certificates

from librarian.addresses import is_loopback
from librarian.errors import InvalidRequestError

TOKEN_PREFIX = "lib_"  # noqa: S105 - what tokens begin with.
DEFAULT_BATCHES = 2
WAYS = ("SHARED", "RSYNC", "STREAM")

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_ACCOUNT = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
_TOKEN = re.compile(r"[A-Za-z0-9_-]{1,200}")
_HOST_AND_PORT = re.compile(
    r"(\[[0-9A-Fa-f:.]{2,45}\]|[A-Za-z0-9]([A-Za-z0-9._-]{0,252})):(\d{1,5})"
)
_KEY_TYPE = re.compile(r"[a-z0-9][a-z0-9@.-]{0,63}")
_MAX_BATCHES = 16
_MAX_SECRET_CHARACTERS = 1000
_MAX_CA_CHARACTERS = 100_000
_MAX_KEY_CHARACTERS = 8_192


@dataclass(frozen=True)
class LibrarianSettings:
    """All that a person decides of a neighbour."""

    name: str
    url: str
    account_name: str
    # Token or password there.
    secret: str = field(repr=False)
    tls: bool = False
    ca_pem: str = ""
    insecure: bool = False
    agent_url: str = ""
    ssh_url: str = ""
    ssh_host_key: str = ""
    ways: str = ""
    callback_account: str = ""
    transfers_enabled: bool = True
    batches: int = DEFAULT_BATCHES


def check_settings(settings: LibrarianSettings) -> None:
    """Raise InvalidRequestError for what cannot be a neighbour."""
    if not _NAME.fullmatch(settings.name):
        raise InvalidRequestError(
            "A librarian's name has 1 to 64 letters, digits, '.', '_' and '-', and begins with a"
            f" letter or a digit: {settings.name!r:.80} does not."
        )
    _check_address("url", settings.url)
    for what in ("agent_url", "ssh_url"):
        if getattr(settings, what):
            _check_address(what, getattr(settings, what))
    _check_access(settings)
    _check_encryption(settings)
    _check_ca(settings)
    if settings.ssh_host_key:
        _check_host_key(settings.ssh_host_key)
    if not 1 <= settings.batches <= _MAX_BATCHES:
        raise InvalidRequestError(
            f"A librarian takes 1 to {_MAX_BATCHES} batches at once, not {settings.batches}."
        )
    ways = settings.ways.split(",") if settings.ways else []
    if len(set(ways)) != len(ways) or not set(ways) <= set(WAYS):
        raise InvalidRequestError("The ways are shared, rsync and stream: name each once at most.")


def _check_address(what: str, address: str) -> None:
    match = _HOST_AND_PORT.fullmatch(address)
    if not match or not 0 < int(match[3]) < 65536:
        raise InvalidRequestError(
            f"The {what} of a librarian is 'host:port', such as 'archive.example.org:21106':"
            f" {address!r:.120} is not."
        )


def _check_access(settings: LibrarianSettings) -> None:
    """Check the account and its secret, which no message may repeat."""
    if not _ACCOUNT.fullmatch(settings.account_name):
        raise InvalidRequestError(
            f"{settings.account_name!r:.80} is no name of an account there: give"
            " 'user:secret' as the authenticator."
        )
    secret = settings.secret
    if not 1 <= len(secret) <= _MAX_SECRET_CHARACTERS:
        raise InvalidRequestError(
            f"Give the token or the password of {settings.account_name!r} there: one of 1 to"
            f" {_MAX_SECRET_CHARACTERS} characters."
        )
    if secret.startswith(TOKEN_PREFIX) and not _TOKEN.fullmatch(secret):
        raise InvalidRequestError(
            f"The token of {settings.account_name!r} there has characters that no token has: copy"
            " it anew."
        )


def _check_encryption(settings: LibrarianSettings) -> None:
    if not (settings.tls or settings.insecure or is_loopback(settings.url)):
        raise InvalidRequestError(
            f"The secret must not travel to {settings.url} unencrypted: set tls, or insecure if the"
            " network between is your own."
        )


def _check_ca(settings: LibrarianSettings) -> None:
    if not settings.ca_pem:
        return
    if not settings.tls:
        raise InvalidRequestError("A certificate's authority goes with TLS: set tls too.")
    try:
        if len(settings.ca_pem) > _MAX_CA_CHARACTERS:
            raise ValueError("It is too long.")
        load_pem_x509_certificates(settings.ca_pem.encode())
    except ValueError:
        raise InvalidRequestError(
            "The authority must be one or more certificates as PEM, 100 kB at most."
        ) from None


def _check_host_key(text: str) -> None:
    """Check `type base64`; what is encoded begins with the type too."""
    kind, _, encoded = text.partition(" ")
    try:
        key = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        key = b""
    begin = len(kind).to_bytes(4, "big") + kind.encode()
    right = _KEY_TYPE.fullmatch(kind) and len(text) <= _MAX_KEY_CHARACTERS
    if not right or not key.startswith(begin) or len(key) == len(begin):
        raise InvalidRequestError(
            "An SSH host key is its type and its base64 text, as in a line of"
            " /etc/ssh/ssh_host_ed25519_key.pub there without the comment:"
            f" {text!r:.100} is not."
        )
