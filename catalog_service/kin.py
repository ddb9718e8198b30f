"""The observations of files that share a name's prefix."""

from collections.abc import Iterable

from sqlalchemy import select
from sqlalchemy.orm import Session

from catalog_service.observation_rules import Evidence, ObservationFacts, name_prefix
from catalog_service.tables import File, Observation

# Observations of files, by the prefix of their names.
Kin = dict[str, list[ObservationFacts]]

# More than one is as good as many: then the prefix tells nothing.
_ENOUGH = 2


def find_kin(db: Session, file_names: Iterable[str], mates: Iterable[Evidence]) -> Kin:
    """Return the observations by name prefix, of files on record and of those that come along."""
    prefixes = {prefix for prefix in map(name_prefix, file_names) if prefix is not None}
    kin = {prefix: _kin_on_record(db, prefix) for prefix in prefixes}
    for mate in mates:
        facts = mate.said or mate.found
        prefix = name_prefix(mate.file_name)
        if facts is not None and prefix in kin:
            kin[prefix].append(facts)
    return kin


def _kin_on_record(db: Session, prefix: str) -> list[ObservationFacts]:
    # By range, for that uses the plain index on both databases; "/" follows ".".
    in_range = (File.name >= prefix, File.name < prefix[:-1] + "/")
    obsids = select(File.obsid).where(*in_range, File.obsid.is_not(None)).distinct().limit(_ENOUGH)
    rows = db.execute(select(Observation).where(Observation.obsid.in_(obsids))).scalars()
    return [
        ObservationFacts(row.obsid, row.start_time_jd, row.stop_time_jd, row.start_lst_hr)
        for row in rows
    ]
