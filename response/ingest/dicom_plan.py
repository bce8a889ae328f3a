"""DICOM folders, planned: which series of which time point, with what was drawn on them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from response.errors import InputError
from response.geometry import Grid
from response.ingest.dicom import MODALITIES, Found, find_dicom
from response.ingest.dicom_origin import describe_origin
from response.ingest.dicom_pet import PetValues, describe_values
from response.ingest.drawings import Drawing, drop_copies, read_drawings
from response.ingest.files import combine_digests, digest_file
from response.ingest.headers import Series
from response.ingest.labels import Labels
from response.ingest.pixels import read_stack
from response.ingest.ranking import Chosen, choose_scans
from response.ingest.report_plan import plan_reports
from response.ingest.series import Stack
from response.ingest.sources import MarkSource, Plan, ScanSource, TimePointSource
from response.ingest.table_cells import parse_date, parse_text
from response.model import Reader

Day = tuple[str, str]
"""A PatientID and a study date, as in the headers."""


def plan_dicom(
    folders: Sequence[Path], plan: Plan, *, today: dt.date, marks_complete: bool
) -> None:
    """Find the time points in DICOM folders and add them to a plan.

    The subject is the PatientID, the time point the study's date: studies of one day are one. Of
    each one CT, one MR and one PET is taken, with what was drawn on it (see
    :func:`response.ingest.ranking.choose_scans`). A folder with images of two patients, or of one
    study under two PatientIDs, is stopped: nothing in it is taken; nor is anything of a PatientID
    with two birth dates or sexes.

    Parameters
    ----------
    folders
        Are searched with everything below them, as one.
    plan
        Is added to.
    today
        No study is dated later.
    marks_complete
        Whether the drawings hold every visible lesion.

    Raises
    ------
    InputError
        There is no CT, MR or PET image at all.
    """
    found = find_dicom(folders)
    for path, why in found.damaged.items():
        plan.refuse("", "", f"{path.name}: {why}")
    plan.warnings += [f"{count} {why} are not read" for why, count in sorted(found.skipped.items())]
    stopped = _stop_folders(found)
    marks = _assign_drawings(found, stopped, plan)
    divided = found.identities.find_divided()
    studied = [series for series in found.series.values() if series.subject not in divided]
    plan_reports(found.reports, found.annotations, studied, plan)
    for subject in divided:
        plan.drop_reports(subject)
    plan.persons |= found.identities.list_persons()
    if not (found.series or marks.problems or plan.refused or plan.reports):
        names = ", ".join(folder.name for folder in folders)
        raise InputError(f"{names}: no CT, MR or PET images in DICOM, and no manifest.csv")
    days: dict[Day, list[Series]] = {}
    for series in found.series.values():
        days.setdefault((series.subject, series.study_date), []).append(series)
    for day in sorted({*days, *marks.problems}):
        planned = _plan_day(day, days.get(day, []), marks, plan, today)
        if planned is None:
            continue
        try:
            scans = tuple(_to_scan(one, marks_complete) for one in planned.chosen)
        except InputError as error:
            plan.refuse(day[0], planned.name, str(error))
        else:
            plan.sources.append(TimePointSource(day[0], planned.name, planned.date, scans))


@dataclass(slots=True)
class _Marks:
    """Drawings by the UID of the series they were made on, and those that fit none.

    ``damaged`` are the folders that hold a file which cannot be read, with its name; ``stopped``
    the days whose images lie among those of somebody else.
    """

    damaged: dict[Path, str]
    stopped: frozenset[Day] = frozenset()
    by_series: dict[str, list[Drawing]] = field(default_factory=dict)
    problems: dict[Day, list[str]] = field(default_factory=dict)

    def refuse(self, day: Day, problem: str) -> None:
        self.problems.setdefault(day, []).append(problem)


@dataclass(frozen=True, slots=True)
class _Planned:
    name: str
    date: dt.date
    chosen: tuple[Chosen, ...]


def _stop_folders(found: Found) -> dict[Day, list[str]]:
    """Find the days any of whose images lie where two patients are mixed, with the reasons."""
    conflicts = found.identities.find_conflicts()
    divided = found.identities.find_divided()
    reasons: dict[Day, list[str]] = {}
    for identity in found.identities.seen:
        mine = reasons.setdefault((identity.patient, identity.study_date), [])
        if identity.folder in conflicts:
            mine.append(
                f"folder {identity.folder.name} {conflicts[identity.folder]}; nothing of it is "
                "read: find out whose they are, and give each patient a folder of its own"
            )
        elif identity.patient in divided:
            mine.append(
                f"the images of this PatientID have two {divided[identity.patient]}; nothing of it "
                "is read: find out whose they are, and give each person a PatientID of their own"
            )
    for (subject, uid), days in _list_days(found).items():
        if len(days) > 1:
            name = found.series[subject, days[0], uid].name
            for day in days:
                reasons.setdefault((subject, day), []).append(
                    f"{name} has images of {len(days)} study dates; export it again"
                )
    return {day: why for day, why in reasons.items() if why}


def _list_days(found: Found) -> dict[tuple[str, str], list[str]]:
    """List the study dates of each series."""
    days: dict[tuple[str, str], list[str]] = {}
    for subject, day, uid in found.series:
        days.setdefault((subject, uid), []).append(day)
    return days


def _assign_drawings(found: Found, stopped: Mapping[Day, list[str]], plan: Plan) -> _Marks:
    names = {path.parent: path.name for path in found.damaged}
    marks = _Marks(names, frozenset(stopped))
    for day, reasons in stopped.items():
        marks.problems[day] = list(reasons)
    elsewhere = 0
    drawings, conflicts = drop_copies(found.drawings)
    _refuse_conflicts(conflicts, found, marks)
    for drawing in drawings:
        day = (drawing.subject, drawing.study_date)
        targets = _find_targets(drawing, list(found.series.values()))
        if len(targets) == 1 and targets[0].subject == drawing.subject:
            marks.by_series.setdefault(targets[0].uid, []).append(drawing)
        elif len(targets) == 1:
            drawn_on = (targets[0].subject, targets[0].study_date)
            marks.refuse(drawn_on, "a segmentation of it has another PatientID")
        elif targets:
            marks.refuse(day, "a segmentation refers to several series; export it for one")
        elif set(drawing.series_uids) & found.other_series:
            elsewhere += 1
        else:
            marks.refuse(
                day, "a segmentation refers to a series that is not here; give its folder too"
            )
    if elsewhere:
        plan.warnings.append(f"{elsewhere} segmentations of other than CT, MR and PET are not read")
    return marks


def _refuse_conflicts(
    conflicts: Sequence[tuple[Drawing, Drawing]], found: Found, marks: _Marks
) -> None:
    """Refuse the days of drawings that say different things under one UID."""
    series = list(found.series.values())
    for pair in conflicts:
        drawn_on = {(o.subject, o.study_date) for one in pair for o in _find_targets(one, series)}
        for day in drawn_on or {(one.subject, one.study_date) for one in pair}:
            marks.refuse(
                day,
                f"{pair[0].path.name} and {pair[1].path.name} (in {pair[0].path.parent.name} and "
                f"{pair[1].path.parent.name}) have one SOPInstanceUID and are not the same; keep "
                "the right one",
            )


def _find_targets(drawing: Drawing, series: Sequence[Series]) -> list[Series]:
    """Find the series that a drawing names; else of its images; else of its frame.

    Where it names several (a PET and its CT), the one whose images it names.
    """
    named = [one for one in series if one.uid in drawing.series_uids]
    if len(named) != 1:
        images = drawing.image_uids
        drawn = [one for one in series if any(image.sop_uid in images for image in one.slices)]
        named = drawn or named
    if not named and not drawing.series_uids and drawing.frame_of_reference:
        frame = (drawing.subject, drawing.frame_of_reference)
        named = [one for one in series if (one.subject, one.frame_of_reference) == frame]
    return named


def _plan_day(
    day: Day, candidates: Sequence[Series], marks: _Marks, plan: Plan, today: dt.date
) -> _Planned | None:
    subject, stated = day
    problems = list(marks.problems.get(day, []))
    date: dt.date | None = None
    chosen: list[Chosen] = []
    warnings: list[str] = []
    try:
        parse_text("PatientID", subject)
        date = _parse_study_date(stated, today)
        if day not in marks.stopped:
            chosen, warnings = _choose_all(candidates, marks)
    except InputError as error:
        problems.append(str(error))
    name = str(date or stated)
    key = (subject, name)
    if key in plan.named:
        problems.append("time_point: is also given by a manifest; name it once")
    plan.named.setdefault(key, date)
    if problems or date is None:
        plan.refuse(*key, *problems)
        return None
    plan.warnings += [f"{subject} {name}: {warning}" for warning in warnings]
    return _Planned(name, date, tuple(chosen))


def _parse_study_date(stated: str, today: dt.date) -> dt.date:
    digits = stated.replace(".", "")
    iso = f"{digits[:4]}-{digits[4:6]}-{digits[6:]}" if len(digits) == 8 else stated
    return parse_date("StudyDate", iso, latest=today)


def _choose_all(candidates: Sequence[Series], marks: _Marks) -> tuple[list[Chosen], list[str]]:
    """Choose of each modality; one that gives nothing is a warning where another does."""
    chosen: list[Chosen] = []
    problems: list[str] = []
    pet: Stack | None = None
    for modality in MODALITIES:
        mine = [series for series in candidates if series.modality == modality]
        if not mine:
            continue
        try:
            taken = choose_scans(mine, marks.by_series, pet=pet)
            for one in taken:
                _check_nothing_lost(one.stack, marks.damaged)
        except InputError as error:
            if any(series.uid in marks.by_series for series in mine):
                raise
            problems.append(f"{modality}: {error}")
            continue
        pet = taken[0].stack if modality == "PT" else pet
        chosen += taken
    if not chosen:
        raise InputError("; ".join(problems) if len(problems) > 1 else _strip(problems))
    warnings = [f"{problem}; the time point is taken without it" for problem in problems]
    warnings += [_LOSSY.format(one.stack.name) for one in chosen if _is_lossy(one)]
    return chosen, warnings + [_COPIES.format(one.stack.name) for one in chosen if one.stack.copies]


_LOSSY = "{}: was compressed with loss; small lesions and values may differ from what was scanned"

_COPIES = "{}: images that are there twice, with the same pixels at the same place, are read once"


def _strip(problems: Sequence[str]) -> str:
    return problems[0].split(": ", 1)[1] if problems else "no series can be used: there is none"


def _is_lossy(chosen: Chosen) -> bool:
    return any(image.lossy for image in chosen.stack.slices)


def _check_nothing_lost(stack: Stack, damaged: Mapping[Path, str]) -> None:
    """Refuse a series beside a file that cannot be read: it may be the series' first or last."""
    for image in stack.slices:
        name = damaged.get(image.path.parent)
        if name is not None:
            raise InputError(
                f"{stack.series.name}: {name}, beside it, cannot be read and may be a slice of it; "
                "copy it again, or take it away"
            )


def _to_scan(chosen: Chosen, marks_complete: bool) -> ScanSource:
    stack = chosen.stack
    modality = stack.series.modality
    digest = _digest(stack)
    values = describe_values(stack) if modality == "PT" else PetValues(1.0, {})
    if modality == "PT":
        digest = combine_digests("suv", [digest, repr(values.factor)])
    return ScanSource(
        modality=modality,
        series=chosen.series,
        digest=digest,
        read=partial(read_stack, stack, values.factor if modality == "PT" else None),
        marks=(_to_marks(chosen, digest, marks_complete),) if chosen.drawings else (),
        source="dicom",
        acquisition_axis=2,
        slice_thickness_mm=stack.thickness_mm,
        chosen_because=chosen.reason,
        facts=_list_facts(stack) | values.facts,
        origin=partial(describe_origin, stack),
    )


def _digest(stack: Stack) -> str:
    """Compute the digest of the files, and of which frames of them where it is a part."""
    files = {image.path: digest_file(image.path) for image in stack.slices}
    if stack.part is None:
        return combine_digests("series", files.values())
    pictures = [f"{files[image.path]} {image.frame or 1}" for image in stack.slices]
    return combine_digests("part of a series", pictures)


def _to_marks(
    chosen: Chosen, digest: str, complete: bool, wanted: frozenset[int] = frozenset()
) -> MarkSource:
    files = [digest_file(drawing.path) for drawing in chosen.drawings]
    slices = enumerate(chosen.stack.slices)
    slice_of = {image.sop_uid: number for number, image in slices if image.frame is None}
    copies = chosen.stack.copies.items()
    slice_of |= {copy: slice_of[kept] for copy, kept in copies if kept in slice_of}
    modality = chosen.stack.series.modality

    def read(grid: Grid) -> Labels:
        return read_drawings(chosen.drawings, grid, slice_of, modality=modality, wanted=wanted)

    def choose(labels: frozenset[int]) -> MarkSource:
        asides = {number for drawing in chosen.drawings for number in drawing.asides}
        return _to_marks(chosen, digest, complete, frozenset(labels & asides))

    also = [f"label {label}" for label in sorted(wanted)]
    combined = combine_digests("segmentation", [digest, *files, *also])
    return MarkSource(Reader(), combined, complete, read, choose)


def _list_facts(stack: Stack) -> dict[str, str]:
    series = stack.series
    said = {
        "study_instance_uid": series.study_uid,
        "series_instance_uid": series.uid,
        "series_number": series.number,
        "series_description": series.said.get("SeriesDescription", ""),
        "frame_of_reference_uid": series.frame_of_reference,
        "part_of_series": stack.part.name if stack.part else "",
    }
    return {name: value for name, value in said.items() if value}
