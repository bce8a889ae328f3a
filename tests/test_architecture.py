"""The walls of the house: who may import what, who may touch the outside."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[1]
MODULES = {
    ".".join(path.relative_to(REPOSITORY).with_suffix("").parts).removesuffix(".__init__"): path
    for package in ("response", "dashboard")
    for path in sorted((REPOSITORY / package).rglob("*.py"))
}
OF_ALERTS = (
    *("rules", "facts", "ledger", "present", "record", "runner.beat"),
    *(f"delivery.{name}" for name in ("hooks", "hours", "outbox", "routing", "telling", "words")),
)
PURE = (
    *("response.criteria", "response.match", "response.measure", "dashboard.figures"),
    *(f"response.alerts.{name}" for name in OF_ALERTS),
    *(name for name in MODULES if name.startswith("response.alerts.rules.all_rules")),
)
OUTSIDE = {
    "os",
    "io",
    "pathlib",
    "shutil",
    "socket",
    "subprocess",
    "tempfile",
    "urllib",
    "requests",
}
OUTSIDE_CALLS = {"open", "ReadImage", "WriteImage", "read_text", "write_text", "read_bytes"}


def imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def eager_imports(path: Path) -> Iterator[str]:
    """Yield what importing a module imports; a package only where it is itself meant."""
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                name = f"{node.module}.{alias.name}"
                yield name if name in MODULES else node.module


def within(name: str, package: str) -> bool:
    return name == package or name.startswith(package + ".")


@pytest.mark.parametrize(
    ("library", "room"), [("duckdb", "response.store"), ("ants", "response.register.ants_engine")]
)
def test_one_door_to_the_library(library: str, room: str) -> None:
    users = {
        name for name, path in MODULES.items() if any(within(i, library) for i in imports(path))
    }
    assert users, f"nobody imports {library}"
    assert all(within(name, room) for name in users)


def test_response_never_imports_dashboard() -> None:
    for name, path in MODULES.items():
        if within(name, "response"):
            assert not any(within(i, "dashboard") for i in imports(path)), name


@pytest.mark.parametrize("room", PURE)
def test_rules_do_no_input_or_output(room: str) -> None:
    found = {name: path for name, path in MODULES.items() if within(name, room)}
    assert found, f"{room} is not there"
    for name, path in found.items():
        assert not {i.split(".")[0] for i in imports(path)} & OUTSIDE, name
        calls = {
            getattr(node.func, "attr", getattr(node.func, "id", ""))
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
            if isinstance(node, ast.Call)
        }
        assert not calls & OUTSIDE_CALLS, name


def test_nobody_imports_in_a_circle() -> None:
    edges = {
        name: {i for i in eager_imports(path) if i in MODULES and i != name}
        for name, path in MODULES.items()
    }
    done: set[str] = set()

    def visit(name: str, trail: tuple[str, ...]) -> None:
        assert name not in trail, " → ".join((*trail[trail.index(name) :], name))
        if name not in done:
            for other in sorted(edges[name]):
                visit(other, (*trail, name))
            done.add(name)

    for name in MODULES:
        visit(name, ())


def test_the_top_level_holds_only_what_was_agreed() -> None:
    agreed = {
        *("pyproject.toml", "response", "dashboard", "tests", "fixtures", "README.md"),
        *(".ci", ".gitignore", "LICENSE", ".git"),
    }
    ignored = {".venv", "response-home"}
    names = {p.name for p in REPOSITORY.iterdir() if not p.name.endswith(("_cache", ".egg-info"))}
    assert names - ignored - {".hypothesis", ".coverage", "__pycache__"} <= agreed
