"""The bundled phantom patients, made on first use from their seeds."""

from __future__ import annotations

import importlib
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

from response.errors import InputError
from response.workspace import Workspace

FOLDER = "demo-patients"
"""Where in the workspace the patients' scans are made."""


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


def make_patients(
    workspace: Workspace, progress: Callable[[str, int, int], None]
) -> tuple[Path, Path]:
    """Make the patients unless they are there; return the manifest and the DICOM folder.

    The folder appears whole or not at all.
    """
    folder = workspace.home / FOLDER
    if not folder.exists():
        with workspace.private_folder() as private:
            _generate(private / FOLDER, progress)
            shutil.move(private / FOLDER, folder)
    return folder / "manifest.csv", folder / "dicom"


def _generate(out: Path, progress: Callable[[str, int, int], None]) -> None:
    root = str(fixtures_folder())
    if root not in sys.path:
        sys.path.insert(0, root)
    generator = importlib.import_module("phantoms.generator")
    generator.generate(
        out, progress=lambda _who, done, total: progress("make patients", done, total)
    )
