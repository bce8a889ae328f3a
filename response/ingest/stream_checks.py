"""What must hold between the rows of one reader and subject of a measurement table.

:func:`check_stream` states every rule and says in words what is wrong. Most streams have nothing
that any rule could object to, nothing to fill in and no history; :func:`is_plain` finds those in a
tenth of the time.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import NamedTuple

from response.criteria.course import choose_baseline, is_no_disease, is_nothing_evaluable
from response.criteria.lesions import NODE_NORMAL_BELOW_MM, TOO_SMALL_MM
from response.ingest.csv_table import Problem
from response.ingest.measurement_rows import Columns
from response.model import LesionReading
from response.terms import LESION_ROLES, STATES_BY_ROLE, LesionState, Role

LYMPH_NODE = "lymph node"
ZERO = Decimal(0)

LENGTH_OF_STATE = {
    LesionState.ABSENT: ZERO,
    LesionState.MERGED: ZERO,
    LesionState.TOO_SMALL: TOO_SMALL_MM,
}
"""What a state of a target stands for in the sum; another diameter beside it contradicts it."""

NO_DISEASE = "an empty lesion with state ABSENT"


class ReadRow(NamedTuple):
    """A row of the table: its number, its reading, and whether it says that it is a node."""

    number: int
    subject: str
    reading: LesionReading
    node: bool | None


@dataclass(slots=True)
class _Known:
    """What the rows say of a lesion, by the row that first said it."""

    role: Role | None = None
    organ: str = ""
    node: bool | None = None


def check_stream(
    rows: Sequence[ReadRow], treatment_start: dt.date | None
) -> tuple[tuple[LesionReading, ...], list[Problem]]:
    """Check one reader's rows of one subject; give their readings with role and node filled in.

    What holds is checked from the baseline on: earlier rows are history.
    """
    ordered = sorted(rows, key=lambda row: (row.reading.date, row.number))
    problems = [*_find_two_dates(ordered), *_find_duplicates(ordered)]
    scans = {(row.reading.date, row.reading.time_point) for row in ordered}
    baseline = choose_baseline(tuple(scans), treatment_start)[0]
    problems += _find_shared_baseline(ordered, scans, baseline)
    since = [row for row in ordered if row.reading.date >= baseline[0]]
    known: dict[str, _Known] = {}
    for row in since:
        problems += _learn(known.setdefault(row.reading.lesion, _Known()), row)
    readings = [_fill(row.reading, known[row.reading.lesion]) for row in since]
    numbered = [(row.number, one) for row, one in zip(since, readings, strict=True)]
    at_baseline = {
        one.lesion for one in readings if one.date == baseline[0] or one.time_point == baseline[1]
    }
    for number, one in numbered:
        problems += _check_row(number, one, known[one.lesion])
        if one.date == baseline[0]:
            problems += _check_baseline_row(number, one)
    problems += _find_late(numbered, at_baseline)
    problems += _find_wrong_merges(numbered, known)
    named = {row.number: row for row in ordered}
    history = [row.reading for row in ordered if row.reading.date < baseline[0]]
    found = [(number, _where(named[number]) + text) for number, text in problems]
    return (*history, *readings), sorted(found)


def _where(row: ReadRow) -> str:
    lesion = f", lesion {row.reading.lesion}" if row.reading.lesion else ""
    return f"subject {row.subject}, time point {row.reading.time_point}{lesion}: "


# ------------------------------------------------------------------------------- nothing to object

_MEASURED = {
    (Role.TARGET, None),
    (Role.NON_TARGET, None),
    (Role.NON_TARGET, LesionState.PRESENT),
    (Role.NEW, LesionState.EQUIVOCAL),
    (Role.NEW, LesionState.UNEQUIVOCAL),
}
_UNMEASURED = {
    (Role.TARGET, None),
    (Role.NON_TARGET, None),
    *((role, state) for role, states in STATES_BY_ROLE.items() for state in states),
} - {(Role.TARGET, LesionState.MERGED)}
_AT_BASELINE = {None, LesionState.PRESENT, LesionState.NOT_EVALUABLE}


def is_plain(part: Columns, treatment_start: dt.date | None) -> bool:
    """Whether no rule of :func:`check_stream` could object to a stream, or change a reading.

    It asks for more than the rules do; what is not plain is checked by them.
    """
    scans = set(zip(part.date, part.time_point, strict=True))
    if not len(scans) == len({date for date, _ in scans}) == len({name for _, name in scans}):
        return False
    if any(part.merged_into) or not all(part.lesion):
        return False
    keys = set(zip(part.time_point, part.lesion, part.part, strict=True))
    if len(keys) < len(part.lesion):
        return False
    baseline = choose_baseline(tuple(scans), treatment_start)[0][0]
    if min(scans)[0] < baseline:
        return False
    first = [at for at, date in enumerate(part.date) if date == baseline]
    return all(_is_plain_first(part, at) for at in first) and _is_plain_through_time(
        part, {part.lesion[at] for at in first}
    )


def _is_plain_first(part: Columns, at: int) -> bool:
    role, state = part.role[at], part.state[at]
    if role is Role.TARGET:
        return bool(part.diameter_mm[at]) and state is None
    return role is Role.NON_TARGET and state in _AT_BASELINE


def _is_plain_through_time(part: Columns, first: set[str]) -> bool:
    """Whether all rows of a lesion say the same role, organ and node, and states that go with it.

    Rows are compared as written, which is quick, and judged once for each kind.
    """
    roles = dict(zip(part.role_text, part.role, strict=True))
    states = dict(zip(part.state_text, part.state, strict=True))
    kinds = set(
        zip(
            part.lesion, part.role_text, part.organ, part.node, part.state_text,
            map(type, part.diameter_mm), strict=True,
        )
    )  # fmt: skip
    told: dict[str, tuple[str, str, bool | None]] = {}
    for lesion, said, organ, node, state, length in kinds:
        role = roles[said]
        if told.setdefault(lesion, (said, organ, node)) != (said, organ, node):
            return False
        if (role, states[state]) not in (_MEASURED if length is Decimal else _UNMEASURED):
            return False
        if lesion not in first and role is not Role.NEW:
            return False
        if node is None and LYMPH_NODE in organ.casefold():
            return False
    return True


# ---------------------------------------------------------------------------------- time points


def _find_two_dates(rows: Sequence[ReadRow]) -> Iterable[Problem]:
    dates: dict[str, dt.date] = {}
    told = set()
    for row in rows:
        reading = row.reading
        date = dates.setdefault(reading.time_point, reading.date)
        if date != reading.date and (reading.time_point, reading.date) not in told:
            told.add((reading.time_point, reading.date))
            yield row.number, f"date is {reading.date}, but other rows say {date}"


def _find_duplicates(rows: Sequence[ReadRow]) -> Iterable[Problem]:
    seen: dict[tuple[str, str, str], int] = {}
    nothing: dict[str, int] = {}
    for row in rows:
        reading = row.reading
        if not reading.lesion:
            nothing[reading.time_point] = row.number
        key = reading.time_point, reading.lesion, reading.part
        first = seen.setdefault(key, row.number)
        if first != row.number:
            part = f" part {reading.part}" if reading.part else ""
            yield row.number, f"the lesion{part} is there twice at this time point (row {first})"
    for time_point, number in nothing.items():
        if any(name == time_point and lesion for name, lesion, _ in seen):
            yield number, "an empty lesion speaks for the whole time point, but other rows are read"


def _find_shared_baseline(
    rows: Sequence[ReadRow],
    scans: Iterable[tuple[dt.date, str]],
    baseline: tuple[dt.date, str],
) -> Iterable[Problem]:
    others = sorted(name for date, name in scans if date == baseline[0] and name != baseline[1])
    for other in others:
        number = min(row.number for row in rows if row.reading.time_point == other)
        yield number, f"shares the date of the baseline {baseline[1]}: give both one name"


# -------------------------------------------------------------------------------------- lesions


def _learn(known: _Known, row: ReadRow) -> Iterable[Problem]:
    """Take up what a row says of its lesion; what contradicts an earlier row is wrong."""
    reading = row.reading
    if not reading.lesion:
        return
    if known.role is None:
        known.role = reading.role
    elif reading.role is not None and reading.role is not known.role:
        yield row.number, f"role is {reading.role}, but it was {known.role}: a role is fixed"
    if known.node is None:
        known.node = row.node
    elif row.node is not None and row.node is not known.node:
        yield row.number, f"node is {_flag(row.node)}, but it was {_flag(known.node)}"
    organ = reading.organ.casefold()
    if not known.organ:
        known.organ = organ
    elif organ and organ != known.organ:
        yield row.number, f"organ is {reading.organ!r}, but it was {known.organ!r}"


def _flag(value: bool) -> str:
    return "true" if value else "false"


def _fill(reading: LesionReading, known: _Known) -> LesionReading:
    node = known.node if known.node is not None else LYMPH_NODE in known.organ
    role = reading.role or known.role
    if node is reading.node and role is reading.role:
        return reading
    return replace(reading, node=node, role=role)


def _check_row(number: int, reading: LesionReading, known: _Known) -> Iterable[Problem]:
    if not reading.lesion:
        whole = is_nothing_evaluable(reading) or is_no_disease(reading)
        if not whole or reading.diameter_mm is not None:
            yield (
                number,
                "lesion is empty: name it, or say of the whole time point NOT_EVALUABLE, or ABSENT "
                "where it shows no disease",
            )
        return
    if reading.role is None:
        yield number, f"role is empty: one of {', '.join(LESION_ROLES)}"
        return
    state = reading.state
    if state is not None and state not in STATES_BY_ROLE[reading.role]:
        allowed = ", ".join(sorted(STATES_BY_ROLE[reading.role]))
        yield number, f"state is {state}, which is none of a {reading.role}: {allowed}"
        return
    yield from _CHECK_BY_ROLE[reading.role](number, reading, known)


def _check_target(number: int, reading: LesionReading, known: _Known) -> Iterable[Problem]:
    length, state = reading.diameter_mm, reading.state
    if state is not None and length is not None and length != LENGTH_OF_STATE.get(state):
        yield number, f"diameter_mm is {length} and state is {state}: give one of the two"


def _check_non_target(number: int, reading: LesionReading, known: _Known) -> Iterable[Problem]:
    if reading.state is not LesionState.ABSENT or reading.diameter_mm is None:
        return
    normal_node = reading.node and reading.diameter_mm < NODE_NORMAL_BELOW_MM
    if reading.diameter_mm > ZERO and not normal_node:
        yield number, f"diameter_mm is {reading.diameter_mm} and state is ABSENT: give one"


def _check_new(number: int, reading: LesionReading, known: _Known) -> Iterable[Problem]:
    length, state = reading.diameter_mm, reading.state
    if state is LesionState.ABSENT and length is not None and length > ZERO:
        yield number, f"diameter_mm is {length} and state is ABSENT: give one of the two"


_CHECK_BY_ROLE = {
    Role.TARGET: _check_target,
    Role.NON_TARGET: _check_non_target,
    Role.NEW: _check_new,
}


# ------------------------------------------------------------------------------------- baseline


_NOT_AT_BASELINE = (LesionState.ABSENT, LesionState.UNEQUIVOCAL_PROGRESSION)


def _check_baseline_row(number: int, reading: LesionReading) -> Iterable[Problem]:
    if reading.role is Role.NEW:
        yield (
            number,
            "role is NEW at the baseline: nothing can be new there; a baseline without disease is "
            f"a row of its own, {NO_DISEASE}",
        )
    elif reading.role is Role.TARGET:
        measured = reading.diameter_mm is not None or bool(reading.extra)
        if reading.diameter_mm == ZERO or not (measured or reading.state is LesionState.TOO_SMALL):
            yield number, "a target without baseline: it needs a measurement there"
    elif reading.lesion and reading.state in _NOT_AT_BASELINE:
        yield number, f"a non-target lesion cannot be {reading.state} at the baseline"


def _find_late(
    rows: Sequence[tuple[int, LesionReading]], at_baseline: set[str]
) -> Iterable[Problem]:
    told = set()
    for number, reading in rows:
        late = reading.lesion and reading.lesion not in at_baseline
        if late and reading.role in (Role.TARGET, Role.NON_TARGET) and reading.lesion not in told:
            told.add(reading.lesion)
            yield (
                number,
                f"{reading.role} without a row at the baseline: a lesion first seen later is NEW",
            )


def _find_wrong_merges(
    rows: Sequence[tuple[int, LesionReading]], known: dict[str, _Known]
) -> Iterable[Problem]:
    merged_at: dict[tuple[str, str], str] = {}
    for number, reading in rows:
        into = reading.merged_into
        if reading.state is not LesionState.MERGED:
            if into:
                yield number, f"merged_into is {into}, but state is not MERGED"
            continue
        merged_at[reading.time_point, reading.lesion] = into
        if not into:
            yield number, "state is MERGED: say into which lesion (merged_into)"
        elif into == reading.lesion:
            yield number, "merged_into is the lesion itself"
        elif into not in known or known[into].role is not Role.TARGET:
            yield number, f"merged_into is {into}, which is no target of this reader"
    for number, reading in rows:
        into = merged_at.get((reading.time_point, reading.lesion), "")
        if into and merged_at.get((reading.time_point, into)) == reading.lesion:
            yield number, f"merged into {into}, which is merged into it"
