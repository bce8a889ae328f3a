"""Uptake through time, as the criteria of PET compare it: no I/O, no clinical rule.

What a chart shows of a lesion is what was recorded; the lines it is compared with are those of
PERCIST 1.0 (P-04, P-08, P-09) and EORTC 1999, whose numbers stand in :mod:`response.criteria`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from dashboard.palette import BASELINE, NADIR, PARTIAL, PROGRESSION
from response.criteria import eortc_pet, percist10
from response.model import Finding, RecordedMeasurement
from response.protocol import Protocol
from response.terms import Event, LesionState, Role

UNIT = "g/ml"
QUANTITIES = ("sul_peak", "suv_max", "suv_mean", "suv_peak", "mtv_ml", "tlg")
"""What is recorded of a lesion's uptake, by its name in exports."""

QUANTITY_WORDS: dict[str, tuple[str, str]] = {
    "sul_peak": ("SULpeak", UNIT),
    "suv_max": ("SUVmax", UNIT),
    "suv_mean": ("SUVmean", UNIT),
    "suv_peak": ("SUVpeak", UNIT),
    "mtv_ml": ("MTV", "ml"),
    "tlg": ("TLG", "g"),
}
"""Quantity → its name and unit; TLG is SUVmean (g/ml) times MTV (ml)."""

COUNTED = (Role.TARGET, Role.NON_TARGET)

Values = Mapping[str, float]
"""Quantity → value, of one lesion at one time point."""


@dataclass(frozen=True, slots=True)
class Seen:
    """A lesion at one time point: its uptake on the chart, None where it is not known."""

    lesion: str
    role: Role | None
    merged: bool
    value: float | None


@dataclass(frozen=True, slots=True)
class UptakePoint:
    """What a criterion compares at one time point: ``lesions`` are those it comes from.

    ``missing`` are targets without a value: what is known can then only be a part.
    """

    time_point: str
    date: dt.date
    value: float | None
    lesions: tuple[str, ...]
    missing: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class UptakeLine:
    """A value that points are compared with."""

    name: str
    value: float
    colour: str
    dash: str = "dash"


@dataclass(frozen=True, slots=True)
class UptakeCourse:
    """The uptake of a subject through time, as a criterion compares it.

    ``tissue`` is the mean SUL of the reference tissue that ``tissue_name`` names, by date.
    """

    quantity: str
    name: str
    points: tuple[UptakePoint, ...]
    lines: tuple[UptakeLine, ...]
    tissue: tuple[tuple[dt.date, float], ...] = ()
    tissue_name: str = ""

    @property
    def lesion_name(self) -> str:
        """What is drawn of each lesion, with its unit."""
        words, unit = QUANTITY_WORDS[self.quantity]
        return f"{words} ({unit})"

    def at(self, time_point: str) -> UptakePoint | None:
        """Return the point of a time point."""
        return next((p for p in self.points if p.time_point == time_point), None)


@dataclass(frozen=True, slots=True)
class Tissue:
    """The reference tissue at one time point, in SUL (g/ml)."""

    time_point: str
    date: dt.date
    organ: str
    mean: float
    sd: float | None


def collect_values(findings: Iterable[Finding]) -> dict[str, float]:
    """Return the uptake recorded of one lesion at one time point, over the series it is seen in.

    A finding on the PET scan itself goes before one on another scan.
    """
    ordered = sorted(findings, key=lambda f: f.modality != "PT")
    return {
        name: value for name in QUANTITIES if (value := _first_known(ordered, name)) is not None
    }


def _first_known(findings: Sequence[Finding], name: str) -> float | None:
    measured = (f.measurement for f in findings)
    return next((v for m in measured if m and (v := _read(m, name)) is not None), None)


def _read(measured: RecordedMeasurement, name: str) -> float | None:
    value: float | None = getattr(measured, name)
    return value


def drawn_value(quantity: str, finding: Finding, values: Values) -> float | None:
    """Return a lesion's uptake as it is drawn: 0 only where it is said to be gone."""
    if finding.state is LesionState.ABSENT or finding.event is Event.RESOLVED:
        return 0.0
    if finding.state in (LesionState.NOT_EVALUABLE, LesionState.MERGED):
        return None
    return values.get(quantity)


def choose_quantity(criterion: str, baseline: Sequence[tuple[Role | None, Values]]) -> str:
    """Return what a criterion compares; EORTC's is the first that every target has at baseline."""
    if criterion != "eortc_pet":
        return "sul_peak"
    targets = [values for role, values in baseline if role is Role.TARGET]
    for name in eortc_pet.MEASURES:
        if all(name in values for values in targets):
            return name
    return eortc_pet.MEASURES[0]


def build_course(
    criterion: str,
    quantity: str,
    seen: Sequence[tuple[str, dt.date, Sequence[Seen]]],
    baseline: str,
    tissues: Sequence[Tissue],
    protocol: Protocol,
) -> UptakeCourse:
    """Lay uptake along time as a criterion compares it.

    Parameters
    ----------
    seen
        Each time point's name, date and lesions, by date.
    baseline
        The time point that all others are compared with.
    tissues
        What is known of reference tissue, in SUL.
    """
    adds = criterion == "eortc_pet"
    points = tuple(_point(name, day, lesions, adds=adds) for name, day, lesions in seen)
    words = QUANTITY_WORDS[quantity][0]
    first = next((p.value for p in points if p.time_point == baseline), None)
    if adds:
        lines = _eortc_lines(first, protocol)
        return UptakeCourse(quantity, f"Sum of {words} over targets ({UNIT})", points, lines)
    organ = "liver" if any(t.organ == "liver" for t in tissues) else "blood_pool"
    shown = [t for t in tissues if t.organ == organ]
    return UptakeCourse(
        quantity,
        f"{words}, hottest lesion ({UNIT})",
        points,
        _percist_lines(first, baseline, shown, protocol),
        tuple((t.date, t.mean) for t in shown),
        organ.replace("_", " "),
    )


def _point(name: str, day: dt.date, lesions: Sequence[Seen], *, adds: bool) -> UptakePoint:
    roles = (Role.TARGET,) if adds else COUNTED
    known = [(x.value, x.lesion) for x in lesions if x.role in roles and x.value is not None]
    missing = tuple(
        x.lesion for x in lesions if x.role is Role.TARGET and x.value is None and not x.merged
    )
    if not known:
        return UptakePoint(name, day, None, (), missing)
    if adds:
        total = sum(value for value, _ in known)
        return UptakePoint(name, day, total, tuple(lesion for _, lesion in known), missing)
    value, lesion = min(known, key=lambda pair: (-pair[0], pair[1]))
    return UptakePoint(name, day, value, (lesion,), missing)


def _percist_lines(
    first: float | None, baseline: str, tissues: Sequence[Tissue], protocol: Protocol
) -> tuple[UptakeLine, ...]:
    """Return where PMR and PMD begin, and from where a lesion is measurable at baseline."""
    lines = []
    if first is not None:
        least = float(percist10.DECREASE_SUL)
        fall = min(first * (1 - float(percist10.DECREASE)), first - least)
        rise = max(first * (1 + float(percist10.INCREASE)), first + float(percist10.INCREASE_SUL))
        lines += [
            UptakeLine("baseline", first, BASELINE, "dot"),
            UptakeLine(_change_words("−", percist10.DECREASE, first - fall), fall, PARTIAL),
            UptakeLine(_change_words("+", percist10.INCREASE, rise - first), rise, PROGRESSION),
        ]
    found = next((t for t in tissues if t.time_point == baseline), None)
    limit = _measurable_from(found, protocol) if found else None
    if limit is not None:
        lines.append(UptakeLine("measurable from", limit, NADIR, "dashdot"))
    return tuple(lines)


def _change_words(sign: str, share: Decimal, change: float) -> str:
    """Return which of the two limits of a change holds: per cent, or SUL."""
    least = float(percist10.INCREASE_SUL)
    return f"{sign}{least:g} SUL" if abs(change - least) < 1e-9 else f"{sign}{share * 100:.0f} %"


def _measurable_from(found: Tissue, protocol: Protocol) -> float | None:
    mean = Decimal(str(found.mean))
    pair = mean, None if found.sd is None else Decimal(str(found.sd))
    none = (None, None)
    liver, blood = (pair, none) if found.organ == "liver" else (none, pair)
    limit, _ = percist10.find_threshold(liver, blood, protocol.pet)
    return None if limit is None else float(limit)


def _eortc_lines(first: float | None, protocol: Protocol) -> tuple[UptakeLine, ...]:
    if first is None:
        return ()
    one = protocol.pet.eortc_cycles == "one"
    fall = eortc_pet.DECREASE_FIRST if one else eortc_pet.DECREASE_MORE
    rise = eortc_pet.INCREASE
    return (
        UptakeLine("baseline", first, BASELINE, "dot"),
        UptakeLine(f"−{fall * 100:.0f} %", first * (1 - float(fall)), PARTIAL),
        UptakeLine(f"+{rise * 100:.0f} %", first * (1 + float(rise)), PROGRESSION),
    )
