"""The coverage of the sky by night and sidereal time, and the growth of the archive."""

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, render_template, request, url_for

from librarian.client.statistics import Coverage
from web_frontend.catalogue import librarian
from web_frontend.plots.axes import day_of_night
from web_frontend.plots.coverage import MEASURES, draw_coverage
from web_frontend.plots.growth import draw_growth
from web_frontend.plots.nights import Nights, read_night, search_of_nights

blueprint = Blueprint("coverage", __name__)

_ZOOM_IN, _ZOOM_OUT, _MOVE = 0.5, 2.0, 0.5


@blueprint.get("/coverage", endpoint="show")
def show_coverage() -> str:
    """Show how much was observed at which sidereal time in which nights."""
    measure = request.args.get("by", "bytes")
    measure = measure if measure in MEASURES else "bytes"
    first, last = (read_night(request.args.get(end, "")) for end in ("from", "to"))
    if first is not None and last is not None and first > last:
        first, last = last, first
    coverage = librarian().get_coverage(first, last)
    shown = Nights(coverage.min_night_jd, coverage.max_night_jd)
    return render_template(
        "coverage/show.html",
        coverage=coverage,
        plot=draw_coverage(coverage, measure) if coverage.first_night_jd else None,
        measure=measure,
        measures=MEASURES,
        shown=shown,
        ways=_ways(coverage, shown, measure),
        search_of_nights=search_of_nights,
        day_of=day_of_night,
    )


@blueprint.get("/coverage/growth", endpoint="growth")
def show_growth() -> str:
    """Show how the archive has grown."""
    return render_template("coverage/growth.html", growth=draw_growth(librarian().list_arrivals()))


def _ways(coverage: Coverage, shown: Nights, measure: str) -> Mapping[str, str]:
    """Return where the buttons lead; one that would change nothing is left out."""
    everything = Nights(coverage.first_night_jd, coverage.last_night_jd)
    wanted = {
        "in": shown.resized(_ZOOM_IN),
        "out": shown.resized(_ZOOM_OUT).within(everything),
        "earlier": shown.moved(-_MOVE).within(everything),
        "later": shown.moved(_MOVE).within(everything),
        "all": everything,
    }
    by = measure if measure != "bytes" else None
    ways = {name: _address(by, one) for name, one in wanted.items()}
    ways["all"] = url_for("coverage.show", by=by)
    return {name: ways[name] for name, one in wanted.items() if one != shown}


def _address(measure: str | None, nights: Nights) -> str:
    # A word of the language cannot be an argument by its name.
    ends: dict[str, Any] = {"from": nights.first, "to": nights.last}
    return url_for("coverage.show", by=measure, **ends)
