"""Which of a lesion's findings at a time point counts, where several series show it. Pure."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from response.model import Finding
from response.terms import LesionState

_CALLS = frozenset(
    {
        LesionState.EQUIVOCAL,
        LesionState.UNEQUIVOCAL,
        LesionState.UNEQUIVOCAL_PROGRESSION,
        LesionState.PRESENT,
    }
)
"""What a reader says of disease that is there."""


def group_rows(findings: Iterable[Finding]) -> dict[tuple[str, str], tuple[Finding, ...]]:
    """Group the rows of each lesion at each time point, marked ones first."""
    grouped: dict[tuple[str, str], tuple[Finding, ...]] = {}
    for finding in sorted(findings, key=lambda f: f.label is None):
        key = (finding.time_point, finding.tracking_uid)
        grouped[key] = (*grouped.get(key, ()), finding)
    return grouped


def choose_rows(
    all_rows: Mapping[tuple[str, str], tuple[Finding, ...]],
    time_points: Sequence[tuple[dt.date, str]],
) -> dict[str, dict[str, Finding]]:
    """Choose each lesion's row: that of the series it was first measured on, where there is one."""
    order = {name: number for number, (_day, name) in enumerate(time_points)}
    measured_on: dict[str, tuple[str, str]] = {}
    rows: dict[str, dict[str, Finding]] = defaultdict(dict)
    for (name, uid), found in sorted(all_rows.items(), key=lambda x: order.get(x[0][0], -1)):
        modality, series = measured_on.get(uid, ("", ""))
        chosen = min(found, key=lambda f: (f.modality != modality, f.series != series))
        if not modality:
            chosen = found[0]
        if chosen.label is not None and name in order:
            measured_on.setdefault(uid, (chosen.modality, chosen.series))
        rows[name][uid] = _hear(chosen, found)
    return rows


def _hear(chosen: Finding, found: Iterable[Finding]) -> Finding:
    """Take a call of disease that was said of the lesion's mark on another series of that day."""
    said = (one.state for one in found if one.state in _CALLS)
    state = next(said, None) if chosen.state is None else chosen.state
    return chosen if state is chosen.state else replace(chosen, state=state)
