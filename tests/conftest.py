"""What all tests share: quick ones first, and where the real data are."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[1]


SHARING = ("browser", "dashboard", "pacs", "register")
"""Folders whose tests share something that is slow to make: a browser, workspaces, a PACS."""


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run quick tests before slow ones, and pages in a browser last.

    Where several processes share the tests, those of a file (or of a folder that shares things)
    stay together.
    """
    items.sort(key=lambda item: (is_marked(item, "browser"), is_marked(item, "slow")))
    for item in items:
        folder = item.path.parent.name
        room = folder if folder in SHARING else item.path.relative_to(REPOSITORY)
        item.add_marker(pytest.mark.xdist_group(f"{room} {is_marked(item, 'slow')}"))


def is_marked(item: pytest.Item, name: str) -> bool:
    """Tell whether a test has a marker."""
    return item.get_closest_marker(name) is not None


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Return the folder of real scans and tables, or skip where it is absent."""
    beside = REPOSITORY.parent / "shared" / "data"
    folder = Path(os.environ.get("RESPONSE_SHARED_DATA", beside))
    if not folder.is_dir():
        pytest.skip(f"the real data are not here ({folder}); set RESPONSE_SHARED_DATA")
    return folder
