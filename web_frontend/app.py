"""The wiring: configuration, connection, protection, pages."""

from typing import Any

from flask import Flask, g, request
from werkzeug.middleware.proxy_fix import ProxyFix

from web_frontend import formats, navigation
from web_frontend.access_log import log_requests
from web_frontend.assets import asset, assets_version
from web_frontend.catalogue import Catalogue, catalogue
from web_frontend.config import WebFrontendConfig
from web_frontend.errors import register_error_pages
from web_frontend.key_file import read_key, read_token
from web_frontend.requests import IdConverter, this_page
from web_frontend.rights import check_rights, may
from web_frontend.security import protect
from web_frontend.streams import share_threads
from web_frontend.views import register_views

_THEMES = ("light", "dark")


def create_app(config: WebFrontendConfig) -> Flask:
    """Return the application; raise ConfigError when its files cannot be used."""
    app = Flask("web_frontend", static_folder=None)
    app.secret_key = read_key(config.secret_key_file)
    app.config.update(PUBLIC_URL=config.public_url, ASSETS_VERSION=assets_version())
    app.extensions["catalogue"] = Catalogue(config, read_token(config.token_file))
    share_threads(app, config.threads, config.max_streams)
    log_requests(app)
    # Before a form's token is looked at: who may not send it is told that, whatever it holds.
    app.before_request(check_rights)
    protect(app, config.cookie_name, secure=config.secure)
    app.url_map.converters["id"] = IdConverter
    register_views(app)
    register_error_pages(app)
    _prepare_templates(app)
    if config.trusted_proxies:
        number = config.trusted_proxies
        fixed = ProxyFix(app.wsgi_app, x_for=number, x_proto=number, x_host=number)
        app.wsgi_app = fixed  # type: ignore[method-assign]
    return app


def _prepare_templates(app: Flask) -> None:
    environment = app.jinja_env
    environment.trim_blocks = environment.lstrip_blocks = True
    for name in formats.__all__:
        if name.startswith("format_"):
            environment.filters[name.removeprefix("format_")] = getattr(formats, name)
    environment.globals.update(
        asset=asset, may=may, jd_of=formats.jd_of, time_of_jd=formats.time_of_jd
    )
    # Every template has the macros as `ui`, without an import.
    environment.globals["ui"] = environment.get_template("macros/ui.html").module
    app.context_processor(_about_the_page)


def _about_the_page() -> dict[str, Any]:
    person = g.get("person")
    theme = request.cookies.get("theme", "")
    return {
        "person": person,
        "site_name": person.site if person else catalogue().site_name(),
        "theme": theme if theme in _THEMES else "auto",
        "places": navigation.reachable(navigation.PLACES),
        "own_places": navigation.reachable(navigation.OWN_PLACES),
        "is_here": navigation.is_here,
        "this_page": this_page(),
    }
