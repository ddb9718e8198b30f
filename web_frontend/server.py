"""The web server: waitress, which lets no slow client keep a thread."""

import logging
import socket
import threading
from typing import Any

from waitress.server import create_server

from librarian.service.config import ConfigError
from web_frontend.app import create_app
from web_frontend.config import WebFrontendConfig
from web_frontend.security import MAX_BODY_BYTES

# A request's line and headers: a long search fits, and no more.
_MAX_HEADER_BYTES = 64 * 1024
_SILENT_SECONDS = 60
_CONNECTIONS = 1000
# A browser that takes nothing for so long has lost its answer: its thread serves others again.
_STALLED_SECONDS = 60
# So much of an answer waits for a slow browser, in memory and never on disk.
_WAITING_BYTES = 4 * 1024 * 1024
_STOP_SECONDS = 2.0


class WebServer:
    """A server that listens, in a thread of its own."""

    def __init__(self, server: Any, address: str) -> None:
        self.address = address
        self._server = server
        self._thread = threading.Thread(target=server.run, name="web", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Stop listening; live pages are left where they are, and come back by themselves."""
        self._server.trigger.pull_trigger(self._server.close)
        self._server.task_dispatcher.shutdown(cancel_pending=True, timeout=_STOP_SECONDS)


def start(config: WebFrontendConfig) -> WebServer:
    """Start a server; raise ConfigError when the configuration or the port cannot be used."""
    config.check_listen()
    app = create_app(config)
    # It tells of each request that waits for a thread.
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)
    host, _, port = config.listen.rpartition(":")
    try:
        server: Any = create_server(
            app,
            host=host.strip("[]"),
            port=int(port),
            threads=config.threads,
            ident=None,
            connection_limit=_CONNECTIONS,
            channel_timeout=_SILENT_SECONDS,
            outbuf_high_watermark=_WAITING_BYTES,
            outbuf_overflow=4 * _WAITING_BYTES,
            max_request_header_size=_MAX_HEADER_BYTES,
            # The application refuses less with a page; this ends a body that never ends.
            max_request_body_size=4 * MAX_BODY_BYTES,
            clear_untrusted_proxy_headers=False,
            expose_tracebacks=False,
        )
    except (OSError, ValueError) as error:
        raise ConfigError(f"Cannot listen on {config.listen}: {error}.") from error
    # For each connection that is accepted; waitress takes it from nowhere else.
    server.adj.socket_options = [
        (socket.IPPROTO_TCP, socket.TCP_NODELAY, 1),
        (socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, int(_STALLED_SECONDS * 1000)),
    ]
    return WebServer(server, f"{host}:{server.effective_port}")
