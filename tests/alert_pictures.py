"""Pictures of subjects as measurement tables give them, for the rules of alerts."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from decimal import Decimal

from response.alerts.facts import Picture, Scanned
from response.alerts.rules.all_rules import evaluate
from response.assess import assess_subject
from response.model import (
    Alert,
    AssessedTimePoint,
    LesionReading,
    Reader,
    Readings,
    Subject,
    SubjectFacts,
)
from response.protocol import Protocol
from response.terms import LesionState, Role

START = dt.date(2025, 1, 6)
NAME = "NUMBER-0815"
KEY = "k7f3"
READER = Reader("INVESTIGATOR", "SITE")


def on(week: float) -> dt.date:
    """The day so many weeks after the start of treatment."""
    return START + dt.timedelta(round(7 * week))


def row(
    lesion: str,
    week: float,
    said: str | LesionState,
    role: Role = Role.TARGET,
    *,
    node: bool = False,
    sul_peak: str = "",
) -> LesionReading:
    """One lesion at one week: a diameter in mm, or a state."""
    state = said if isinstance(said, LesionState) else None
    return LesionReading(
        f"W{week:g}",
        on(week),
        lesion,
        role,
        organ="liver",
        node=node,
        diameter_mm=None if state or not said else Decimal(said),
        state=state,
        extra={"sul_peak": Decimal(sul_peak)} if sul_peak else {},
    )


def course(*sizes: tuple[float, str], lesion: str = "T1") -> list[LesionReading]:
    """The diameters of one target, mm, by week."""
    return [row(lesion, week, size) for week, size in sizes]


def nothing(week: float, state: LesionState = LesionState.ABSENT) -> LesionReading:
    """A whole time point: read, and no disease; or nothing evaluable."""
    return LesionReading(f"W{week:g}", on(week), "", None, state=state)


def picture(
    *readings: Sequence[LesionReading],
    criteria: Iterable[str] = ("recist11",),
    readers: Sequence[Reader] = (READER,),
    scanned: Iterable[float] = (),
    facts: SubjectFacts | None = None,
    points: Sequence[AssessedTimePoint] = (),
    protocol: Protocol | None = None,
    name: str = NAME,
    key: str = KEY,
) -> Picture:
    """A subject whose tables were assessed; ``scanned`` are weeks that nobody read yet."""
    known = facts or SubjectFacts(name, treatment_start=START)
    days = {(one.date, one.time_point) for rows in readings for one in rows}
    days |= {(one.date, one.time_point) for one in points}
    days |= {(on(week), f"W{week:g}") for week in scanned}
    return Picture(
        Subject(name, key, known),
        tuple(Scanned(point, day) for day, point in sorted(days)),
        tuple(
            assess_subject(
                name,
                reader,
                rows,
                known,
                protocol or Protocol(),
                criterion=criterion,
                time_points=points,
            )
            for reader, rows in zip(readers, readings, strict=True)
            for criterion in criteria
        ),
        readings=tuple(
            Readings(name, reader, "", "", tuple(rows), tuple(points))
            for reader, rows in zip(readers, readings, strict=True)
        ),
    )


def look(
    seen: Picture, week: float, *rules: str, protocol: Protocol | None = None
) -> tuple[Alert, ...]:
    """The alerts of these rules (all, where none is named) that hold in a week."""
    found = evaluate([seen], on(week), protocol or Protocol())
    return tuple(one for one in found if not rules or one.rule in rules)


def told(alerts: Iterable[Alert]) -> list[tuple[str, str]]:
    """Rules and time points, in order."""
    return sorted((one.rule, one.time_point) for one in alerts)
