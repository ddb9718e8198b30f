"""The first page."""

from flask import Blueprint, render_template

blueprint = Blueprint("home", __name__)


@blueprint.get("/")
def show_home() -> str:
    """Show what is new."""
    return render_template("home/home.html")
