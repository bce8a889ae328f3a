"""A workspace with one subject's measurements, assessed: for tests of exports."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from pathlib import Path

from response.export.study import Study, read_study
from response.model import AssessedTimePoint, LesionReading, Reader, SubjectFacts
from response.pipeline import assess_all
from response.store import Store
from response.workspace import Workspace

START = dt.date(2025, 1, 10)


class Home:
    """A workspace made for one test."""

    def __init__(self, folder: Path, protocol: str = "") -> None:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "protocol.toml").write_text(protocol, encoding="utf-8")
        self.workspace = Workspace.open(folder)
        self.store = Store(self.workspace, keep=True)

    def write(
        self,
        readings: Sequence[LesionReading],
        points: Sequence[AssessedTimePoint] = (),
        facts: SubjectFacts | None = None,
        reader: Reader | None = None,
    ) -> Home:
        """Write a subject's measurements and assess them."""
        self.store.write_subject_facts(
            facts or SubjectFacts("P1", treatment_start=START), actor="anna"
        )
        self.store.write_readings("P1", reader or Reader(), readings, points, actor="anna")
        assess_all(self.workspace, self.store, self.store.read_subjects(), actor="anna")
        return self

    def study(self) -> Study:
        """Everything that exports need."""
        return read_study(self.store, self.workspace.protocol(), "ABC-01")

    def assessments(self) -> list[object]:
        """What is assessed, in order."""
        return [a for r in self.store.read_results() for a in r.assessments]
