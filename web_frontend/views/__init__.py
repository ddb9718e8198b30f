"""The pages, a blueprint for each noun."""

from flask import Flask

from web_frontend import assets
from web_frontend.views import health, home, sign_in

BLUEPRINTS = (
    assets.blueprint,
    health.blueprint,
    home.blueprint,
    sign_in.blueprint,
)


def register_views(app: Flask) -> None:
    """Add every page to the application."""
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)
