"""The front end's way to the catalogue: one connection, and each caller's own token on it."""

import ipaddress
import threading
from dataclasses import replace

from cachetools import TTLCache
from flask import current_app, g, request

from librarian.client.account_records import SiteInfo
from librarian.client.connections import ConnectionSettings
from librarian.client.librarian import Librarian
from librarian.client.sites import SiteLink
from librarian.errors import LibrarianError, NotReachableError, WaitTimedOutError
from web_frontend.config import WebFrontendConfig

PAGE_TIMEOUT_SECONDS = 10.0
"""A page waits so long for an answer of the catalogue's."""

_KNOWN_SECONDS = 5.0
_NAME_SECONDS = 60.0
_HEALTH_SECONDS = 1.0
_HEALTH_TIMEOUT_SECONDS = 2.0
_NOBODY = "none"


class Catalogue:
    """The connection to the catalogue, and what was lately learnt of those who use it."""

    def __init__(self, config: WebFrontendConfig, own_token: str) -> None:
        """Address the catalogue; nothing is sent yet."""
        self.address = config.catalog_address
        self._own_token = own_token
        self._settings = ConnectionSettings(
            config.catalog_address,
            own_token or _NOBODY,
            str(config.catalog_ca_file) if config.catalog_ca_file else None,
            config.catalog_tls or None,
            config.catalog_insecure,
        )
        self._agent_ca_file = str(config.agent_ca_file) if config.agent_ca_file else None
        self._link = SiteLink(self._settings)
        self._lock = threading.Lock()
        self._people: TTLCache[str, SiteInfo] = TTLCache(10_000, _KNOWN_SECONDS)
        self._names: TTLCache[str, str] = TTLCache(1, _NAME_SECONDS)
        # Strangers ask for it too: they must not call the catalogue as often as they like.
        self._health: TTLCache[str, bool] = TTLCache(1, _HEALTH_SECONDS)
        self._last_health: bool | None = None
        self._asking_health = threading.Lock()

    def librarian(
        self, token: str, address: str, *, timeout_seconds: float = PAGE_TIMEOUT_SECONDS
    ) -> Librarian:
        """Return a Librarian for the person of a token, whose browser is at an address."""
        vouched = (
            ("librarian-front-end", self._own_token),
            ("librarian-client-address", _plain(address)),
        )
        settings = replace(
            self._settings, authenticator=token or _NOBODY, ca_file=self._agent_ca_file
        )
        link = self._link.on_behalf_of(
            settings,
            token=token,
            timeout_seconds=timeout_seconds,
            metadata=vouched if self._own_token else (),
        )
        return Librarian.over(link)

    def who_is(self, token: str, address: str) -> SiteInfo:
        """Return whom the catalogue takes a token for; it is asked again after some seconds."""
        with self._lock:
            known = self._people.get(token)
        if known is None:
            known = self.librarian(token, address).ping()
            with self._lock:
                self._people[token] = known
                self._names["site"] = known.site
        return known

    def forget(self, token: str) -> None:
        """Forget whom a token is of: it was revoked."""
        with self._lock:
            self._people.pop(token, None)

    def site_name(self) -> str:
        """Return the site's name for a page without a sign-in; empty when it is not known."""
        with self._lock:
            name = self._names.get("site", "")
        if not name and self.answers():
            with self._lock:
                name = self._names.get("site", "")
        return name

    def answers(self) -> bool:
        """Say whether the catalogue serves just now."""
        known = self._known_health()
        if known is not None:
            return known
        # One thread waits for a catalogue that hangs; all others believe what was last found.
        if not self._asking_health.acquire(blocking=self._last_health is None):
            return bool(self._last_health)
        try:
            known = self._known_health()
            return self._ask_health() if known is None else known
        finally:
            self._asking_health.release()

    def _known_health(self) -> bool | None:
        with self._lock:
            return self._health.get("catalogue")

    def _ask_health(self) -> bool:
        name = self._name_told()
        with self._lock:
            self._last_health = self._health["catalogue"] = name is not None
            if name:
                self._names["site"] = name
        return name is not None

    def _name_told(self) -> str | None:
        """Return what the site says it is called; None when nobody answers."""
        asking = self.librarian(self._own_token, "", timeout_seconds=_HEALTH_TIMEOUT_SECONDS)
        try:
            return asking.ping().site
        except (NotReachableError, WaitTimedOutError):
            return None
        except LibrarianError:
            # It refuses, so it is there.
            return ""

    def close(self) -> None:
        """End the connection."""
        self._link.close()


def _plain(address: str) -> str:
    """Return an address if it is one: what a proxy passes on may be anything."""
    try:
        return str(ipaddress.ip_address(address.partition("%")[0]))
    except ValueError:
        return ""


def catalogue() -> Catalogue:
    """Return the application's way to the catalogue."""
    found: Catalogue = current_app.extensions["catalogue"]
    return found


def librarian() -> Librarian:
    """Return the Librarian of the person who asks for this page."""
    if "librarian" not in g:
        g.librarian = catalogue().librarian(g.token, request.remote_addr or "")
    made: Librarian = g.librarian
    return made
