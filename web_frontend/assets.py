"""Scripts, styles and pictures, at addresses that change with their contents."""

import hashlib
from pathlib import Path

from flask import Blueprint, Response, current_app, send_from_directory

STATIC = Path(__file__).parent / "static"
_YEAR_SECONDS = 31_536_000

blueprint = Blueprint("assets", __name__)


@blueprint.get("/static/<version>/<path:name>")
def send_asset(version: str, name: str) -> Response:
    """Send a file, to be kept for long: another version of it has another address."""
    answer = send_from_directory(STATIC, name)
    if version == current_app.config["ASSETS_VERSION"]:
        answer.headers["Cache-Control"] = f"public, max-age={_YEAR_SECONDS}, immutable"
    return answer


def asset(name: str) -> str:
    """Return the address of a file below `static`."""
    return f"/static/{current_app.config['ASSETS_VERSION']}/{name}"


def assets_version() -> str:
    """Return what names these contents of all files together."""
    total = hashlib.sha256()
    for path in sorted(path for path in STATIC.rglob("*") if path.is_file()):
        total.update(path.relative_to(STATIC).as_posix().encode() + b"\0" + path.read_bytes())
    return total.hexdigest()[:12]
