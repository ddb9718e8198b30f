"""The pages, a blueprint for each noun."""

from flask import Flask

from web_frontend import assets
from web_frontend.views import (
    accounts,
    audit,
    coverage,
    downloads,
    exports,
    files,
    health,
    home,
    librarian_settings,
    librarians,
    observations,
    orders,
    own_account,
    reconciliations,
    saved_searches,
    search,
    sending,
    sessions,
    sign_in,
    staging,
    stores,
    transfers,
)

BLUEPRINTS = (
    accounts.blueprint,
    assets.blueprint,
    audit.blueprint,
    coverage.blueprint,
    downloads.blueprint,
    exports.blueprint,
    files.blueprint,
    health.blueprint,
    home.blueprint,
    librarian_settings.blueprint,
    librarians.blueprint,
    observations.blueprint,
    orders.blueprint,
    own_account.blueprint,
    reconciliations.blueprint,
    saved_searches.blueprint,
    search.blueprint,
    sending.blueprint,
    sessions.blueprint,
    sign_in.blueprint,
    staging.blueprint,
    stores.blueprint,
    transfers.blueprint,
)


def register_views(app: Flask) -> None:
    """Add every page to the application."""
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)
