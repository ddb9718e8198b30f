"""What may import what: the arrows of the architecture, as a table."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.source_tree import Module, imported_names, is_within, modules

SERVICES = ("catalog_service", "store_agent", "transfer_service", "web_frontend")
SERVER_LIBRARIES = (
    "alembic",
    "argon2",
    "cachetools",
    "cryptography",
    "flask",
    "flask_wtf",
    "grpc_health",
    "grpc_reflection",
    "itsdangerous",
    "psycopg2",
    "pydantic",
    "pydantic_settings",
    "sqlalchemy",
    "tenacity",
    "waitress",
)


@dataclass(frozen=True)
class Rule:
    """Modules under `who`, but those under `except_for`, never import `never`, but `save`."""

    why: str
    who: tuple[str, ...]
    never: tuple[str, ...]
    except_for: tuple[str, ...] = ()
    save: tuple[str, ...] = ()

    def broken_by(self, module: Module) -> list[str]:
        """Return what the module imports against the rule."""
        if not is_within(module.name, self.who) or is_within(module.name, self.except_for):
            return []
        names = imported_names(module.tree)
        return [n for n in names if is_within(n, self.never) and not is_within(n, self.save)]


# Where the catalogue and the agent speak gRPC; all else in them is domain.
CATALOG_EDGE = tuple(
    f"catalog_service.{name}" for name in ("__main__", "app", "agents", "neighbours", "rpc")
)
AGENT_EDGE = tuple(
    f"store_agent.{name}" for name in ("__main__", "app", "announcements", "neighbours", "rpc")
)

RULES = [
    Rule(
        "services meet over gRPC",
        ("catalog_service",),
        ("store_agent", "transfer_service", "web_frontend"),
    ),
    Rule(
        "services meet over gRPC",
        ("store_agent",),
        ("catalog_service", "migrations", "transfer_service", "web_frontend"),
    ),
    Rule(
        "services meet over gRPC",
        ("transfer_service",),
        ("catalog_service", "migrations", "store_agent", "web_frontend"),
    ),
    Rule(
        "services meet over gRPC",
        ("web_frontend",),
        ("catalog_service", "migrations", "store_agent", "transfer_service"),
    ),
    Rule("pages call the client, not the command", ("web_frontend",), ("librarian.cli",)),
    Rule(
        "pages are made by one service",
        ("librarian", "catalog_service", "store_agent", "transfer_service"),
        ("flask", "flask_wtf", "waitress"),
    ),
    Rule("what everyone may import knows no service", ("librarian",), SERVICES, ("librarian.cli",)),
    Rule(
        "the catalogue alone touches the database",
        ("librarian", "store_agent", "transfer_service", "web_frontend"),
        ("sqlalchemy", "alembic", "psycopg2"),
    ),
    Rule(
        "the client is installed without the server's libraries",
        ("librarian",),
        SERVER_LIBRARIES,
        except_for=("librarian.service",),
    ),
    Rule(
        "the client does not need a service's chassis",
        ("librarian",),
        ("librarian.service",),
        except_for=("librarian.service", "librarian.cli"),
    ),
    Rule("a command is above the client", ("librarian.client",), ("librarian.cli",)),
    Rule(
        "times are computed in one place",
        ("librarian", *SERVICES),
        ("astropy",),
        # Its tables hold times, which astropy keeps.
        ("librarian.times", "librarian.client.tables"),
    ),
    Rule(
        "formats are read in one place", ("librarian", *SERVICES), ("h5py",), ("librarian.formats",)
    ),
    Rule("a terminal belongs to the command", SERVICES, ("click", "rich")),
    Rule("errors know no gRPC", ("librarian.errors",), ("grpc", "librarian")),
    Rule(
        "the catalogue's domain knows no gRPC",
        ("catalog_service",),
        ("grpc", "librarian.v1", "librarian.client"),
        except_for=CATALOG_EDGE,
    ),
    Rule(
        "the catalogue's domain knows nothing above it",
        ("catalog_service",),
        (
            "catalog_service.__main__",
            "catalog_service.app",
            "catalog_service.rpc",
            "catalog_service.loops",
            "catalog_service.agents",
            "catalog_service.neighbours",
        ),
        except_for=(*CATALOG_EDGE, "catalog_service.loops"),
    ),
    Rule(
        "loops and servicers do not meet",
        ("catalog_service.loops",),
        ("catalog_service.rpc", "catalog_service.app"),
    ),
    Rule(
        "loops and servicers do not meet",
        ("catalog_service.rpc",),
        ("catalog_service.loops", "catalog_service.app"),
    ),
    Rule(
        "tables know only tables",
        ("catalog_service.tables",),
        ("catalog_service", "librarian"),
        save=("catalog_service.tables",),
    ),
    Rule(
        "the agent's domain knows no gRPC",
        ("store_agent",),
        ("grpc", "librarian.v1", "librarian.client"),
        except_for=AGENT_EDGE,
    ),
    Rule(
        "the agent's domain knows nothing above it",
        ("store_agent",),
        AGENT_EDGE,
        except_for=AGENT_EDGE,
    ),
    Rule(
        "what is shipped needs nothing of ours that is not",
        ("librarian", *SERVICES, "migrations"),
        ("tests", "deploy"),
    ),
]


def _broken_arrows(rule: Rule) -> Iterator[str]:
    for module in modules():
        for name in rule.broken_by(module):
            yield f"{module.name} imports {name}"


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: f"{rule.who[0]}: {rule.why}")
def test_no_arrow_points_back(rule: Rule) -> None:
    assert list(_broken_arrows(rule)) == []


def test_each_rule_speaks_of_modules_that_exist() -> None:
    names = [module.name for module in modules()]
    idle = [rule.why for rule in RULES if not any(is_within(name, rule.who) for name in names)]
    assert idle == []


@pytest.mark.parametrize(
    "source",
    [
        "import sqlalchemy.orm",
        "from sqlalchemy import select",
        "def late():\n    from sqlalchemy.orm import Session",
    ],
)
def test_a_forbidden_import_is_seen_however_it_is_written(source: str) -> None:
    rule = Rule("an example", ("store_agent",), ("sqlalchemy",))
    module = Module("store_agent.example", Path("example.py"), source, ast.parse(source))
    assert rule.broken_by(module) != []
