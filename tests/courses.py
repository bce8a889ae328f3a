"""Courses of one subject drawn by chance, and a short way to write readings."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from hypothesis import strategies as st

from response.assess import assess_subject
from response.model import (
    AssessedTimePoint,
    Assessment,
    LesionReading,
    Reader,
    SubjectFacts,
    SubjectResult,
)
from response.protocol import Protocol, parse_protocol
from response.terms import LesionState, Role

START = dt.date(2025, 1, 1)
STATES = {state.value: state for state in LesionState}
ROLES = {"T": Role.TARGET, "L": Role.TARGET, "P": Role.NON_TARGET, "N": Role.NEW}


def day(number: int) -> dt.date:
    """Days after the start of treatment."""
    return START + dt.timedelta(number)


def reading(name: str, number: int, lesion: str, said: object, **more: object) -> LesionReading:
    """A row: lesions T… are targets, L… target nodes, P… non-target, N… new."""
    fields = {"role": ROLES[lesion[0]], "node": lesion[0] == "L"} | more
    if isinstance(said, str) and said in STATES:
        return LesionReading(name, day(number), lesion, state=STATES[said], **fields)
    length = None if said is None else Decimal(str(said))
    return LesionReading(name, day(number), lesion, diameter_mm=length, **fields)


def course(**time_points: object) -> list[LesionReading]:
    """Rows of time points 56 days apart, in the order given: ``BL={"T1": 20}, W8={"T1": 14}``.

    ``None`` is a time point with nothing evaluable.
    """
    rows = []
    for number, (name, lesions) in enumerate(time_points.items()):
        if lesions is None:
            rows.append(
                LesionReading(
                    name,
                    day(56 * number),
                    "",
                    None,
                    state=LesionState.NOT_EVALUABLE,
                    reason="moved",
                )
            )
            continue
        rows += [reading(name, 56 * number, lesion, said) for lesion, said in lesions.items()]
    return rows


def assess(
    rows: list[LesionReading],
    protocol: str = "",
    *,
    criterion: str = "recist11",
    said: tuple[AssessedTimePoint, ...] = (),
    **facts: dt.date,
) -> SubjectResult:
    """Assess rows, and what is said of time points, under a protocol given as TOML."""
    known = SubjectFacts("S1", **({"treatment_start": START} | facts))
    chosen = parse_protocol(protocol) if protocol else Protocol()
    return assess_subject(
        "S1", Reader(), rows, known, chosen, criterion=criterion, time_points=said
    )


def overall(result: SubjectResult) -> list[str]:
    """Overall responses after baseline, superseding rows left out."""
    return [row.overall_response for row in result.assessments[1:] if row.as_of == row.date]


def row_of(result: SubjectResult, name: str, number: int = 0) -> Assessment:
    """The row of a time point; further ones supersede it."""
    return [row for row in result.assessments if row.time_point == name][number]


def ids(row: Assessment) -> list[str]:
    """The ids of the rows that decided."""
    return [reason.row_id for reason in row.reasons]


def text(row: Assessment) -> str:
    """All reasons in one."""
    return " ".join(str(reason) for reason in row.reasons)


LENGTHS = st.integers(0, 400).map(lambda tenths: Decimal(tenths) / 10)
TARGET_SAID = st.one_of(
    LENGTHS, LENGTHS, LENGTHS, st.sampled_from(["ABSENT", "TOO_SMALL", "NOT_EVALUABLE", ""])
)
NON_TARGET_SAID = st.sampled_from(
    ["PRESENT", "PRESENT", "ABSENT", "ABSENT", "NOT_EVALUABLE", "UNEQUIVOCAL_PROGRESSION", ""]
)
NEW_SAID = st.sampled_from(["", "", "", "EQUIVOCAL", "UNEQUIVOCAL", "ABSENT", "NOT_EVALUABLE"])


@st.composite
def courses(draw: st.DrawFn) -> list[LesionReading]:
    """Baseline and up to six time points of up to three targets, two non-targets, two new."""
    targets = draw(st.sampled_from([("T1", "T2", "L1"), ("T1",), ("L1", "L2"), ()]))
    non_targets = draw(st.sampled_from([("P1", "P2"), ("P1",), ()]))
    rows = [reading("W0", 0, name, draw(LENGTHS.filter(lambda mm: mm >= 10))) for name in targets]
    rows += [reading("W0", 0, name, "PRESENT") for name in non_targets]
    if not rows:
        rows = [reading("W0", 0, "P1", "PRESENT")]
    said = {**dict.fromkeys(targets, TARGET_SAID), **dict.fromkeys(non_targets, NON_TARGET_SAID)}
    said |= {"N1": NEW_SAID, "N2": NEW_SAID}
    for number in range(1, draw(st.integers(1, 6)) + 1):
        for lesion, strategy in said.items():
            value = draw(strategy)
            if value != "":
                rows.append(reading(f"W{number}", 28 * number, lesion, value))
    return rows


PROTOCOLS = st.builds(
    lambda persistence, after, partial, nodes: parse_protocol(
        f'[rules]\npr_persistence = "{persistence}"\ncr_then_disease = "{after}"\n'
        f"pd_from_partial = {partial}\nnode_cr_precedence = {nodes}\n"
    ),
    st.sampled_from(["literal", "eortc_carry_forward", "carry_after_confirmed"]),
    st.sampled_from(["pd", "warn", "recode_pr"]),
    st.sampled_from(["true", "false"]),
    st.sampled_from(["true", "false"]),
)
