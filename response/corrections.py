"""What persons decided, as the steps see it. Pure: decisions in, facts and links out.

A decision is appended, never changed; an ``undo`` takes one back. Decisions outlive re-runs.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from response.match.model import Link
from response.model import (
    Decision,
    Finding,
    Point,
    Reader,
    RecordedMeasurement,
    ReferenceRegion,
    Tracking,
)
from response.pet import PET


def active_decisions(decisions: Iterable[Decision], reader: Reader) -> tuple[Decision, ...]:
    """Return one reader's decisions that were not undone, oldest first."""
    mine = sorted((d for d in decisions if d.reader == reader), key=lambda d: (d.at, d.decision_id))
    undone = {d.value for d in mine if d.kind == "undo"}
    return tuple(d for d in mine if d.kind != "undo" and d.decision_id not in undone)


Key = tuple[str, int, str, str]
"""A mark and a lesion: time point, label, ``tracking_uid``, modality (empty: the only one)."""


def links_of(decisions: Iterable[Decision]) -> tuple[Link, ...]:
    """Return the links persons forced, confirmed or forbade; the last word on a pair counts.

    A later link of a mark to a lesion takes the place of what was only confirmed of that mark.
    """
    said: dict[Key, bool] = {}
    kept: set[Key] = set()
    for decision in decisions:
        if decision.kind == "confirm":
            confirmed = _read_confirmed(decision).links
            kept |= confirmed - said.keys()
            said |= dict.fromkeys(confirmed, True)
        if decision.kind in ("link", "merge", "split", "unlink"):
            for label in decision.labels:
                if decision.kind in ("link", "split"):
                    mark = (decision.time_point, label, decision.value)
                    for key in [k for k in kept if (k[0], k[1], k[3]) == mark]:
                        kept.discard(key)
                        said.pop(key, None)
                for uid in decision.tracking_uids:
                    key = (decision.time_point, label, uid, decision.value)
                    said[key] = decision.kind != "unlink"
    return tuple(
        Link(name, label, uid, forced, modality)
        for (name, label, uid, modality), forced in said.items()
    )


def places_of(decisions: Iterable[Decision]) -> dict[tuple[str, str], Point]:
    """Return where persons placed reference regions, by time point and organ; the last word."""
    places: dict[tuple[str, str], Point] = {}
    for decision in decisions:
        if decision.kind == "reference":
            organ, place = decision.value.split()
            x, y, z = (float(number) for number in place.split(","))
            places[decision.time_point, organ] = (x, y, z)
    return places


@dataclass(frozen=True, slots=True)
class Confirmed:
    """What a person stood behind: the digest of all up to a time point, and every link in it."""

    digest: str
    links: frozenset[Key]


def describe_confirmed(tracking: Tracking, time_point: str) -> str:
    """Return, as text for a decision's value, what a confirmation up to a time point means."""
    apart = has_pet(tracking)
    links = sorted(
        [f.time_point, f.label, f.tracking_uid, *([f.modality] if apart else [])]
        for f in _until(tracking, time_point)
        if f.label is not None
    )
    return json.dumps({"digest": prefix_digest(tracking, time_point), "links": links})


def _read_confirmed(decision: Decision) -> Confirmed:
    told = json.loads(decision.value)
    links = frozenset(
        (str(tp), int(label), str(uid), str(modality[0]) if modality else "")
        for tp, label, uid, *modality in told["links"]
    )
    return Confirmed(str(told["digest"]), links)


def has_pet(tracking: Tracking) -> bool:
    """Whether labels of PET stand beside others: then a label alone does not name a mark."""
    return any(f.modality == PET and f.label is not None for f in tracking.findings)


def confirmed_until(tracking: Tracking, decisions: Iterable[Decision]) -> tuple[dt.date, str]:
    """Return (date, time point) up to which a person's confirmation still holds.

    A confirmation holds as long as nothing up to its time point differs from what was confirmed.
    """
    days = {f.time_point: f.date for f in tracking.findings}
    best: tuple[dt.date, str] = (dt.date.min, "")
    for decision in decisions:
        if decision.kind == "confirm" and decision.time_point in days:
            digest = prefix_digest(tracking, decision.time_point)
            if digest == _read_confirmed(decision).digest:
                best = max(best, (days[decision.time_point], decision.time_point))
    return best


def _until(tracking: Tracking, time_point: str) -> list[Finding]:
    days = {f.time_point: f.date for f in tracking.findings}
    last = (days[time_point], time_point)
    return [f for f in tracking.findings if (f.date, f.time_point) <= last]


def prefix_digest(tracking: Tracking, time_point: str) -> str:
    """Return a digest of all that the categories up to a time point rest on."""
    findings = _until(tracking, time_point)
    rows = sorted(_row(f) for f in findings)
    seen = {f.tracking_uid for f in findings}
    named = {f.time_point for f in findings}
    lesions = sorted(
        [x.tracking_uid, str(x.role), x.organ, x.node, x.part_of]
        for x in tracking.lesions
        if x.tracking_uid in seen
    )
    regions = sorted(_region(r) for r in tracking.references if r.time_point in named)
    parts: list[object] = [tracking.baseline_time_point, rows, lesions]
    text = json.dumps([*parts, regions] if regions else parts)
    return hashlib.sha256(text.encode()).hexdigest()


def _region(region: ReferenceRegion) -> list[str]:
    return [region.time_point, region.organ, f"{region.mean:.3f}", f"{region.sd:.3f}"]


def _row(finding: Finding) -> list[str]:
    measured = finding.measurement
    diameters = (
        [str(measured.longest_diameter_mm), str(measured.short_axis_mm)] if measured else ["", ""]
    )
    return [
        finding.time_point,
        finding.tracking_uid,
        str(finding.label),
        str(finding.event),
        str(finding.state),
        *diameters,
        *_uptake(measured),
    ]


def _uptake(measured: RecordedMeasurement | None) -> list[str]:
    """What was measured on PET; nothing where there was none."""
    if measured is None or measured.suv_max is None:
        return []
    values = (measured.suv_max, measured.suv_mean, measured.sul_peak, measured.tlg)
    return ["" if value is None else f"{value:.3f}" for value in values]


def latest_value(decisions: Sequence[Decision], kind: str, tracking_uid: str) -> str | None:
    """Return what was last decided of a lesion (``role``, ``organ``, ``node``), if anything."""
    values = [d.value for d in decisions if d.kind == kind and tracking_uid in d.tracking_uids]
    return values[-1] if values else None


def latest_state(decisions: Sequence[Decision], tracking_uid: str, time_point: str) -> str | None:
    """Return the state a person gave a lesion at a time point, if anyone did."""
    values = [
        d.value
        for d in decisions
        if d.kind == "state" and tracking_uid in d.tracking_uids and d.time_point == time_point
    ]
    return values[-1] if values else None
