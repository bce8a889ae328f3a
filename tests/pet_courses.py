"""Short ways to write courses of a PET/CT and what criteria read of them. Decides nothing."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

from builders import DAYS, READER, finding, lesion, tracking

from response.assess import assess_subject
from response.model import (
    Finding,
    Lesion,
    LesionReading,
    MarkSet,
    RecordedMeasurement,
    ReferenceRegion,
    Scan,
    SubjectFacts,
    TimePoint,
    Tracking,
)
from response.protocol import Protocol
from response.read_uptake import choose_roles, find_study, read_uptake
from response.readings import read_tracking
from response.streams import build_streams
from response.terms import Event, Role, Source

# 100 kg, 2 m, M: lean body mass of 9270 x 100 / (6680 + 216 x 25) kg by Janmahasatian
SUL = 9270 / (6680 + 216 * 25)
BODY = {"weight_kg": "100", "height_cm": "200", "sex": "M", "units": "SUVBW"}


def scan(name: str, modality: str, **facts: str) -> Scan:
    said = {**BODY, **facts} if modality == "PT" else {}
    return Scan(
        f"{name}-{modality}", "S1", name, DAYS[name], modality, "", "x", "", 2, (0,) * 6, facts=said
    )  # fmt: skip


def time_point(name: str, *scans: Scan, complete: bool = True, unread: str = "") -> TimePoint:
    marks = [
        MarkSet(f"m-{s.scan_id}", s.scan_id, READER, "", "", (1,), complete)
        for s in scans
        if s.modality != unread
    ]
    return TimePoint("S1", name, DAYS[name], scans, tuple(marks))


def both(name: str, complete: bool = True, unread: str = "", **facts: str) -> TimePoint:
    return time_point(
        name, scan(name, "CT"), scan(name, "PT", **facts), complete=complete, unread=unread
    )


def with_suv(row: RecordedMeasurement, suv: float) -> RecordedMeasurement:
    return replace(
        row, suv_max=suv, suv_mean=suv, suv_peak=suv, sul_peak=suv * SUL, mtv_ml=2.0, tlg=2 * suv
    )


def seen(
    name: str, time_point: str, suv: float | None, event: Event = Event.PERSISTING, size: str = "20"
) -> list[Finding]:
    """A lesion marked on CT, and on PET where it has an uptake."""
    ct = replace(finding(name, time_point, event, size), scan_id=f"{time_point}-CT")
    if suv is None or ct.measurement is None:
        return [ct]
    pet = replace(ct, modality="PT", scan_id=f"{time_point}-PT", label=9)
    return [ct, replace(pet, measurement=with_suv(ct.measurement, suv))]


def liver(name: str, source: Source = Source.READER) -> ReferenceRegion:
    return ReferenceRegion(name, f"{name}-PT", "liver", source, (0, 0, 0), 14.0, 2.0, 0.1)


def course(
    lesions: list[Lesion], findings: list[list[Finding]], *references: ReferenceRegion
) -> Tracking:
    made = tracking(lesions, [one for some in findings for one in some])
    return replace(made, references=references)


def read(made: Tracking, *points: TimePoint) -> dict[tuple[str, str], LesionReading]:
    readings, _ = rows(made, *points)
    return {(r.lesion, r.time_point): r for r in readings}


def rows(made: Tracking, *points: TimePoint, held: frozenset[str] = frozenset()):
    (stream,) = build_streams("S1", points)
    studies = {s.time_point.time_point: find_study(s, made, Protocol()) for s in stream.stops}
    roles = choose_roles(made, studies, Protocol())
    days = [(p.time_point, p.date) for p in points]
    return read_uptake(read_tracking(made, days, (), Protocol(), roles=roles), made, studies, held)


def assess(made: Tracking, *points: TimePoint) -> list[tuple[str, str]]:
    readings, said = rows(made, *points)
    result = assess_subject(
        "S1", READER, readings, SubjectFacts("S1", treatment_start=dt.date(2025, 1, 2)),
        Protocol(), criterion="percist10", time_points=said,
    )  # fmt: skip
    return [(a.overall_response, a.status.value) for a in result.assessments[1:]]


def said_at(made: Tracking, *points: TimePoint) -> list[str]:
    """The sentences of every time point."""
    readings, said = rows(made, *points)
    result = assess_subject(
        "S1", READER, readings, SubjectFacts("S1", treatment_start=dt.date(2025, 1, 2)),
        Protocol(), criterion="percist10", time_points=said,
    )  # fmt: skip
    return [" ".join(reason.text for reason in a.reasons) for a in result.assessments]


ONE = [lesion("L1", Role.TARGET)]
BASE = seen("L1", "B", 8.0, Event.BASELINE)
