"""The measurement table: lesions without images, one row per lesion and time point.

Everything wrong with the table, and with the tables of subjects and time points beside it, is
listed at once with row numbers. What a reader could not assess is not wrong. Subjects are read
one after the other, so that a table may be larger than memory.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from response.errors import ManifestError
from response.ingest.csv_table import open_table, refuse_rows
from response.ingest.impossible_lengths import find_impossible_lengths
from response.ingest.measurement_rows import OPTIONAL, REQUIRED, Columns, RowParser
from response.ingest.stream_checks import ReadRow, check_stream, is_plain
from response.ingest.subject_rows import SubjectRows, group_subjects
from response.ingest.table_cells import GRACE, is_partial_date
from response.ingest.tables import Lines, read_subject_lines
from response.ingest.time_point_facts import TimePointFacts, read_time_point_facts
from response.model import AssessedTimePoint, LesionReading, Reader, SubjectFacts


@dataclass(frozen=True, slots=True)
class Stream:
    """What one reader read of one subject (and line of therapy: ``facts.line``).

    What :func:`response.assess.assess_subject` takes.
    """

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
    """Read a measurement table and the tables beside it, whole.

    Parameters
    ----------
    table, subjects, time_points
        One row per lesion and time point; dates by subject; facts of the whole patient.
    today
        Scans, deaths and contacts after it are refused (scans with a day's grace).

    Raises
    ------
    ManifestError
        Anything wrong in any of the tables, all of it in ``problems``.
    """
    return tuple(MeasurementTable(table, subjects, time_points, today=today).streams(whole=True))


class MeasurementTable:
    """A measurement table and the tables beside it, read one subject at a time.

    The tables beside it are read at once, the measurements by :meth:`streams`; ``warnings`` are
    what is odd and was taken all the same in what was read so far.
    """

    def __init__(
        self,
        table: Path,
        subjects: Path | None = None,
        time_points: Path | None = None,
        *,
        criterion: str = "",
        today: dt.date | None = None,
    ) -> None:
        self._path = table
        self._criterion = criterion
        self._today = today or dt.date.today()
        self._beside: dict[str, list[str]] = {}
        self.warnings: list[str] = []
        self._lines = self._read_subjects(subjects)
        self._said = self._read_time_points(time_points)
        self._subjects_name = subjects.name if subjects else ""

    def names_lines(self) -> bool:
        """Whether any row names a line of therapy."""
        if any(line for lines in self._lines.values() for line in lines):
            return True
        try:
            table = open_table(self._path, REQUIRED, OPTIONAL)
            at = table.column("line")
            return at >= 0 and any(
                cells[at].strip() for _numbers, rows in table.blocks() for cells in rows
            )
        except ManifestError:
            return False

    def streams(self, *, whole: bool = False) -> Iterator[Stream]:
        """Each reader's stream of each subject; none after the first problem.

        Parameters
        ----------
        whole
            Take the whole table in first: needed where the rows of a subject stand apart.

        Raises
        ------
        ScatteredRows
            The rows of a subject stand apart, and the table was not taken in whole.
        ManifestError
            At the end: anything wrong in any of the tables, all of it in ``problems``.
        """
        self.warnings.clear()
        problems: list[tuple[int, str]] = []
        unreadable: tuple[str, ...] = ()
        try:
            table = open_table(self._path, REQUIRED, OPTIONAL)
            problems = table.problems
            parser = RowParser(table, self._today + GRACE)
            for rows in group_subjects(table, whole=whole):
                made, found = self._read_subject(parser, rows)
                problems += found
                if not problems and not self._beside:
                    yield from made
        except ManifestError as error:
            unreadable = tuple(f"{self._path.name}: {text}" for text in error.problems)
        told = [f"{self._path.name} row {number}: {text}" for number, text in sorted(problems)]
        told += unreadable
        beside = dict(self._beside)
        if not unreadable and (unused := self._said.find_unused()):
            beside[self._said.name] = [*beside.get(self._said.name, ()), *unused]
        if told or beside:
            names = [*([self._path.name] if told else []), *beside]
            told += [text for texts in beside.values() for text in texts]
            raise refuse_rows(" and ".join(names), told)

    # -------------------------------------------------------------------------- one subject

    def _read_subject(
        self, parser: RowParser, rows: SubjectRows
    ) -> tuple[list[Stream], list[tuple[int, str]]]:
        parts, problems = parser.parse(rows)
        problems += _find_unnamed_lines(parts)
        evaluators = {(part.line, part.reader.evaluator_id) for part in parts}
        made = []
        for part in sorted(parts, key=lambda part: (part.reader, part.line)):
            facts, why = self._find_facts(part)
            problems += [(part.numbers[0], why)] if why else []
            readings, found = _check(part, facts)
            problems += found
            self.warnings += _find_scans_of_the_dead(part, facts.death_date)
            alone = sum(line == part.line for line, _ in evaluators) == 1
            about = self._said.of_stream(
                facts,
                part.reader,
                zip(part.date, part.time_point, strict=True),
                _find_partial_dates(part),
                alone=alone,
            )
            made.append(Stream(part.subject, part.reader, facts, readings, about))
        return made, problems

    def _find_facts(self, part: Columns) -> tuple[SubjectFacts, str]:
        """The facts of a subject's line of therapy, and why there are none that fit."""
        known = self._lines.get(part.subject)
        if known is None or part.line in known:
            found = (
                known[part.line] if known else SubjectFacts(part.subject, line=part.line or None)
            )
            return found, ""
        if not part.line and len(known) == 1:
            return next(iter(known.values())), ""
        name, there = self._subjects_name, ", ".join(sorted(known))
        why = f"line: {part.line!r} is none of {there}, the lines of this subject in {name}"
        if not part.line:
            why = f"line: is empty, but {name} has the lines {there}: say which in the column line"
        elif "" in known:
            why = f"line: {part.line!r}, but {name} names no line: give it a row for each line"
        return SubjectFacts(part.subject), f"subject {part.subject}: {why}"

    # --------------------------------------------------------------------- the tables beside

    def _read_subjects(self, path: Path | None) -> Mapping[str, Lines]:
        if path is None:
            return {}
        try:
            lines, wrong = read_subject_lines(path, self._today + GRACE)
        except ManifestError as error:
            self._tell(path, [f"{path.name}: {problem}" for problem in error.problems])
            return {}
        self._tell(path, [problem.text for problem in wrong])
        return lines

    def _read_time_points(self, path: Path | None) -> TimePointFacts:
        if path is None:
            return TimePointFacts()
        try:
            facts, wrong = read_time_point_facts(path, self._criterion)
        except ManifestError as error:
            self._tell(path, [f"{path.name}: {problem}" for problem in error.problems])
            return TimePointFacts()
        self._tell(path, wrong)
        return facts

    def _tell(self, path: Path, problems: Sequence[str]) -> None:
        if problems:
            self._beside.setdefault(path.name, []).extend(problems)


def _check(
    part: Columns, facts: SubjectFacts
) -> tuple[tuple[LesionReading, ...], list[tuple[int, str]]]:
    readings = part.readings()
    impossible = find_impossible_lengths(part)
    if is_plain(part, facts.treatment_start):
        return tuple(readings), impossible
    rows = [
        ReadRow(number, part.subject, reading, node)
        for number, reading, node in zip(part.numbers, readings, part.node, strict=True)
    ]
    checked, problems = check_stream(rows, facts.treatment_start)
    return checked, [*problems, *impossible]


def _find_scans_of_the_dead(part: Columns, death: dt.date | None) -> list[str]:
    """Scans dated after the day of death; of one without a day, in a later month."""
    if death is None or max(part.date) <= death:
        return []
    given = sorted(set(zip(part.date, part.time_point, part.date_text, strict=True)))
    return [
        f"subject {part.subject}, time point {name}: the scan of {text.strip()} is after the death "
        f"on {death}; correct one of the two dates"
        for date, name, text in given
        if (date.replace(day=1) if is_partial_date(text.strip()) else date) > death
    ]


def _find_unnamed_lines(parts: Sequence[Columns]) -> list[tuple[int, str]]:
    named = sorted({part.line for part in parts if part.line})
    return [
        (
            part.numbers[0],
            f"subject {part.subject}: line: is empty, but other rows of this subject name "
            f"{', '.join(named)}",
        )
        for part in parts
        if named and not part.line
    ]


def _find_partial_dates(part: Columns) -> dict[tuple[dt.date, str], str]:
    """Dates without a day as they were given, by what they were taken as."""
    if not any(is_partial_date(text.strip()) for text in set(part.date_text)):
        return {}
    given = zip(part.date, part.time_point, part.date_text, strict=True)
    return {
        (date, name): text.strip() for date, name, text in given if is_partial_date(text.strip())
    }
