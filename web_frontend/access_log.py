"""One line in the log for each request, without anything that could be a secret."""

import logging
import time

from flask import Flask, Response, g, request

logger = logging.getLogger(__name__)


def log_requests(app: Flask) -> None:
    """Log each request: method, path without its query, status, milliseconds, account."""
    app.before_request(_begin)
    app.after_request(_log)


def _begin() -> None:
    g.begun = time.monotonic()


def _log(response: Response) -> Response:
    if request.endpoint not in ("assets.send_asset", "health.show_health"):
        person = g.get("person")
        logger.info(
            "%s %s %s %.0f ms %s %s",
            request.method,
            request.path,
            response.status_code,
            (time.monotonic() - g.get("begun", time.monotonic())) * 1000,
            person.account if person else "-",
            request.remote_addr or "-",
        )
    return response
