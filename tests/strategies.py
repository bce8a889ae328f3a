"""Courses of disease as a reader might write them down: any criterion's readings and facts."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from hypothesis import strategies as st

from response.model import AssessedTimePoint, LesionReading
from response.terms import LesionState, Role

START = dt.date(2025, 1, 6)
WEEKS = (0, 8, 16, 24, 32)

tenths = st.integers(0, 600).map(lambda number: Decimal(number) / 10)
lengths = st.integers(100, 600).map(lambda number: Decimal(number) / 10)
uptakes = st.integers(0, 120).map(lambda number: Decimal(number) / 10)

FOLLOW_UP_STATES = {
    Role.TARGET: (None, None, None, LesionState.ABSENT, LesionState.NOT_EVALUABLE),
    Role.NON_TARGET: (
        LesionState.PRESENT,
        LesionState.PRESENT,
        LesionState.ABSENT,
        LesionState.NOT_EVALUABLE,
        LesionState.UNEQUIVOCAL_PROGRESSION,
    ),
    Role.NEW: (LesionState.EQUIVOCAL, LesionState.UNEQUIVOCAL, LesionState.ABSENT),
}


def name_time_point(number: int) -> str:
    return f"W{WEEKS[number]:02d}"


def date_time_point(number: int) -> dt.date:
    return START + dt.timedelta(weeks=WEEKS[number])


@st.composite
def readings(draw, lesion, role, number, node):
    """One lesion at one time point, with everything that any criterion measures."""
    state = None
    if role is Role.NON_TARGET and number == 0:
        state = LesionState.PRESENT
    elif number or role is Role.NON_TARGET:
        state = draw(st.sampled_from(FOLLOW_UP_STATES[role]))
    measured = role is Role.TARGET and state is None
    length = draw(lengths if number == 0 else tenths) if measured else None
    extra = {}
    if measured:
        extra = {
            "short_diameter_mm": length,
            "viable_diameter_mm": length,
            "density_hu": draw(st.integers(-20, 120).map(Decimal)),
        }
        extra |= {name: draw(uptakes) for name in ("suv_mean", "suv_max", "sul_peak")}
    return LesionReading(
        name_time_point(number),
        date_time_point(number),
        lesion,
        role,
        organ="lymph node" if node else "liver",
        node=node,
        diameter_mm=length,
        state=state,
        extra=extra,
    )


@st.composite
def facts(draw, number):
    """What is said of the whole patient; any of it may be left out."""
    said = {
        "liver_mean": st.sampled_from(["1.5", "1.6", "2.4"]),
        "liver_sd": st.just("0.2"),
        "uptake_minutes": st.sampled_from(["60", "62", "90"]),
        "injected_mbq": st.just("300"),
        "deauville": st.sampled_from(["1", "3", "4", "5"]),
        "metabolic_complete": st.sampled_from(["true", "false"]),
        "bone_new_lesions": st.sampled_from(["0", "2", "4"]),
        "steroid_dose": st.sampled_from(["0", "2", "4"]),
        "spleen_length_mm": st.sampled_from(["120", "150", "180"]),
    }
    chosen = draw(st.sets(st.sampled_from(sorted(said))))
    return {name: draw(said[name]) for name in sorted(chosen)}


@st.composite
def courses(draw):
    """Rows of one reader, and what is said of the time points: baseline and up to four more."""
    last = draw(st.integers(1, len(WEEKS) - 1))
    targets = draw(st.integers(0, 3))
    others = draw(st.integers(0, 2))
    rows = []
    for number in range(last + 1):
        for index in range(targets):
            rows.append(draw(readings(f"T{index}", Role.TARGET, number, index == 2)))
        for index in range(others):
            rows.append(draw(readings(f"N{index}", Role.NON_TARGET, number, False)))
        if number and draw(st.integers(0, 3)) == 0:
            rows.append(draw(readings("X0", Role.NEW, number, False)))
    points = [
        AssessedTimePoint(name_time_point(n), date_time_point(n), facts=draw(facts(n)))
        for n in range(last + 1)
    ]
    return rows, points
