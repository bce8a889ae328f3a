"""The measurement table: lesions without images, one row per lesion and time point.

Everything wrong with the table, and with the tables of subjects and time points beside it, is
listed at once with row numbers. What a reader could not assess is not wrong.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from response.errors import ManifestError
from response.ingest.stream_checks import ReadRow, check_stream
from response.ingest.table_cells import (
    Parsed,
    Table,
    open_table,
    parse_flag,
    parse_number,
    parse_partial_date,
)
from response.ingest.tables import read_subjects
from response.ingest.time_point_facts import TimePointFacts, read_time_point_facts
from response.model import AssessedTimePoint, LesionReading, Reader, SubjectFacts
from response.terms import LesionState, Role

REQUIRED = ("subject", "time_point", "date", "lesion", "role", "diameter_mm", "state")
EXTRA = (
    "short_diameter_mm",
    "viable_diameter_mm",
    "density_hu",
    "volume_mm3",
    "suv_mean",
    "suv_max",
    "sul_peak",
    "tlg",
)
OPTIONAL = ("evaluator", "evaluator_id", "organ", "node", "method", "part", "merged_into", *EXTRA)

MAX_DIAMETER_MM = Decimal(1000)
"""Longer than a trunk: no lesion has this diameter."""

NO_EXTRA: Mapping[str, Decimal] = {}

MAY_BE_NEGATIVE = frozenset({"density_hu"})


@dataclass(frozen=True, slots=True)
class Stream:
    """What one reader read of one subject: what :func:`response.assess.assess_subject` takes."""

    subject: str
    reader: Reader
    facts: SubjectFacts
    readings: tuple[LesionReading, ...]
    time_points: tuple[AssessedTimePoint, ...]


def read_measurement_table(
    table: Path,
    subjects: Path | None = None,
    time_points: Path | None = None,
    *,
    today: dt.date | None = None,
) -> tuple[Stream, ...]:
    """Read a measurement table and the tables beside it.

    Parameters
    ----------
    table, subjects, time_points
        One row per lesion and time point; dates by subject; facts of the whole patient.
    today
        Deaths and contacts after it are refused.

    Raises
    ------
    ManifestError
        Anything wrong in any of the tables, all of it in ``problems``.
    """
    problems: list[str] = []
    facts = _read_subject_facts(subjects, today or dt.date.today(), problems)
    said = _read_facts_of_time_points(time_points, problems)
    streams: dict[tuple[str, Reader], list[ReadRow]] = {}
    partial: dict[tuple[str, str, dt.date], str] = {}
    problems += _read_rows(table, streams, partial)
    made = []
    for (subject, reader), read in sorted(streams.items()):
        known = facts.get(subject) or SubjectFacts(subject)
        checked, found = check_stream(read, known.treatment_start)
        problems += [f"{table.name} row {number}: {text}" for number, text in found]
        seen = {(row.reading.date, row.reading.time_point) for row in read}
        about = said.of_stream(subject, reader, seen, partial)
        made.append(Stream(subject, reader, known, checked, about))
    problems += said.find_unused()
    if problems:
        raise ManifestError(f"{table.name}: " + "; ".join(problems), problems)
    return tuple(made)


def _read_subject_facts(
    path: Path | None, today: dt.date, problems: list[str]
) -> Mapping[str, SubjectFacts]:
    if path is None:
        return {}
    try:
        facts, wrong = read_subjects(path, today)
    except ManifestError as error:
        problems += [f"{path.name}: {problem}" for problem in error.problems or (str(error),)]
        return {}
    problems += [problem.text for problem in wrong]
    return facts


def _read_facts_of_time_points(path: Path | None, problems: list[str]) -> TimePointFacts:
    if path is None:
        return TimePointFacts("", {}, {})
    try:
        facts, wrong = read_time_point_facts(path)
    except ManifestError as error:
        problems += [f"{path.name}: {problem}" for problem in error.problems or (str(error),)]
        return TimePointFacts(path.name, {}, {})
    problems += wrong
    return facts


# ----------------------------------------------------------------------------------------- rows


def _read_rows(
    path: Path,
    streams: dict[tuple[str, Reader], list[ReadRow]],
    partial: dict[tuple[str, str, dt.date], str],
) -> list[str]:
    """Sort the rows into streams; give what is wrong with them."""
    raw: dict[tuple[str, str, str], list[ReadRow]] = {}
    problems: list[str] = []
    try:
        table = open_table(path, REQUIRED, OPTIONAL)
        problems = table.problems
        _gather_rows(table, raw, partial)
    except ManifestError as error:
        problems = [*problems, *error.problems]
    for (subject, evaluator, evaluator_id), rows in raw.items():
        reader = Reader(evaluator.upper() or Reader().evaluator, evaluator_id)
        streams.setdefault((subject, reader), []).extend(rows)
    return problems


def _gather_rows(
    table: Table,
    raw: dict[tuple[str, str, str], list[ReadRow]],
    partial: dict[tuple[str, str, dt.date], str],
) -> None:
    parser = _RowParser(table)
    at_evaluator, at_id, at_date = table.places(("evaluator", "evaluator_id", "date"))
    for number, cells in table.rows():
        row = parser.parse(number, cells)
        if row is None:
            continue
        raw.setdefault((row.subject, cells[at_evaluator], cells[at_id]), []).append(row)
        if len(cells[at_date]) < len("2025-01-31"):
            partial[row.subject, row.reading.time_point, row.reading.date] = cells[at_date]


def _parse_length(text: str) -> Decimal:
    length = parse_number(text)
    if length < 0:
        raise ValueError(f"is {text}: a length is not negative")
    if length > MAX_DIAMETER_MM:
        raise ValueError(f"is {text}: no lesion is longer than {MAX_DIAMETER_MM} mm")
    return length


def _parse_amount(text: str) -> Decimal:
    amount = parse_number(text)
    if amount < 0:
        raise ValueError(f"is {text}: it cannot be negative")
    return amount


def _parse_role(text: str) -> Role:
    try:
        return Role(text.upper())
    except ValueError:
        raise ValueError(f"is {text!r}: one of {', '.join(Role)}") from None


def _parse_state(text: str) -> LesionState:
    try:
        return LesionState(text.upper())
    except ValueError:
        raise ValueError(f"is {text!r}: one of {', '.join(LesionState)}") from None


class _RowParser:
    """Turns the cells of a row into a reading; reports what cannot be."""

    def __init__(self, table: Table) -> None:
        self._table = table
        self._dates = Parsed(parse_partial_date)
        self._roles = Parsed(_parse_role)
        self._nodes = Parsed(parse_flag)
        self._lengths = Parsed(_parse_length)
        self._states = Parsed(_parse_state)
        self._at = table.places(("date", "role", "node", "diameter_mm", "state"))
        self._words = table.places(
            ("subject", "time_point", "lesion", "organ", "method", "part", "merged_into")
        )
        self._extra = [
            (name, table.column(name), self._extra_kind(name))
            for name in EXTRA
            if table.column(name) >= 0
        ]

    @staticmethod
    def _extra_kind(name: str) -> Parsed[Decimal]:
        if name in MAY_BE_NEGATIVE:
            return Parsed(parse_number)
        return Parsed(_parse_length if name.endswith("_mm") else _parse_amount)

    def parse(self, number: int, cells: list[str]) -> ReadRow | None:
        """The reading of a row; ``None``, and reported, if it has none."""
        at_date, at_role, at_node, at_length, at_state = self._at
        subject, time_point, lesion, organ, method, part, into = self._words
        try:
            date = self._dates[cells[at_date]]
            node = self._nodes[cells[at_node]]
            if date is None or not cells[subject] or not cells[time_point]:
                raise ValueError
            reading = LesionReading(
                cells[time_point],
                date,
                cells[lesion],
                self._roles[cells[at_role]],
                cells[organ],
                node is True,
                cells[method],
                self._lengths[cells[at_length]],
                self._states[cells[at_state]],
                cells[part],
                cells[into],
                extra=self._read_extra(cells) if self._extra else NO_EXTRA,
            )
            return ReadRow(number, cells[subject], reading, node)
        except ValueError:
            self._report(number, cells)
            return None

    def _read_extra(self, cells: list[str]) -> Mapping[str, Decimal]:
        said = ((name, parsed[cells[place]]) for name, place, parsed in self._extra)
        return {name: value for name, value in said if value is not None}

    def _report(self, number: int, cells: list[str]) -> None:
        """Say of every cell of a row what is wrong with it."""
        texts = [
            f"{name} is empty"
            for name in ("subject", "time_point", "date")
            if not cells[self._table.column(name)]
        ]
        names = ("date", "role", "node", "diameter_mm", "state")
        kinds = (self._dates, self._roles, self._nodes, self._lengths, self._states)
        checks = [
            *zip(names, self._at, (kind.__getitem__ for kind in kinds), strict=True),
            *((name, place, kind.__getitem__) for name, place, kind in self._extra),
        ]
        for name, place, parse in checks:
            try:
                parse(cells[place])
            except ValueError as error:
                texts.append(f"{name} {error}")
        where = describe(cells[self._words[0]], cells[self._words[1]], cells[self._words[2]])
        for text in texts:
            self._table.report(number, f"{where}{text}")


def describe(subject: str, time_point: str, lesion: str) -> str:
    """Which subject, time point and lesion a row is of, as far as it says."""
    named = (("subject", subject), ("time point", time_point), ("lesion", lesion))
    said = ", ".join(f"{what} {name}" for what, name in named if name)
    return f"{said}: " if said else ""
