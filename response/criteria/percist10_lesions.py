"""The uptake of the lesions of one PET scan, as PERCIST 1.0 compares it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from response.criteria.course import ReadTimePoint
from response.criteria.frame import Walk, explain_merged, find_lesions, spell_out, why_not
from response.criteria.lesions import NO_ROW, ZERO
from response.criteria.organs import name_organ
from response.criteria.percist10 import HOTTEST, PER_ORGAN
from response.model import LesionReading
from response.terms import LesionState, Role


@dataclass(frozen=True, slots=True)
class Uptake:
    """What one lesion shows: SULpeak (0: at background by a reader's word), TLG, size in mm."""

    lesion: str
    sul_peak: Decimal
    tlg: Decimal | None
    size_mm: Decimal | None
    organ: str


@dataclass(frozen=True, slots=True)
class Scan:
    """One PET scan: the uptake of its lesions, hottest first, and the targets without any."""

    lesions: tuple[Uptake, ...]
    missing: Mapping[str, str]

    @property
    def hottest(self) -> Uptake | None:
        """The single hottest lesion (P-06); of two alike the first by name."""
        return self.lesions[0] if self.lesions else None


def read_scan(read: ReadTimePoint, targets: Sequence[str], walk: Walk) -> Scan:
    """The lesions of a time point, hottest first: targets, and non-targets that were measured.

    A target that is one with another target by now adds nothing of its own (R1-24).
    """
    found, missing = [], {}
    for lesion in targets:
        if lesion in walk.treated:
            missing[lesion] = walk.treated[lesion]
        elif lesion in walk.merged:
            why = explain_merged(walk.merged[lesion], targets)
            if why:
                missing[lesion] = why
        else:
            uptake, why = _measure(lesion, read.lesions.get(lesion, ()))
            if uptake is None:
                missing[lesion] = why
            else:
                found.append(uptake)
    for lesion in find_lesions(read, Role.NON_TARGET):
        uptake, _ = _measure(lesion, read.lesions[lesion])
        if uptake is not None and lesion not in walk.treated:
            found.append(uptake)
    hottest_first = sorted(found, key=lambda one: (-one.sul_peak, one.lesion))
    return Scan(tuple(hottest_first), missing)


def _measure(lesion: str, readings: tuple[LesionReading, ...]) -> tuple[Uptake | None, str]:
    """The uptake of a lesion over its parts: the hottest part, the TLG and size of all."""
    if not readings:
        return None, NO_ROW
    peaks = []
    for one in readings:
        peak = ZERO if one.state is LesionState.ABSENT else one.extra.get("sul_peak")
        if peak is None:
            return None, why_not(one)
        peaks.append(spell_out(peak))
    organ = name_organ(readings[0].organ, node=readings[0].node)
    return Uptake(
        lesion,
        max(peaks),
        add_known(_tlg(one) for one in readings),
        add_known(map(_size, readings)),
        organ,
    ), ""


def _tlg(reading: LesionReading) -> Decimal | None:
    return ZERO if reading.state is LesionState.ABSENT else reading.extra.get("tlg")


def _size(reading: LesionReading) -> Decimal | None:
    return ZERO if reading.state is LesionState.ABSENT else reading.diameter_mm


def add_known(values: Iterable[Decimal | None]) -> Decimal | None:
    """The sum; ``None`` where a value is not known."""
    total = ZERO
    for value in values:
        if value is None:
            return None
        total += value
    return total


def select_hottest(scan: Scan) -> tuple[Uptake, ...]:
    """Up to five of the hottest lesions, at most two of an organ (P-06)."""
    chosen: list[Uptake] = []
    organs: Counter[str] = Counter()
    for one in scan.lesions:
        if len(chosen) < HOTTEST and (not one.organ or organs[one.organ] < PER_ORGAN):
            chosen.append(one)
            organs[one.organ] += 1
    return tuple(chosen)
