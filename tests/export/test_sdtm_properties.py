"""Whatever was read, written as SDTM and read again, is assessed the same."""

from __future__ import annotations

import datetime as dt
import tempfile
from decimal import Decimal
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from response.assess import assess_subject
from response.export.sdtm import export_sdtm
from response.export.study import Study, StudyStream, Visit
from response.ingest.sdtm import read_sdtm
from response.model import LesionReading, Reader, Subject, SubjectFacts
from response.protocol import Protocol
from response.terms import LesionState, Role

DAYS = [dt.date(2025, 1, 6) + dt.timedelta(56 * number) for number in range(4)]
VISITS = [f"V{number}" for number in range(4)]
FACTS = SubjectFacts("P1", treatment_start=dt.date(2025, 1, 10))

LENGTHS = st.decimals("0.1", "99.9", places=1)
STATES = LesionState

TARGET_AT = st.one_of(
    LENGTHS.map(lambda mm: (mm, None)),
    st.sampled_from([STATES.ABSENT, STATES.TOO_SMALL, STATES.NOT_EVALUABLE]).map(
        lambda state: (None, state)
    ),
    st.none(),
)
NON_TARGET_AT = st.sampled_from(
    [STATES.PRESENT, STATES.ABSENT, STATES.UNEQUIVOCAL_PROGRESSION, STATES.NOT_EVALUABLE, None]
)
NEW_AT = st.sampled_from([STATES.EQUIVOCAL, STATES.UNEQUIVOCAL, STATES.ABSENT, None, None, None])


def row(number: int, lesion: str, role: Role, **more: object) -> LesionReading:
    made = {"organ": "LIVER", "method": "CT SCAN"} | more
    return LesionReading(VISITS[number], DAYS[number], lesion, role, **made)  # type: ignore[arg-type]


@st.composite
def courses(draw: st.DrawFn) -> list[LesionReading]:
    """One subject's rows: targets (nodes among them), non-targets, new lesions, in any state."""
    rows: list[LesionReading] = []
    for place in range(draw(st.integers(1, 3))):
        name, node = f"T{place}", draw(st.booleans())
        kind = {"node": node, "organ": "LYMPH NODE" if node else "LIVER"}
        rows.append(row(0, name, Role.TARGET, diameter_mm=draw(LENGTHS), **kind))
        for number in (1, 2, 3):
            said = draw(TARGET_AT)
            if said is not None:
                length, state = said
                rows.append(row(number, name, Role.TARGET, diameter_mm=length, state=state, **kind))
    for place in range(draw(st.integers(0, 2))):
        rows.append(row(0, f"NT{place}", Role.NON_TARGET, state=STATES.PRESENT))
        for number in (1, 2, 3):
            state = draw(NON_TARGET_AT)
            if state is not None:
                rows.append(row(number, f"NT{place}", Role.NON_TARGET, state=state))
    for number in (1, 2, 3):
        state = draw(NEW_AT)
        if state is not None:
            length = draw(st.none() | LENGTHS) if state is not STATES.ABSENT else None
            rows.append(row(number, "NEW1", Role.NEW, state=state, diameter_mm=length))
    return rows


def export(rows: list[LesionReading], out: Path) -> None:
    seen = {r.time_point for r in rows}
    visits = {
        name: Visit(Decimal(order), name, day, day.isoformat(), order)
        for order, (name, day) in enumerate(zip(VISITS, DAYS, strict=True), 1)
        if name in seen
    }
    ordered = tuple(sorted(rows, key=lambda r: (r.date, r.time_point)))
    result = assess_subject("P1", Reader(), ordered, FACTS, Protocol())
    stream = StudyStream(Subject("P1", "key", FACTS), Reader(), ordered, visits, (result,))
    export_sdtm(Study("S", (stream,)), out)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(courses())
def test_a_course_is_assessed_the_same_when_it_is_read_again(rows: list[LesionReading]) -> None:
    before = assess_subject("P1", Reader(), rows, FACTS, Protocol())
    with tempfile.TemporaryDirectory() as folder:
        export(rows, Path(folder))
        (stream,) = read_sdtm(Path(folder), today=dt.date(2026, 1, 1)).streams
    after = assess_subject(
        "P1",
        stream.reader,
        stream.readings,
        stream.facts,
        Protocol(),
        time_points=stream.time_points,
    )
    assert after == before
