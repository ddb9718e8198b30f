"""The project's own Python modules, parsed, for the tests that check the rules of its code."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parent.parent
SOURCES = {
    "catalog_service": "catalog_service",
    "store_agent": "store_agent",
    "transfer_service": "transfer_service",
    "web_frontend": "web_frontend",
    "librarian": "python_client/librarian",
    "migrations": "migrations",
    "deploy": "deploy",
    "tests": "tests",
}
GENERATED = "librarian.v1"


@dataclass(frozen=True)
class Module:
    """One module: its dotted name, its file, its text and its syntax tree."""

    name: str
    path: Path
    text: str
    tree: ast.Module


@cache
def modules() -> tuple[Module, ...]:
    """Return every module of the project but the generated ones."""
    return tuple(sorted(_read_modules(), key=lambda module: module.name))


def is_within(name: str, prefixes: tuple[str, ...]) -> bool:
    """Tell whether a dotted name is one of the prefixes, or lies beneath one."""
    return any(name == prefix or name.startswith(f"{prefix}.") for prefix in prefixes)


def imported_names(tree: ast.Module) -> Iterator[str]:
    """Yield what a module imports, at its top or inside a function, as dotted names."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _read_modules() -> Iterator[Module]:
    for package, folder in SOURCES.items():
        for path in (ROOT / folder).rglob("*.py"):
            parts = [package, *path.relative_to(ROOT / folder).with_suffix("").parts]
            name = ".".join(parts).removesuffix(".__init__")
            if not is_within(name, (GENERATED,)):
                text = path.read_text(encoding="utf-8")
                yield Module(name, path, text, ast.parse(text))
