"""What a criterion needs of the whole patient at a time point (``--time-points``)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from response.errors import InputError
from response.ingest.csv_table import Row, read_table
from response.ingest.table_cells import parse_date, parse_flag, parse_number, parse_text
from response.model import AssessedTimePoint, Reader, SubjectFacts
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
Place = tuple[str, str, str]
"""Subject, line of therapy (empty: whichever) and time point."""


@dataclass(frozen=True, slots=True)
class TimePointFacts:
    """Facts by place, then by ``evaluator_id``; and the row each came from."""

    name: str = ""
    facts: Mapping[Place, Mapping[str, Facts]] = field(default_factory=dict)
    rows: Mapping[tuple[Place, str], int] = field(default_factory=dict)
    used: set[tuple[Place, str]] = field(default_factory=set)
    shared: set[Place] = field(default_factory=set)

    def of_stream(
        self,
        subject: SubjectFacts,
        reader: Reader,
        scans: Iterable[tuple[dt.date, str]],
        partial: Mapping[tuple[dt.date, str], str],
        *,
        alone: bool,
    ) -> tuple[AssessedTimePoint, ...]:
        """What is said of the time points of one reader's stream.

        Parameters
        ----------
        partial
            Dates without a day, as given.
        alone
            Nobody else read this subject: what is said without an ``evaluator_id`` is this
            reader's word.
        """
        if not self.facts and not partial:
            return ()
        about = []
        for date, name in sorted(set(scans)):
            facts = self._find(subject, name, reader.evaluator_id, alone=alone)
            if (date, name) in partial:
                facts = {**facts, PARTIAL_DATE: partial[date, name]}
            if facts:
                about.append(AssessedTimePoint(name, date, facts=facts))
        return tuple(about)

    def _find(self, subject: SubjectFacts, name: str, evaluator: str, *, alone: bool) -> Facts:
        found: Facts = {}
        for line in dict.fromkeys(("", subject.line or "")):
            place = subject.subject, line, name
            by_reader = self.facts.get(place, {})
            for whose in dict.fromkeys(("", evaluator)):
                if whose not in by_reader:
                    continue
                said = by_reader[whose]
                if whose != evaluator and not alone:
                    said = {fact: said[fact] for fact in said if fact in OF_THE_PATIENT}
                if len(said) == len(by_reader[whose]):
                    self.used.add((place, whose))
                else:
                    self.shared.add(place)
                found.update(said)
        return found

    def find_unused(self) -> list[str]:
        """Rows that no time point of the measurement table took up, or not wholly."""
        found = []
        for (place, whose), number in self.rows.items():
            if (place, whose) in self.used:
                continue
            subject, line, time_point = place
            named = ", ".join([f"subject {subject}", *([f"line {line}"] if line else [])])
            words = sorted(set(self.facts[place][whose]) - OF_THE_PATIENT)
            why = f"is not in the measurement table{f' as read by {whose}' if whose else ''}"
            if not whose and place in self.shared:
                why = f"was read by several: say in evaluator_id whose word {words[0]} is"
            found.append(f"{self.name} row {number}: {named}, time point {time_point} {why}")
        return found


def read_time_point_facts(path: Path) -> tuple[TimePointFacts, list[str]]:
    """Read the table of time points: what it says, and what is wrong with its rows.

    Raises
    ------
    ManifestError
        The table cannot be used as a whole.
    """
    facts: dict[Place, dict[str, Facts]] = {}
    rows: dict[tuple[Place, str], int] = {}
    problems = []
    columns = ("evaluator_id", "line", *COLUMNS)
    for row in read_table(path, ("subject", "time_point"), columns):
        try:
            place, evaluator, said = _parse(row)
            if (place, evaluator) in rows:
                raise InputError("the time point is there twice")
            facts.setdefault(place, {})[evaluator] = said
            rows[place, evaluator] = row.line
        except InputError as error:
            problems.append(f"{path.name} row {row.line}: {error}")
    return TimePointFacts(path.name, facts, rows), problems


def _parse(row: Row) -> tuple[Place, str, Facts]:
    if row.problem:
        raise InputError(row.problem)
    cells = row.cells
    subject = parse_text("subject", cells["subject"])
    time_point = parse_text("time_point", cells["time_point"])
    said = {name: _normalise(name, cells[name]) for name in COLUMNS if cells.get(name)}
    return (subject, cells.get("line", ""), time_point), cells.get("evaluator_id", ""), said


def _normalise(name: str, text: str) -> str:
    if name in FLAGS:
        return "true" if parse_flag(name, text) else "false"
    if name in NUMBERS:
        parse_number(name, text)
    if name in DATES:
        parse_date(name, text)
    return text
