"""The bundled phantom patients, made on first use from their seeds."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from response.errors import InputError
from response.workspace import Workspace

MARKER = "complete"
"""Written last into the patients' folder: a folder without it was left by a run that was killed."""


def fixtures_folder() -> Path:
    """Return where the fixtures lie: inside an installed package, or beside it in a clone.

    Raises
    ------
    InputError
        If the distribution was installed without them.
    """
    here = Path(__file__).resolve().parent
    for folder in (here / "_fixtures", here.parent / "fixtures"):
        if (folder / "phantoms" / "courses.toml").exists():
            return folder
    raise InputError("the bundled patients are missing: install the whole distribution")
