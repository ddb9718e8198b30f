"""Whether the site serves: for proxies, and for pages that wait for it to come back."""

from flask import Blueprint, jsonify
from werkzeug.wrappers import Response

from web_frontend.catalogue import catalogue

blueprint = Blueprint("health", __name__)


@blueprint.get("/healthz")
def show_health() -> tuple[Response, int]:
    """Say whether the catalogue answers."""
    answers = catalogue().answers()
    return jsonify(catalogue="answers" if answers else "away"), 200 if answers else 503
