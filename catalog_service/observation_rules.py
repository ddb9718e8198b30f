"""Which observation a file belongs to: what its caller says, itself, or its neighbours by name."""

import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace

from librarian.errors import InvalidRequestError
from librarian.names import show_name
from librarian.times import is_plausible_jd, obsid_to_jd

_PREFIX_PARTS = 3
# The first obsid is 6 January 1980; the last, in the year 3000, is well below this.
_MAX_OBSID = 40_000_000_000


@dataclass(frozen=True, slots=True)
class ObservationFacts:
    """What is known of an observation; its start may still have to be derived from its obsid."""

    obsid: int
    start_time_jd: float | None = None
    stop_time_jd: float | None = None
    start_lst_hr: float | None = None

    def to_json(self) -> str:
        """Return the facts as text that `facts_from_json` reads."""
        return json.dumps(asdict(self))


def facts_from_json(text: str | None) -> ObservationFacts | None:
    """Return the facts that were kept as text, or None for none."""
    return ObservationFacts(**json.loads(text)) if text else None


def check_facts(facts: ObservationFacts) -> ObservationFacts:
    """Return what a caller says of an observation unchanged, or raise InvalidRequestError."""
    if not 0 <= facts.obsid <= _MAX_OBSID:
        raise InvalidRequestError(
            f"The obsid {facts.obsid} cannot be: obsids are GPS seconds since 6 January 1980."
        )
    for jd in (facts.start_time_jd, facts.stop_time_jd):
        if jd is not None and not is_plausible_jd(jd):
            raise InvalidRequestError(f"{jd} is no Julian date of an observation, in days.")
    start, stop, lst = facts.start_time_jd, facts.stop_time_jd, facts.start_lst_hr
    if start is not None and stop is not None and stop < start:
        raise InvalidRequestError("The observation stops before it starts: correct its times.")
    if lst is not None and not (math.isfinite(lst) and 0 <= lst < 24):
        raise InvalidRequestError("A sidereal time is given in hours, at least 0 and below 24.")
    return facts


def name_prefix(file_name: str) -> str | None:
    """Return `zen.JD.frac.` of a name that has a fourth part, by which its kin are known."""
    parts = file_name.split(".", _PREFIX_PARTS)
    return ".".join(parts[:_PREFIX_PARTS]) + "." if len(parts) > _PREFIX_PARTS else None


def merge_facts(said: ObservationFacts, found: ObservationFacts | None) -> ObservationFacts:
    """Fill what a caller left out with what the file says, if it speaks of the same observation."""
    if found is None or found.obsid != said.obsid:
        return said
    return ObservationFacts(
        said.obsid,
        found.start_time_jd if said.start_time_jd is None else said.start_time_jd,
        found.stop_time_jd if said.stop_time_jd is None else said.stop_time_jd,
        found.start_lst_hr if said.start_lst_hr is None else said.start_lst_hr,
    )


@dataclass(frozen=True, slots=True)
class Evidence:
    """All that bears on the observation of one file."""

    file_name: str
    said: ObservationFacts | None
    found: ObservationFacts | None
    null_obsid: bool


def needs_kin(evidence: Evidence) -> bool:
    """Tell whether only other files of the same prefix can say the observation."""
    return not (evidence.said or evidence.found or evidence.null_obsid)


def resolve_observation(
    evidence: Evidence, kin: Mapping[str, Iterable[ObservationFacts]]
) -> ObservationFacts | None:
    """Return the observation of a file, or None for one that shall have none.

    `kin` has, by name prefix, the observations of other files. Raises InvalidRequestError when
    the file has none and none was declared, and when it has one and none was declared.
    """
    if evidence.null_obsid:
        _refuse_observed(evidence)
        return None
    if evidence.said is not None:
        return complete_facts(merge_facts(evidence.said, evidence.found))
    if evidence.found is not None:
        return evidence.found
    candidates = {
        facts.obsid: facts for facts in kin.get(name_prefix(evidence.file_name) or "", ())
    }
    if len(candidates) == 1:
        return complete_facts(next(iter(candidates.values())))
    raise InvalidRequestError(_no_observation(evidence.file_name, len(candidates)))


def complete_facts(facts: ObservationFacts) -> ObservationFacts:
    """Return the facts with a start, derived from the obsid when it is not known better."""
    if facts.start_time_jd is not None:
        return facts
    return replace(facts, start_time_jd=obsid_to_jd(facts.obsid))


def _refuse_observed(evidence: Evidence) -> None:
    facts = evidence.said or evidence.found
    if facts is not None:
        raise InvalidRequestError(
            f"The file {show_name(evidence.file_name)} belongs to observation {facts.obsid}: leave"
            " out null_obsid, which is for files that belong to none."
        )


def _no_observation(file_name: str, candidate_count: int) -> str:
    known = f" Files of the same prefix belong to {candidate_count} of them." * (
        candidate_count > 1
    )
    return (
        f"The file {show_name(file_name)} does not tell its observation.{known} Give its obsid"
        " (--obsid), or say that it belongs to none (--null-obsid)."
    )
