"""What all tests share: quick ones first, and where the real data are."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[1]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run quick tests before slow ones, and pages in a browser last."""
    items.sort(
        key=lambda item: (
            item.get_closest_marker("browser") is not None,
            item.get_closest_marker("slow") is not None,
        )
    )


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Return the folder of real scans and tables, or skip where it is absent."""
    beside = REPOSITORY.parent / "shared" / "data"
    folder = Path(os.environ.get("RESPONSE_SHARED_DATA", beside))
    if not folder.is_dir():
        pytest.skip(f"the real data are not here ({folder}); set RESPONSE_SHARED_DATA")
    return folder
