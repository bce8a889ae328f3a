"""The rows that criteria of uptake (PERCIST, EORTC) read of tracked lesions. Pure.

They differ from those of size: a lesion counts by its uptake, however small it is; it is gone only
where the PET was read and shows nothing; and time points carry the reference regions, in SUL, and
what makes two studies comparable.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal

from response.criteria.organs import name_organ
from response.criteria.percist10 import HOTTEST, PER_ORGAN, find_threshold
from response.lesion_uptake import combine_uptake, is_within
from response.match.limits import CONFIDENT
from response.model import (
    AssessedTimePoint,
    Finding,
    Lesion,
    LesionReading,
    Tracking,
)
from response.pet import OUTSIDE_PET, PET, find_pet, find_sul_factor, why_no_suv
from response.pet_study import PetStudy
from response.protocol import Protocol
from response.streams import Stop
from response.terms import Event, LesionState, Role, Source

UPTAKE_CRITERIA = frozenset({"percist10", "eortc_pet"})
"""The criteria that rest on uptake."""

_CALLED_NEW = (
    LesionState.EQUIVOCAL,
    LesionState.UNEQUIVOCAL,
    LesionState.UNEQUIVOCAL_PROGRESSION,
)

Rows = tuple[tuple[LesionReading, ...], tuple[AssessedTimePoint, ...]]


def find_study(stop: Stop, tracking: Tracking, protocol: Protocol) -> PetStudy:
    """Find the PET of a stop and what is known of it."""
    name = stop.time_point.time_point
    scan = find_pet(stop.time_point.scans, stop.marked_scans)
    if scan is None:
        return PetStudy(None, "there is no PET at this time point", None, "", False, False, {})
    sets = [(stop.scan, stop.marks), *stop.others]
    read = [marks for one, marks in sets if marks is not None and one.modality == PET]
    factor, no_sul = find_sul_factor(scan.facts, protocol.pet.lean_body_mass)
    refused = why_no_suv(scan)
    return PetStudy(
        scan,
        f"no SUV: {refused}" if refused else "",
        None if factor is None else Decimal(repr(factor)),
        no_sul,
        bool(read),
        bool(read) and all(marks.complete for marks in read),
        {r.organ: r for r in tracking.references if r.time_point == name},
    )


# ------------------------------------------------------------------------------------- the roles


def choose_roles(
    tracking: Tracking, studies: Mapping[str, PetStudy], protocol: Protocol
) -> dict[str, Role]:
    """Choose targets by uptake at baseline, where nobody named any.

    The hottest measurable lesions, at most five and two in an organ (P-04, P-06); the hottest one
    even where it is below the threshold, so that the criterion can say so. Other lesions with
    uptake are non-targets, whatever their size.
    """
    rows = _rows_at(tracking, tracking.baseline_time_point)
    peaks: dict[str, Decimal] = {}
    for uid, findings in rows.items():
        uptake = combine_uptake(findings)
        peak = uptake.get("sul_peak", uptake.get("suv_max"))
        if peak is not None:
            peaks[uid] = peak
    lesions = {x.tracking_uid: x for x in tracking.lesions if x.tracking_uid in rows}
    named = [x for x in lesions.values() if x.role_source is not Source.PROPOSED]
    if not peaks or any(x.role is Role.TARGET for x in named):
        return {}
    open_lesions = [x for x in lesions.values() if x not in named and x.role is not Role.NEW]
    threshold = _find_threshold(studies.get(tracking.baseline_time_point), protocol)
    targets = _choose_hottest(open_lesions, peaks, threshold)
    return {
        x.tracking_uid: Role.TARGET if x.tracking_uid in targets else Role.NON_TARGET
        for x in open_lesions
        if x.tracking_uid in peaks or x.role is not None
    }


def _choose_hottest(
    lesions: Iterable[Lesion], peaks: Mapping[str, Decimal], threshold: Decimal | None
) -> set[str]:
    chosen: set[str] = set()
    organs: Counter[str] = Counter()
    warm = [x for x in lesions if x.tracking_uid in peaks and not x.part_of]
    for lesion in sorted(warm, key=lambda x: (-peaks[x.tracking_uid], x.tracking_id)):
        organ = name_organ(lesion.organ, node=lesion.node)
        below = threshold is not None and peaks[lesion.tracking_uid] < threshold
        if chosen and (below or len(chosen) >= HOTTEST or (organ and organs[organ] >= PER_ORGAN)):
            continue
        chosen.add(lesion.tracking_uid)
        organs[organ] += 1
    return chosen


def _find_threshold(study: PetStudy | None, protocol: Protocol) -> Decimal | None:
    facts = study.facts() if study else {}
    numbers = {name: Decimal(text) for name, text in facts.items() if name.endswith(("mean", "sd"))}
    return find_threshold(
        (numbers.get("liver_mean"), numbers.get("liver_sd")),
        (numbers.get("blood_pool_mean"), numbers.get("blood_pool_sd")),
        protocol.pet,
    )[0]


def _rows_at(tracking: Tracking, time_point: str) -> dict[str, list[Finding]]:
    rows: dict[str, list[Finding]] = {}
    for f in tracking.findings:
        if f.time_point == time_point and f.label is not None:
            rows.setdefault(f.tracking_uid, []).append(f)
    return rows


# -------------------------------------------------------------------------------------- the rows


def read_uptake(
    rows: Rows, tracking: Tracking, studies: Mapping[str, PetStudy], held: frozenset[str]
) -> Rows:
    """Turn the rows of tracked lesions into those of a criterion of uptake.

    Parameters
    ----------
    rows
        As :func:`response.readings.read_tracking` makes them.
    studies
        The PET of every time point.
    held
        The time points that a person has confirmed.
    """
    readings, points = rows
    baseline = tracking.baseline_time_point
    kept = [p for p in points if p.time_point == baseline or studies[p.time_point].scan is not None]
    names = {p.time_point for p in kept}
    marked = {name: _by_id(tracking, name) for name in names}
    missed = {(f.tracking_id, f.time_point): f for f in tracking.findings if f.label is None}
    cold = _find_cold(tracking, [studies[name] for name in names])
    parted = _find_parted(tracking)
    changed = (
        _read(
            r,
            studies[r.time_point],
            marked[r.time_point].get(r.lesion, []),
            missed.get((r.lesion, r.time_point)),
            parted=r.lesion in parted,
        )
        for r in readings
        if r.time_point in names and r.lesion not in cold
    )
    said = tuple(_without_doubt(r, held) for r in changed)
    return said, tuple(_with_facts(p, studies[p.time_point], marked, held) for p in kept)


def _find_cold(tracking: Tracking, studies: Sequence[PetStudy]) -> set[str]:
    """Find non-targets without any uptake: never marked on PET, though all of it was read."""
    if not all(study.complete for study in studies):
        return set()
    told = {
        f.tracking_uid for f in tracking.findings if f.state is not None or _is_marked_on_pet(f)
    }
    return {
        x.tracking_id
        for x in tracking.lesions
        if x.role is Role.NON_TARGET and x.tracking_uid not in told
    }


def _find_parted(tracking: Tracking) -> set[str]:
    """Find the lesions that others split off from."""
    wholes = {x.part_of for x in tracking.lesions if x.part_of}
    return {x.tracking_id for x in tracking.lesions if x.tracking_uid in wholes}


def _is_marked_on_pet(finding: Finding) -> bool:
    return finding.modality == PET and finding.label is not None


def _by_id(tracking: Tracking, time_point: str) -> dict[str, list[Finding]]:
    """The marked findings of a time point by ``tracking_id``."""
    return {rows[0].tracking_id: rows for rows in _rows_at(tracking, time_point).values()}


def _without_doubt(reading: LesionReading, held: frozenset[str]) -> LesionReading:
    return replace(reading, provisional="") if reading.time_point in held else reading


def _read(
    reading: LesionReading,
    study: PetStudy,
    rows: Sequence[Finding],
    missed: Finding | None,
    *,
    parted: bool,
) -> LesionReading:
    """Read one row; ``parted``: it may be that of a part, whose lesion says nothing of it."""
    if not reading.lesion:
        return reading
    if reading.role is Role.NEW:
        return _read_new(reading, study, rows)
    if study.unusable:
        return _not_evaluable(reading, study.unusable)
    if reading.state is LesionState.MERGED:
        return reading
    on_pet = _on_pet(rows)
    if on_pet and all(f.state is LesionState.NOT_EVALUABLE for f in on_pet):
        return replace(_not_evaluable(reading, _CALLED_UNREADABLE), extra={})
    own = not parted or reading.state is LesionState.ABSENT
    if own and _is_called_gone(rows, missed):
        return _read_gone(reading, study, rows, missed)
    reading = _at_background(_without_word_on_ct(reading, rows), study, missed)
    if reading.role is Role.NON_TARGET:
        return _read_non_target(reading, study, rows)
    return _read_target(reading, study, rows)


def _on_pet(rows: Sequence[Finding]) -> list[Finding]:
    return [f for f in rows if f.modality == PET]


def _is_called_gone(rows: Sequence[Finding], missed: Finding | None) -> bool:
    """Whether a person's word is that a lesion is gone: said of its marks on the PET, if any."""
    unmarked = [] if missed is None else [missed]
    said = _on_pet(rows) or rows or unmarked
    return bool(said) and all(f.state is LesionState.ABSENT for f in said)


def _read_gone(
    reading: LesionReading, study: PetStudy, rows: Sequence[Finding], missed: Finding | None
) -> LesionReading:
    """Take a person's word that a lesion is gone, where the PET was read and shows its place.

    Said of a mark on the CT alone, it is asked of the PET unless all that is avid is marked there.
    """
    if not study.read:
        return _not_evaluable(reading, _NOT_READ)
    if rows and "suv_max" not in reading.extra:
        return _not_evaluable(reading, _PLACE_NOT_SHOWN)
    if not rows and missed is not None:
        if OUTSIDE_PET in missed.reason:
            return _not_evaluable(reading, OUTSIDE_PET)
        if missed.event is Event.NOT_IMAGED:
            return _not_evaluable(reading, missed.reason or _NOT_IMAGED)
    gone = replace(
        reading,
        state=LesionState.ABSENT,
        diameter_mm=None,
        reason=reading.reason if reading.state is LesionState.ABSENT else _CALLED_GONE,
    )
    if not is_within(rows) or study.complete:
        return gone
    text = f"{reading.lesion}: called absent on the {rows[0].modality}: on the PET, too?"
    return replace(gone, provisional=reading.provisional or text)


def _without_word_on_ct(reading: LesionReading, rows: Sequence[Finding]) -> LesionReading:
    """Leave out that a lesion is gone from another series, where it is marked on the PET."""
    if reading.state is not LesionState.ABSENT or not _on_pet(rows):
        return reading
    text = f"{reading.lesion}: called absent on another series, yet marked on the PET: is it avid?"
    return replace(
        reading,
        state=LesionState.PRESENT if reading.role is Role.NON_TARGET else None,
        provisional=reading.provisional or text,
    )


def _at_background(
    reading: LesionReading, study: PetStudy, missed: Finding | None
) -> LesionReading:
    """Take a lesion without a mark as the PET shows it: gone where all that is avid is marked.

    The CT may not have been read; and what lies outside the PET's field it does not show.
    """
    if missed is None or reading.role not in (Role.TARGET, Role.NON_TARGET):
        return reading
    if OUTSIDE_PET in missed.reason and missed.event is not Event.NOT_IMAGED:
        return _not_evaluable(reading, OUTSIDE_PET)
    clear = missed.confidence is not None and missed.confidence >= CONFIDENT
    said = missed.state is not None or missed.event is not Event.NOT_MARKED
    if said or not clear or not study.complete:
        return reading
    return replace(reading, state=LesionState.ABSENT, reason="not marked on the PET")


def _read_target(reading: LesionReading, study: PetStudy, rows: Sequence[Finding]) -> LesionReading:
    if reading.state is LesionState.ABSENT and not rows:
        return reading if study.complete else _not_evaluable(reading, _NOT_READ)
    if "sul_peak" not in reading.extra:
        why = study.no_sul or reading.reason or _PLACE_NOT_SHOWN
        return replace(reading, reason=why)
    if not is_within(rows):
        return reading
    series = rows[0].modality
    text = f"its uptake is that of the PET within the mark on the {series}"
    return replace(reading, provisional=reading.provisional or f"{reading.lesion}: {text}")


_NOT_READ = "the PET was not read, or not completely"
_PLACE_NOT_SHOWN = "the PET does not show its place"
_NOT_IMAGED = "its place was not imaged"
_CALLED_UNREADABLE = "called not evaluable on the PET by the reader"
_CALLED_GONE = "called absent by the reader"


def _read_non_target(
    reading: LesionReading, study: PetStudy, rows: Sequence[Finding]
) -> LesionReading:
    """Say whether a non-target is avid; its size does not tell."""
    plain = replace(reading, diameter_mm=None)
    on_pet = _on_pet(rows)
    said = [f.state for f in (*on_pet, *rows) if f.state not in (None, LesionState.ABSENT)]
    if said:
        return replace(plain, state=said[0])
    if on_pet:
        return replace(plain, state=LesionState.PRESENT)
    if reading.state is LesionState.NOT_EVALUABLE:
        return plain
    if study.complete:
        return replace(plain, state=LesionState.ABSENT, reason="not marked on the PET")
    return _not_evaluable(plain, _NOT_READ)


def _read_new(reading: LesionReading, study: PetStudy, rows: Sequence[Finding]) -> LesionReading:
    """A new lesion counts where it is avid; one seen on CT alone waits for a reader."""
    if reading.state not in _CALLED_NEW or any(f.modality == PET for f in rows):
        return reading
    if not rows or not study.complete:
        return reading
    text = f"{reading.lesion}: new on the {rows[0].modality}, not marked on the PET: is it avid?"
    return replace(reading, state=LesionState.EQUIVOCAL, provisional=text)


def _not_evaluable(reading: LesionReading, why: str) -> LesionReading:
    return replace(reading, state=LesionState.NOT_EVALUABLE, diameter_mm=None, reason=why)


def _with_facts(
    point: AssessedTimePoint,
    study: PetStudy,
    marked: Mapping[str, Mapping[str, Sequence[Finding]]],
    held: frozenset[str],
) -> AssessedTimePoint:
    facts = study.facts()
    here = marked[point.time_point].values()
    avid = (f.modality == PET and f.state is not LesionState.ABSENT for rows in here for f in rows)
    if study.complete and not any(avid):
        facts["metabolic_complete"] = "true"
    doubts = () if point.time_point in held else tuple(_doubt_references(study))
    return replace(point, facts={**point.facts, **facts}, provisional=(*point.provisional, *doubts))


def _doubt_references(study: PetStudy) -> Iterable[str]:
    used = "liver" if "liver" in study.references else "blood_pool"
    region = study.references.get(used)
    if region is not None and region.source is Source.PROPOSED:
        name = used.replace("_", " ")
        yield f"the {name} reference was proposed by the program and no person has confirmed it"
