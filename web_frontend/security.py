"""What each answer tells browsers to forbid, and which changes are refused before they are read."""

from urllib.parse import urlsplit

from flask import Flask, Response, current_app, request
from flask_wtf.csrf import CSRFProtect

from librarian.errors import NotAllowedError

MAX_BODY_BYTES = 1024 * 1024
"""No form is larger."""

CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "connect-src 'self'",
        "font-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)

_HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    # Without any, browsers would call the origin of a form "null".
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}
_SAFE_METHODS = ("GET", "HEAD", "OPTIONS")
_TWELVE_HOURS = 12 * 3600
_YEAR_SECONDS = 31_536_000


def protect(app: Flask, cookie_name: str, *, secure: bool) -> None:
    """Set up cookies, the limits of requests, and what goes with each answer."""
    app.config.update(
        SESSION_COOKIE_NAME=cookie_name,
        SESSION_COOKIE_SECURE=secure,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_PATH="/",
        PERMANENT_SESSION_LIFETIME=_TWELVE_HOURS,
        MAX_CONTENT_LENGTH=MAX_BODY_BYTES,
        MAX_FORM_MEMORY_SIZE=MAX_BODY_BYTES,
        MAX_FORM_PARTS=1000,
        # A form is as good as its sign-in, however long it was left open.
        WTF_CSRF_TIME_LIMIT=None,
        # `check_origin` does it, by what browsers say of themselves.
        WTF_CSRF_SSL_STRICT=False,
    )
    app.before_request(check_origin)
    CSRFProtect(app)
    app.after_request(_add_headers)


def check_origin() -> None:
    """Refuse a change that a page of another site has sent."""
    if request.method in _SAFE_METHODS:
        return
    origin = request.headers.get("Origin")
    fetched_from = request.headers.get("Sec-Fetch-Site", "same-origin")
    if fetched_from not in ("same-origin", "none") or (origin and origin not in _own_origins()):
        raise NotAllowedError("This form was sent from another site, so nothing was done.")


def _own_origins() -> set[str]:
    own = urlsplit(request.host_url)
    return {f"{own.scheme}://{own.netloc}", current_app.config["PUBLIC_URL"]}


def _add_headers(response: Response) -> Response:
    for name, value in _HEADERS.items():
        response.headers.setdefault(name, value)
    response.headers.setdefault("Cache-Control", "no-store")
    if current_app.config["SESSION_COOKIE_SECURE"]:
        response.headers.setdefault("Strict-Transport-Security", f"max-age={_YEAR_SECONDS}")
    return response
