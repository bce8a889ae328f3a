"""A workspace, a store, and one small patient."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace

import pytest

from response import model as m
from response.store import Store
from response.terms import Event, LesionState, NewLesion, Role, Source, Status
from response.workspace import Workspace

READER = m.Reader()
DAY = dt.date(2025, 3, 1)
SEGMENT = ((0.1, 0.2, 0.3), (1 / 3, -2.0, 1e-9))


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace.open(tmp_path / "home")


@pytest.fixture
def store(workspace: Workspace) -> Iterator[Store]:
    opened = Store(workspace, keep=True)
    yield opened
    opened.close()


@pytest.fixture
def make() -> SimpleNamespace:
    """Builders of one value each, by name."""
    builders = (scan, marks, fact, time_point, registration, tracking, result, decision)
    return SimpleNamespace(**{builder.__name__: builder for builder in builders})


def scan(scan_id: str = "scan-1", *, series: str = "CT 5 mm", image: str = "aa11") -> m.Scan:
    path = f"images/aa/{image}.nrrd"
    box = (0, 0, 0, 9, 8, 7)
    facts = {"weight_kg": "70.5", "KVP": "120"}
    return m.Scan(
        scan_id, "P1", "week 8", DAY, "CT", series, path, image, 2, box, "dicom", 5.0, "", facts
    )


def marks(
    mark_set_id: str = "marks-1",
    *,
    scan_id: str = "scan-1",
    reader: m.Reader = READER,
    mask: str = "bb11",
    labels: tuple[int, ...] = (1, 2),
) -> m.MarkSet:
    return m.MarkSet(mark_set_id, scan_id, reader, f"images/bb/{mask}.nrrd", mask, labels, True)


def fact(label: int = 1, *, organ: str = "LIVER", reader: m.Reader = READER) -> m.LesionFact:
    return m.LesionFact("P1", "week 8", label, reader, organ, "LEFT", False, Role.TARGET)


def time_point(
    scans: tuple[m.Scan, ...] | None = None,
    mark_sets: tuple[m.MarkSet, ...] | None = None,
    facts: tuple[m.LesionFact, ...] = (),
) -> m.TimePoint:
    if scans is None:
        scans = (scan(),)
    if mark_sets is None:
        mark_sets = (marks(),)
    return m.TimePoint("P1", "week 8", DAY, scans, mark_sets, facts)


def registration(key: str = "key-1", *, trusted: bool = True) -> m.Registration:
    ids = (f"id of {key}", key, "P1", "CT", "5 mm", "scan-0", "scan-1", "baseline", "week 8")
    figures = (12.5, float("nan"), 0.001, trusted, "", "ants 0.6", "{}", 4.25)
    return m.Registration(*ids, "transforms/ab", "cc", *figures)


def finding(label: int | None, uid: str, mark_set_id: str = "") -> m.Finding:
    measured = m.RecordedMeasurement(
        Decimal("10.50"), Decimal("7"), 1 / 3, 12.0, SEGMENT, SEGMENT, 2, 40, tlg=0.1
    )
    return m.Finding(
        subject="P1",
        time_point="week 8",
        date=DAY,
        scan_id="scan-1",
        modality="CT",
        series="CT 5 mm",
        reader=READER,
        tracking_uid=uid,
        tracking_id=f"name of {uid}",
        label=label,
        event=Event.PERSISTING if label else Event.NOT_MARKED,
        place=(1.0, 2.0, 1 / 3),
        measurement=measured if label else None,
        state=None if label else LesionState.NOT_EVALUABLE,
        confidence=0.75 if label else None,
        needs_review=not label,
        reason="not marked" if not label else "",
        mark_set_id=mark_set_id,
    )


def tracking(
    key: str = "key-1", uids: tuple[str, ...] = ("uid-1", "uid-2"), mark_set_id: str = ""
) -> m.Tracking:
    lesions = tuple(
        m.Lesion(
            uid,
            f"name of {uid}",
            "P1",
            READER,
            Role.TARGET,
            Source.READER,
            "LIVER",
            Source.PROPOSED,
            "",
            False,
            Source.PERSON,
        )
        for uid in uids
    )
    findings = tuple(finding(n, uid, mark_set_id) for n, uid in enumerate(uids, 1))
    findings += (finding(None, uids[0]),)
    return m.Tracking("P1", READER, key, "baseline", True, lesions, findings, ("a warning",))


def result(overall: str = "PR", *, as_of: dt.date = DAY) -> m.SubjectResult:
    assessment = m.Assessment(
        subject="P1",
        criterion="recist11",
        reader=READER,
        time_point="week 8",
        date=DAY,
        sum_of_diameters_mm=Decimal("43.50"),
        nadir_mm=Decimal("35"),
        change_from_baseline_pct=Decimal("24.28571428571428571428571429"),
        change_from_nadir_pct=None,
        target_response=overall,
        non_target_response="NON-CR/NON-PD",
        new_lesion=NewLesion.NO,
        overall_response=overall,
        status=Status.PROVISIONAL,
        as_of=as_of,
        reasons=(m.Reason("RECIST11.T1.4", "PD: +24.3 % − “quoted”"), m.Reason("X", "")),
    )
    summary = m.SubjectSummary(
        "P1", "recist11", READER, overall, "", DAY, None, 57, False, "not yet", None
    )
    return m.SubjectResult((assessment,), summary)


def decision(decision_id: str = "d1", *, value: str = "LIVER") -> m.Decision:
    moment = dt.datetime(2025, 3, 1, 12, 30, 0, 123456, tzinfo=dt.timezone(dt.timedelta(hours=2)))
    return m.Decision(
        decision_id, moment, "anna", "organ", "P1", READER, "week 8", ("uid-1",), (1, 2), value
    )
