"""What was imported without images is its reader's word: it is corrected in the tables."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from click.testing import CliRunner

from response.cli import main
from response.model import LesionReading, Reader
from response.store import Store
from response.terms import Role
from response.workspace import Workspace


def test_a_correction_of_imported_measurements_says_the_way_out(tmp_path):
    workspace = Workspace.open(tmp_path / "home")
    row = LesionReading("BL", dt.date(2025, 1, 6), "T1", Role.TARGET, diameter_mm=Decimal(20))
    Store(workspace).write_readings("S1", Reader(), [row], actor="test")
    done = CliRunner().invoke(
        main, ["correct", "confirm", "S1", "BL", "--home", str(tmp_path / "home")]
    )
    assert done.exit_code == 2
    assert "correct the tables and import them again" in done.output
