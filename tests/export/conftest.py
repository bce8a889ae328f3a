"""Workspaces by name, for tests of exports."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from study_home import Home


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Callable[..., Home]]:
    """Make workspaces by name; they are closed at the end."""
    made: list[Home] = []

    def make(name: str = "home", protocol: str = "") -> Home:
        made.append(Home(tmp_path / name, protocol))
        return made[-1]

    yield make
    for one in made:
        one.store.close()
