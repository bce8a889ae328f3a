"""Every command, criterion and error is in the README, and nothing there is invented."""

from __future__ import annotations

import inspect
import re
import subprocess
import sys
from pathlib import Path

import click
import pytest

from response import errors
from response.cli import main
from response.criteria import CRITERIA

REPOSITORY = Path(__file__).resolve().parents[1]
README = (REPOSITORY / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", sorted(main.commands))
def test_every_command_is_in_the_readme(name: str) -> None:
    assert f"response {name}" in README


def test_the_readme_names_no_other_command() -> None:
    named = set(re.findall(r"`response ([a-z-]+)", README))
    assert named <= set(main.commands)


@pytest.mark.parametrize("name", sorted(CRITERIA))
def test_every_criterion_is_in_the_readme(name: str) -> None:
    assert f"`{name}`" in README


@pytest.mark.parametrize(
    "name",
    [n for n, c in vars(errors).items() if inspect.isclass(c) and c.__module__ == errors.__name__],
)
def test_every_error_is_in_the_readme_and_in_the_tree(name: str) -> None:
    assert f"`{name}`" in README
    assert name in (errors.__doc__ or "")


def commands(group: click.Group, before: str = "") -> list[click.Command]:
    found: list[click.Command] = []
    for command in group.commands.values():
        found += commands(command) if isinstance(command, click.Group) else [command]
    return found


@pytest.mark.parametrize("command", commands(main), ids=lambda c: c.name)
def test_help_shows_an_example(command: click.Command) -> None:
    assert (command.epilog or "").startswith("Example: response ")


def test_the_program_runs_as_a_module_of_its_own() -> None:
    done = subprocess.run(
        [sys.executable, "-c", "from response.cli import main; main(['--version'])"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
