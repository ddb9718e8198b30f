"""How a page is read: planners trust that what matches lies evenly in every order.

They then walk all files by name for a hundred that match, and find them at the end, or not at all.
So PostgreSQL is asked what it would do, and where a walk might be long, and what matches is few,
all that matches is collected first. SQLite cannot tell how much matches: it is let look for it, in
no order, and broken off soon.
"""

from enum import Enum
from typing import Any

from sqlalchemy import ClauseElement, Connection, Executable, Select, func, select, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler

from catalog_service.search.time_limits import is_broken_off, limited_steps

_TRIGRAMS = "ix_file_name_trigrams"

# In the planner's units: a walk that costs less than this at worst needs no second thought,
_SHORT_WALK = 1_000.0
# one that costs less than this at worst beats the index of trigrams, whose cost the planner takes
# for a hundredth of what it is when the trigrams are common,
_FAIR_WALK = 10_000.0
# and to collect what matches takes no longer than some tens of milliseconds.
_SMALL_HEAP = 25_000.0
# What both estimates may be wrong by.
_CLEARLY_LESS = 0.75
# A walk that should find its rows this many times sooner is taken at its word.
_MUCH_SOONER = 20.0

# What SQLite collects and sorts in some milliseconds, and its own steps of which it takes as many
# in ten of them.
_FEW_ROWS = 2_000
_FEW_STEPS = 300_000


class Plan(Enum):
    """A way to read a page."""

    # As the database finds best.
    ORDERED = "ordered"
    # All that matches first, then its order.
    COLLECTED = "collected"
    # In order, past the index of trigrams.
    WALKED = "walked"

    def prepare(self, connection: Connection) -> None:
        """Tell the transaction of what the database shall make no use."""
        if self is Plan.WALKED:
            connection.execute(text("SET LOCAL enable_bitmapscan = off"))


def choose_plan(connection: Connection, query: Select[Any], collecting: Select[Any]) -> Plan:
    """Return how to read a page, given its query in the two shapes that it may have."""
    if connection.dialect.name != "postgresql":
        return _plan_on_sqlite(connection, collecting)
    ordered = _explain(connection, query)
    longest = _cost_without_limit(ordered)
    if _uses(ordered, _TRIGRAMS):
        return _plan_past_trigrams(connection, query)
    if longest <= _SHORT_WALK:
        return Plan.ORDERED
    collected = _explain(connection, collecting)
    cost = float(collected["Total Cost"])
    if _uses(collected, _TRIGRAMS) and longest <= _FAIR_WALK:
        return Plan.ORDERED
    soon = _MUCH_SOONER * float(ordered["Total Cost"])
    is_better = cost <= min(_SMALL_HEAP, _CLEARLY_LESS * longest, soon)
    return Plan.COLLECTED if is_better else Plan.ORDERED


def _plan_on_sqlite(connection: Connection, collecting: Select[Any]) -> Plan:
    found = collecting.order_by(None).limit(_FEW_ROWS).subquery()
    try:
        with limited_steps(connection, _FEW_STEPS):
            count = connection.execute(select(func.count()).select_from(found)).scalar_one()
    except OperationalError as error:
        if not is_broken_off(error):
            raise
        return Plan.ORDERED
    return Plan.COLLECTED if count < _FEW_ROWS else Plan.ORDERED


def _plan_past_trigrams(connection: Connection, query: Select[Any]) -> Plan:
    Plan.WALKED.prepare(connection)
    walked = _explain(connection, query)
    if _cost_without_limit(walked) <= _FAIR_WALK:
        return Plan.WALKED
    connection.execute(text("SET LOCAL enable_bitmapscan = on"))
    return Plan.ORDERED


class _Explained(Executable, ClauseElement):
    """What PostgreSQL would do for a statement."""

    inherit_cache = False

    def __init__(self, statement: Select[Any]) -> None:
        self.statement = statement


@compiles(_Explained, "postgresql")
def _write_explain(element: _Explained, compiler: SQLCompiler, **options: Any) -> str:
    return "EXPLAIN (FORMAT JSON) " + compiler.process(element.statement, **options)


def _explain(connection: Connection, query: Select[Any]) -> dict[str, Any]:
    plan: dict[str, Any] = connection.execute(_Explained(query)).scalar_one()[0]["Plan"]
    return plan


def _cost_without_limit(plan: dict[str, Any]) -> float:
    """Return what a plan costs that must be carried out to its end."""
    inner = plan["Plans"][0] if plan["Node Type"] == "Limit" else plan
    return float(inner["Total Cost"])


def _uses(plan: dict[str, Any], index: str) -> bool:
    """Say whether a plan looks something up in an index."""
    return plan.get("Index Name") == index or any(
        _uses(inner, index) for inner in plan.get("Plans", ())
    )
