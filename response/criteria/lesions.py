"""What one lesion says at one time point: a length for the sum, or a state (RECIST 1.1, 4.3).

Shared by the criteria that add diameters. Millimetres throughout; a node's diameter is its short
axis.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from operator import attrgetter
from typing import NamedTuple

from response.model import LesionReading
from response.terms import LesionState, Role

TOO_SMALL_MM = Decimal(5)
"""R1-21: a lesion still seen but too small to measure counts as 5 mm, node or not."""

NODE_NORMAL_BELOW_MM = Decimal(10)
"""R1-04: a node with a short axis below 10 mm is normal."""

ZERO = Decimal(0)

_MERGED, _NOT_EVALUABLE = LesionState.MERGED, LesionState.NOT_EVALUABLE

NO_ROW = "not assessed: no row"

Diameter = Callable[[LesionReading], Decimal | None]
"""Which length of a row a criterion adds."""


def is_normal(node: bool, amount_mm: Decimal) -> bool:
    """A lesion of 0 mm, or a node below 10 mm."""
    return amount_mm < NODE_NORMAL_BELOW_MM if node else amount_mm == ZERO


class Contribution(NamedTuple):
    """What a target adds to the sum. ``missing`` says why it is not all known (empty: it is).

    ``normal`` is false where the lesion is still there whatever its length (A30).
    """

    lesion: str
    node: bool
    amount_mm: Decimal
    missing: str = ""
    may_be_normal: bool = True

    @property
    def may_be_gone(self) -> bool:
        """Gone, or a node back to normal size, as far as it is known: what CR asks (R1-30)."""
        return self.may_be_normal and is_normal(self.node, self.amount_mm)

    @property
    def diseased(self) -> bool:
        """Seen with certainty: above 0 mm, or a node of at least 10 mm (R1-55)."""
        return self.amount_mm >= NODE_NORMAL_BELOW_MM if self.node else self.amount_mm > ZERO


@dataclass(frozen=True, slots=True)
class Length:
    """Which length of a row a criterion adds, and what it says of a row without it."""

    of: Diameter
    unmeasured: str


DIAMETER = Length(attrgetter("diameter_mm"), "not assessed: neither a diameter nor a state")
"""RECIST 1.1: the longest diameter, of a node the short axis (R1-13)."""


def measure_target(
    lesion: str,
    node: bool,
    readings: Sequence[LesionReading],
    merged_into_target: bool = False,
    length: Length = DIAMETER,
    too_small_is_normal: bool = True,
) -> Contribution:
    """Add up the rows of one target at one time point (R1-20 to R1-24).

    Parameters
    ----------
    readings
        Its rows, one for each part; none where it was not assessed.
    merged_into_target
        Whether, by now, it is one with another target that is measured here.
    too_small_is_normal
        Whether a node too small to measure is below 10 mm (A30).
    """
    if len(readings) == 1:
        amount = length.of(readings[0])
        if amount is not None:
            return Contribution(lesion, node, amount)
    elif not readings:
        missing = "" if merged_into_target else f"{lesion} ({NO_ROW})"
        return Contribution(lesion, node, ZERO, missing)
    total, missing = ZERO, ""
    for reading in readings:
        amount, why = _amount_of(reading, merged_into_target, length)
        total += amount
        missing = missing or why
    may_be_normal = too_small_is_normal or all(
        reading.state is not LesionState.TOO_SMALL for reading in readings
    )
    return Contribution(lesion, node, total, missing, may_be_normal)


def _amount_of(
    reading: LesionReading, merged_into_target: bool, length: Length
) -> tuple[Decimal, str]:
    amount = length.of(reading)
    if amount is not None:
        return amount, ""
    if reading.state is LesionState.ABSENT:
        return ZERO, ""
    if reading.state is LesionState.TOO_SMALL:
        return TOO_SMALL_MM, ""
    if reading.state is LesionState.MERGED:
        if merged_into_target:
            return ZERO, ""
        into = reading.merged_into or "a lesion that is not named"
        return ZERO, f"{reading.lesion} (merged into {into}, which is no measured target)"
    return ZERO, f"{reading.lesion} ({_why_not(reading, length.unmeasured)})"


def _why_not(reading: LesionReading, unmeasured: str = DIAMETER.unmeasured) -> str:
    if reading.reason:
        return reading.reason
    return "not evaluable" if reading.state is LesionState.NOT_EVALUABLE else unmeasured


# -------------------------------------------------------------------------- non-target lesions


def judge_non_target(lesion: str, readings: Sequence[LesionReading]) -> tuple[LesionState, str]:
    """State of a non-target lesion over its parts, and the reason where it is not evaluable.

    A node is present only from 10 mm on, where its short axis is given (R1-40).
    """
    if not readings:
        return LesionState.NOT_EVALUABLE, f"{lesion} ({NO_ROW})"
    if len(readings) == 1:
        reading = readings[0]
        state = reading.state if reading.diameter_mm is None else _non_target_state(reading)
        if state and state is not _NOT_EVALUABLE:
            return state, ""
    states = [_non_target_state(reading) for reading in readings]
    if LesionState.UNEQUIVOCAL_PROGRESSION in states:
        return LesionState.UNEQUIVOCAL_PROGRESSION, ""
    if LesionState.NOT_EVALUABLE in states:
        reading = readings[states.index(LesionState.NOT_EVALUABLE)]
        return LesionState.NOT_EVALUABLE, f"{lesion} ({_why_not(reading)})"
    return LesionState.PRESENT if LesionState.PRESENT in states else LesionState.ABSENT, ""


def _non_target_state(reading: LesionReading) -> LesionState:
    length, state = reading.diameter_mm, reading.state
    if length is not None and (state is None or state is LesionState.PRESENT):
        return LesionState.ABSENT if is_normal(reading.node, length) else LesionState.PRESENT
    return state or _NOT_EVALUABLE


# --------------------------------------------------------------------------------- new lesions


def judge_new(readings: Iterable[LesionReading], called_before: LesionState | None) -> LesionState:
    """State of a new lesion over its parts.

    A row measured in whatever unit without a state stays what a reader called the lesion before;
    nobody having called it, the reader who measured it as new says by that that it is (ours).
    """
    states = {_new_state(reading, called_before) for reading in readings}
    for state in (LesionState.UNEQUIVOCAL, LesionState.NOT_EVALUABLE, LesionState.EQUIVOCAL):
        if state in states:
            return state
    return LesionState.ABSENT


def _new_state(reading: LesionReading, called_before: LesionState | None) -> LesionState:
    if reading.state is LesionState.UNEQUIVOCAL_PROGRESSION:
        return LesionState.UNEQUIVOCAL
    if reading.state is not None:
        return reading.state
    if reading.diameter_mm == ZERO:
        return LesionState.ABSENT
    if reading.diameter_mm is None and not reading.extra:
        return LesionState.NOT_EVALUABLE
    return called_before or LesionState.UNEQUIVOCAL


def judge_all_new(
    lesions: Mapping[str, tuple[LesionReading, ...]], called: Mapping[str, LesionState]
) -> tuple[dict[str, LesionState], dict[str, str]]:
    """States of all new lesions, and how those without a row are named in a sentence.

    One called unequivocal before, of which there is no row now, was not assessed.
    """
    states = {
        lesion: judge_new(readings, called.get(lesion))
        for lesion, readings in lesions.items()
        if readings[0].role is Role.NEW
    }
    labels = {}
    for lesion, before in called.items():
        if before is LesionState.UNEQUIVOCAL and lesion not in states:
            states[lesion] = LesionState.NOT_EVALUABLE
            labels[lesion] = f"{lesion} ({NO_ROW})"
    return states, labels


def follow_equivocal(
    states: Mapping[str, LesionState],
    time_point: str,
    called: dict[str, LesionState],
    equivocal: dict[str, list[str]],
) -> dict[str, list[str]]:
    """Remember what new lesions are called; give those certain now that were equivocal before.

    Parameters
    ----------
    states
        What is said of each at this time point.
    called, equivocal
        What each was called last, and at which time points it was equivocal since; kept up to date.

    Returns
    -------
    dict
        The time points at which each that is unequivocal now was equivocal (R1-51).
    """
    confirmed = {}
    for lesion in sorted(states):
        state = states[lesion]
        if state is LesionState.NOT_EVALUABLE:
            continue
        called[lesion] = state
        if state is LesionState.EQUIVOCAL:
            equivocal.setdefault(lesion, []).append(time_point)
            continue
        since = equivocal.pop(lesion, [])
        if state is LesionState.UNEQUIVOCAL and since:
            confirmed[lesion] = since
    return confirmed


# ------------------------------------------------------------------------ merged and treated


def find_merged(
    lesions: Mapping[str, tuple[LesionReading, ...]], merged: Mapping[str, str]
) -> dict[str, str]:
    """Which lesions are by now part of another: as said here, else as said before (R1-24)."""
    now = {lesion: into for lesion, into in merged.items() if lesion not in lesions}
    for lesion, readings in lesions.items():
        for reading in readings:
            if reading.state is _MERGED:
                now[lesion] = reading.merged_into
    return now


def find_notable(lesions: Mapping[str, tuple[LesionReading, ...]]) -> list[LesionReading]:
    """The rows that say more than what a lesion measures: provisional, merged or treated."""
    return [
        reading
        for readings in lesions.values()
        for reading in readings
        if reading.provisional or reading.intervention or reading.state is _MERGED
    ]
