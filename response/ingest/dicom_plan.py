"""DICOM folders, planned: which series of which time point, with which segmentations."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from response.errors import InputError
from response.geometry import Grid
from response.ingest.dicom import Found, Series, find_dicom
from response.ingest.drawings import Drawing, read_drawings
from response.ingest.files import combine_digests, digest_file
from response.ingest.labels import Labels
from response.ingest.pixels import read_stack
from response.ingest.series import Stack, choose_series
from response.ingest.sources import MarkSource, Plan, ScanSource, TimePointSource
from response.ingest.table_cells import parse_date, parse_text
from response.model import Reader

Day = tuple[str, str]
"""A PatientID and a study date, as in the headers."""


def plan_dicom(
    folders: Sequence[Path], plan: Plan, *, today: dt.date, marks_complete: bool
) -> None:
    """Find the time points in DICOM folders and add them to a plan.

    The subject is the PatientID, the time point the study's date: studies of one day are one. One
    CT or MR series is taken of each, with the segmentations drawn on it.

    Parameters
    ----------
    folders
        Are searched with everything below them, as one.
    plan
        Is added to.
    today
        No study is dated later.
    marks_complete
        Whether the segmentations hold every visible lesion.

    Raises
    ------
    InputError
        There is no CT or MR image at all.
    """
    found = find_dicom(folders)
    for path in found.damaged:
        plan.refuse("", "", f"{path.name}: cannot be read as DICOM; copy it again")
    plan.warnings += [f"{count} {why} are not read" for why, count in sorted(found.skipped.items())]
    marks = _assign_segmentations(found, plan)
    if not (found.series or marks.problems or found.damaged):
        names = ", ".join(folder.name for folder in folders)
        raise InputError(f"{names}: no CT or MR images in DICOM, and no manifest.csv")
    days: dict[Day, list[Series]] = {}
    for series in found.series.values():
        days.setdefault((series.subject, series.study_date), []).append(series)
    for day in sorted({*days, *marks.problems}):
        _plan_day(day, days.get(day, []), marks, plan, today, marks_complete=marks_complete)


@dataclass(slots=True)
class _Marks:
    """Segmentations by the UID of the series they were drawn on, and those that fit none.

    ``damaged`` are the folders that hold a file which cannot be read, with its name.
    """

    damaged: dict[Path, str]
    by_series: dict[str, list[Drawing]] = field(default_factory=dict)
    problems: dict[Day, list[str]] = field(default_factory=dict)

    def refuse(self, day: Day, problem: str) -> None:
        self.problems.setdefault(day, []).append(problem)


def _assign_segmentations(found: Found, plan: Plan) -> _Marks:
    marks = _Marks({path.parent: path.name for path in found.damaged})
    elsewhere = 0
    for drawing in found.drawings:
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
        plan.warnings.append(f"{elsewhere} segmentations of other than CT and MR are not read")
    return marks


def _find_targets(drawing: Drawing, series: Sequence[Series]) -> list[Series]:
    """Find the series that a segmentation names; else of its images; else of its frame."""
    named = [one for one in series if one.uid in drawing.series_uids]
    if not named:
        images = drawing.image_uids
        named = [one for one in series if any(image.sop_uid in images for image in one.slices)]
    if not named and not drawing.series_uids and drawing.frame_of_reference:
        frame = (drawing.subject, drawing.frame_of_reference)
        named = [one for one in series if (one.subject, one.frame_of_reference) == frame]
    return named


def _plan_day(
    day: Day,
    candidates: Sequence[Series],
    marks: _Marks,
    plan: Plan,
    today: dt.date,
    *,
    marks_complete: bool,
) -> None:
    subject, stated = day
    problems = list(marks.problems.get(day, []))
    date = None
    try:
        parse_text("PatientID", subject)
        date = _parse_study_date(stated, today)
        source = _choose_source(candidates, marks, marks_complete=marks_complete)
    except InputError as error:
        problems.append(str(error))
    key = (subject, str(date or stated))
    if key in plan.named:
        problems.append("time_point: is also given by a manifest; name it once")
    plan.named.setdefault(key, date)
    if problems or date is None:
        plan.refuse(*key, *problems)
    else:
        plan.sources.append(TimePointSource(subject, key[1], date, (source,)))


def _parse_study_date(stated: str, today: dt.date) -> dt.date:
    digits = stated.replace(".", "")
    iso = f"{digits[:4]}-{digits[4:6]}-{digits[6:]}" if len(digits) == 8 else stated
    return parse_date("StudyDate", iso, latest=today)


def _choose_source(
    candidates: Sequence[Series], marks: _Marks, *, marks_complete: bool
) -> ScanSource:
    marked = [series for series in candidates if series.uid in marks.by_series]
    if len(marked) > 1:
        names = ", ".join(series.name for series in marked)
        raise InputError(f"segmentations were drawn on several series ({names}); keep those of one")
    chosen = choose_series(candidates, {series.uid for series in marked})
    stack = chosen.stack
    _check_nothing_lost(stack, marks.damaged)
    digest = combine_digests("series", [digest_file(image.path) for image in stack.slices])
    drawn = marks.by_series.get(stack.series.uid, [])
    return ScanSource(
        modality=stack.series.modality,
        series="",
        digest=digest,
        read=partial(read_stack, stack),
        marks=_to_marks(stack, digest, drawn, marks_complete) if drawn else (),
        source="dicom",
        acquisition_axis=2,
        slice_thickness_mm=stack.thickness_mm,
        chosen_because=chosen.reason,
        facts=_list_facts(stack.series),
    )


def _check_nothing_lost(stack: Stack, damaged: Mapping[Path, str]) -> None:
    """Refuse a series beside a file that cannot be read: it may be the series' first or last."""
    for image in stack.slices:
        name = damaged.get(image.path.parent)
        if name is not None:
            raise InputError(
                f"{stack.series.name}: {name}, beside it, cannot be read and may be a slice of it; "
                "copy it again, or take it away"
            )


def _to_marks(
    stack: Stack, digest: str, drawn: Sequence[Drawing], complete: bool
) -> tuple[MarkSource, ...]:
    files = [digest_file(drawing.path) for drawing in drawn]
    slice_of = {image.sop_uid: number for number, image in enumerate(stack.slices)}

    def read(grid: Grid) -> Labels:
        return read_drawings(drawn, grid, slice_of, modality=stack.series.modality)

    combined = combine_digests("segmentation", [digest, *files])
    return (MarkSource(Reader(), combined, complete, read),)


def _list_facts(series: Series) -> dict[str, str]:
    said = {
        "study_instance_uid": series.study_uid,
        "series_instance_uid": series.uid,
        "series_number": series.number,
        "frame_of_reference_uid": series.frame_of_reference,
    }
    return {name: value for name, value in said.items() if value}
