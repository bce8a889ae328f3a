"""What a criterion needs of the whole patient at a time point (``--time-points``)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from response.errors import InputError
from response.ingest.csv_table import Row, parse_text, read_table
from response.ingest.table_cells import parse_date, parse_flag, parse_number
from response.model import AssessedTimePoint, Reader
from response.noted import PARTIAL_DATE

NUMBERS = (
    "liver_mean",
    "liver_sd",
    "blood_pool_mean",
    "blood_pool_sd",
    "uptake_minutes",
    "injected_mbq",
    "deauville",
    "spleen_length_mm",
    "bone_lesions",
    "bone_new_lesions",
    "steroid_dose",
)
FLAGS = ("metabolic_complete", "marker_normal", "clinical_progression")
DATES = ("radiotherapy_end", "last_scan_date")
WORDS = ("marrow", "clinical_status")
COLUMNS = (*NUMBERS, *FLAGS, *DATES, *WORDS)

OF_THE_PATIENT = frozenset(
    {
        "uptake_minutes",
        "injected_mbq",
        "marker_normal",
        "steroid_dose",
        "clinical_status",
        "radiotherapy_end",
        "clinical_progression",
        "last_scan_date",
    }
)
"""True whoever reads; the rest is a reader's word and stays in that reader's stream."""

Facts = dict[str, str]


@dataclass(frozen=True, slots=True)
class TimePointFacts:
    """Facts by subject and time point, then by evaluator; and the row each came from."""

    name: str
    facts: Mapping[tuple[str, str], Mapping[str, Facts]]
    rows: Mapping[tuple[str, str], int]
    used: set[tuple[str, str]] = field(default_factory=set)

    def of_stream(
        self,
        subject: str,
        reader: Reader,
        scans: Collection[tuple[dt.date, str]],
        partial: Mapping[tuple[str, str, dt.date], str],
    ) -> tuple[AssessedTimePoint, ...]:
        """What is said of the time points of one reader's stream."""
        about = []
        for date, name in sorted(scans):
            facts = self._find(subject, name, reader)
            if (subject, name, date) in partial:
                facts = {**facts, PARTIAL_DATE: partial[subject, name, date]}
            if facts:
                about.append(AssessedTimePoint(name, date, facts=facts))
        return tuple(about)

    def _find(self, subject: str, time_point: str, reader: Reader) -> Facts:
        if (subject, time_point) not in self.facts:
            return {}
        self.used.add((subject, time_point))
        by_reader = self.facts[subject, time_point]
        anybody = {
            name: value for name, value in by_reader.get("", {}).items() if name in OF_THE_PATIENT
        }
        return {**anybody, **by_reader.get(reader.evaluator_id, {})}

    def find_unused(self) -> list[str]:
        """Rows about time points that no row of the measurement table is of."""
        return [
            f"{self.name} line {self.rows[key]}: subject {key[0]}, time point {key[1]} "
            "is not in the measurement table"
            for key in self.facts
            if key not in self.used
        ]


def read_time_point_facts(path: Path) -> tuple[TimePointFacts, list[str]]:
    """Read the table of time points: what it says, and what is wrong with its rows.

    Raises
    ------
    ManifestError
        The table cannot be used as a whole.
    """
    facts: dict[tuple[str, str], dict[str, Facts]] = {}
    lines: dict[tuple[str, str], int] = {}
    problems = []
    for row in read_table(path, ("subject", "time_point"), ("evaluator_id", *COLUMNS)):
        try:
            key, evaluator, said = _parse(row)
            by_reader = facts.setdefault(key, {})
            if evaluator in by_reader:
                raise InputError("the time point is there twice")
            by_reader[evaluator] = said
            lines.setdefault(key, row.line)
        except ValueError as error:
            problems.append(f"{path.name} line {row.line}: {error}")
    return TimePointFacts(path.name, facts, lines), problems


def _parse(row: Row) -> tuple[tuple[str, str], str, Facts]:
    if row.problem:
        raise InputError(row.problem)
    cells = row.cells
    key = parse_text("subject", cells["subject"]), parse_text("time_point", cells["time_point"])
    said = {name: cells[name] for name in COLUMNS if cells.get(name)}
    for name, text in said.items():
        try:
            said[name] = _normalise(name, text)
        except ValueError as error:
            raise InputError(f"{name} {error}") from None
    return key, cells.get("evaluator_id", ""), said


def _normalise(name: str, text: str) -> str:
    if name in FLAGS:
        return "true" if parse_flag(text) else "false"
    if name in NUMBERS:
        parse_number(text)
    if name in DATES:
        parse_date(text)
    return text
