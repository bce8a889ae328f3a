"""The readings of one reader and subject as they are gathered, and what only TU says of them."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass, field, replace

from response.ingest.sdtm_files import SdtmRow
from response.ingest.sdtm_lesions import StreamLesions
from response.ingest.sdtm_visits import Stream
from response.ingest.stream_checks import ReadRow
from response.model import AssessedTimePoint, LesionReading
from response.terms import LesionState, Role


@dataclass(slots=True)
class StreamRows:
    """One reader's readings of one subject, each with the number of the row it came from."""

    rows: list[ReadRow] = field(default_factory=list)
    points: dict[str, AssessedTimePoint] = field(default_factory=dict)


@dataclass(slots=True)
class Origins:
    """Where readings came from: numbers in, rows of files out; and what was there twice."""

    rows: list[SdtmRow] = field(default_factory=list)
    repeated: list[SdtmRow] = field(default_factory=list)

    def number(self, row: SdtmRow) -> int:
        """Give a row a number of its own, in the order they are asked for."""
        self.rows.append(row)
        return len(self.rows) - 1

    def where(self, number: int) -> str:
        """The file and row of a number."""
        return self.rows[number].where


def call_new(made: StreamRows) -> None:
    """Call a new lesion that is measured and nothing else: TU identified it as one.

    What was called before stays as it was called.
    """
    called: set[str] = set()
    order = sorted(range(len(made.rows)), key=lambda place: made.rows[place].reading.date)
    for place in order:
        read = made.rows[place]
        reading = read.reading
        if reading.role is not Role.NEW:
            continue
        if reading.state is None and reading.lesion not in called:
            reading = replace(reading, state=LesionState.UNEQUIVOCAL)
            made.rows[place] = read._replace(reading=reading)
        if reading.state in (LesionState.EQUIVOCAL, LesionState.UNEQUIVOCAL):
            called.add(reading.lesion)


def find_unmeasured(known: StreamLesions, stream: Stream, named: Container[str]) -> list[str]:
    """Name the targets of a reader that are not among those TR names."""
    return [
        f"{lesion.row.where}: subject {stream[0]}, lesion {name}: identified as a target, but TR "
        "has no row of it: add its measurements, or take it out"
        for name, lesion in known.lesions.items()
        if lesion.role is Role.TARGET and name not in named
    ]


def add_identified(
    known: StreamLesions,
    stream: Stream,
    made: StreamRows,
    seen: set[tuple[str, str]],
    origins: Origins,
) -> None:
    """A non-target or new lesion is there where it was identified, if TR says nothing of it."""
    states = {Role.NON_TARGET: LesionState.PRESENT, Role.NEW: LesionState.UNEQUIVOCAL}
    for name, lesion in known.lesions.items():
        when = lesion.seen
        if lesion.role not in states or when is None or (when.time_point, name) in seen:
            continue
        made.points.setdefault(when.time_point, when)
        reading = LesionReading(
            when.time_point,
            when.date,
            name,
            lesion.role,
            lesion.organ,
            lesion.node,
            lesion.method,
            state=states[lesion.role],
        )
        made.rows.append(ReadRow(origins.number(lesion.row), stream[0], reading, lesion.node))


def add_merged(
    known: StreamLesions,
    stream: Stream,
    made: StreamRows,
    seen: set[tuple[str, str]],
    origins: Origins,
) -> None:
    """From a merger on, a lesion that TR no longer has is part of the other, where TR has any."""
    measured = {time_point for time_point, _lesion in seen}
    for name, (into, since) in known.merged.items():
        lesion = known.lesions[name]
        for point in list(made.points.values()):
            later = (point.date, point.time_point) >= (since.date, since.time_point)
            if not later or point.time_point not in measured or lesion.role is not Role.TARGET:
                continue
            if (point.time_point, name) in seen:
                continue
            reading = LesionReading(
                point.time_point,
                point.date,
                name,
                lesion.role,
                lesion.organ,
                lesion.node,
                lesion.method,
                state=LesionState.MERGED,
                merged_into=into,
            )
            made.rows.append(ReadRow(origins.number(lesion.row), stream[0], reading, lesion.node))
