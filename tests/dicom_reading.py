"""Reading exported objects back, and checking them, with other people's programs."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import numpy as np
import pydicom
import pytest


def run(home, *words, status: int = 0) -> str:
    """Run the program on a workspace; return what it printed."""
    from click.testing import CliRunner

    from response.cli import main

    home.store.close()
    done = CliRunner().invoke(main, [*map(str, words), "--home", str(home.workspace.home)])
    assert done.exit_code == status, done.output
    return done.output


def check_valid(paths: list[Path]) -> list[str]:
    """Let dciodvfy check files; return its warnings. Any error fails."""
    program = shutil.which("dciodvfy")
    if program is None:
        pytest.skip("dciodvfy (dicom3tools) is not installed")
    warnings = []
    for path in paths:
        done = subprocess.run([program, path], capture_output=True, text=True, check=False)
        lines = (done.stdout + done.stderr).splitlines()
        errors = [line for line in lines if line.startswith(("Error", "Abort"))]
        assert not errors, (path.name, errors)
        warnings += [line for line in lines if line.startswith("Warning")]
    return warnings


def read_all(folder: Path, kind: str) -> list[pydicom.Dataset]:
    """Read the objects of a kind, by date."""
    return [pydicom.dcmread(path) for path in sorted(folder.glob(f"{kind}-*.dcm"))]


def spread(points: np.ndarray) -> float:
    """The distance between two points."""
    return float(np.linalg.norm(points[0] - points[1]))
