"""The rules of the code that no linter knows."""

import ast
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.source_tree import ROOT, Module, is_within, modules

MAX_MODULE_LINES = 300
MAX_FUNCTION_LINES = 50
VAGUE_NAMES = {"common", "core", "helpers", "manager", "misc", "util", "utils"}
# Only here may a test's process sleep, and only a gRPC status be made.
POLLING = "tests.polling"
ERROR_INTERCEPTOR = "librarian.service.errors"
UNFINISHED = ("TO" + "DO", "FIX" + "ME", "X" + "XX")

Check = Callable[[Module], Iterator[str]]


def long_modules(module: Module) -> Iterator[str]:
    """Find a module that should be two."""
    lines = module.text.count("\n")
    if lines > MAX_MODULE_LINES:
        yield f"{module.path}: {lines} lines"


def long_functions(module: Module) -> Iterator[str]:
    """Find functions that should be several."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            lines = (node.end_lineno or node.lineno) - node.lineno + 1
            if lines > MAX_FUNCTION_LINES:
                yield f"{module.path}:{node.lineno}: {node.name} has {lines} lines"


def vague_names(module: Module) -> Iterator[str]:
    """Find modules whose name says nothing."""
    if VAGUE_NAMES.intersection(module.name.split(".")):
        yield module.name


def unfinished_work(module: Module) -> Iterator[str]:
    """Find notes of work that was not done: what is not there is absent, not promised."""
    for number, line in enumerate(module.text.splitlines(), start=1):
        if any(word in line for word in UNFINISHED):
            yield f"{module.path}:{number}: {line.strip()}"


def statuses_made_elsewhere(module: Module) -> Iterator[str]:
    """Find gRPC statuses that are made outside the one place that turns errors into them."""
    if module.name != ERROR_INTERCEPTOR:
        yield from _calls(module, {"abort", "abort_with_status", "set_code"})


def skippable_tests(module: Module) -> Iterator[str]:
    """Find tests that can be skipped: what cannot be had is a failure."""
    if is_within(module.name, ("tests",)):
        words = {"skip", "skipif", "xfail", "importorskip", "skipTest"}
        for node in ast.walk(module.tree):
            if isinstance(node, ast.Attribute) and node.attr in words:
                yield f"{module.path}:{node.lineno}: {node.attr}"


def sleeping_tests(module: Module) -> Iterator[str]:
    """Find tests that wait for a time instead of for what they expect."""
    if is_within(module.name, ("tests",)) and module.name != POLLING:
        yield from _calls(module, {"sleep"})


def mocks(module: Module) -> Iterator[str]:
    """Find mocks: tests run the real thing."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.ImportFrom | ast.Import):
            names = [alias.name for alias in node.names] + [getattr(node, "module", None) or ""]
            if any("mock" in name for name in names):
                yield f"{module.path}:{node.lineno}"


def _calls(module: Module, words: set[str]) -> Iterator[str]:
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Call):
            name = getattr(node.func, "attr", getattr(node.func, "id", ""))
            if name in words:
                yield f"{module.path}:{node.lineno}: {name}()"


CHECKS: list[Check] = [
    long_modules,
    long_functions,
    vague_names,
    unfinished_work,
    statuses_made_elsewhere,
    skippable_tests,
    sleeping_tests,
    mocks,
]

# For each check, a module that breaks its rule: a check that cannot fail checks nothing.
OFFENDERS: dict[Check, tuple[str, str]] = {
    long_modules: ("librarian.example", "x = 1\n" * (MAX_MODULE_LINES + 1)),
    long_functions: ("librarian.example", "def f():\n" + "    x = 1\n" * MAX_FUNCTION_LINES),
    vague_names: ("librarian.utils", ""),
    unfinished_work: ("librarian.example", f"# {UNFINISHED[0]}: the rest\n"),
    statuses_made_elsewhere: ("librarian.example", "context.abort(code, text)\n"),
    skippable_tests: ("tests.example", "@pytest.mark.skip\ndef test_x(): ...\n"),
    sleeping_tests: ("tests.example", "time.sleep(1)\n"),
    mocks: ("tests.example", "from unittest import mock\n"),
}


@pytest.mark.parametrize("check", CHECKS)
def test_no_module_offends(check: Check) -> None:
    assert [offence for module in modules() for offence in check(module)] == []


@pytest.mark.parametrize("check", CHECKS)
def test_an_offence_is_seen(check: Check) -> None:
    name, text = OFFENDERS[check]
    assert list(check(Module(name, Path("example.py"), text, ast.parse(text)))) != []


def test_the_whole_project_is_looked_at() -> None:
    parts = {module.name.partition(".")[0] for module in modules()}
    assert {"catalog_service", "deploy", "librarian", "migrations", "store_agent", "tests"} <= parts


def test_no_file_names_an_address_of_this_machine() -> None:
    places = ["/opt/" + "pypi", "/root" + "/", "pypi." + "org", "files.python" + "hosted"]
    texts = {path: path.read_text(encoding="utf-8") for path in _shipped_texts()}
    assert len(texts) > 10
    assert [
        (path, place) for path, text in texts.items() for place in places if place in text
    ] == []


def _shipped_texts() -> Iterator[Path]:
    folders = ["catalog_service", "deploy", "migrations", "protos", "python_client", "requirements"]
    kinds = {".md", ".py", ".sh", ".toml", ".txt", ".proto", ".ini", ".service"}
    for folder in [*folders, "store_agent", "tests", "web_frontend"]:
        yield from (path for path in (ROOT / folder).rglob("*") if path.suffix in kinds)
    yield from (path for path in ROOT.glob("*") if path.suffix in kinds or path.name == "Makefile")
