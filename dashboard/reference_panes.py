"""Where reference regions lie: the PET slice through each, with its outline."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from dashboard.components.pet import mean_sd
from dashboard.contours import Line, outline_sphere
from dashboard.data import Data, SubjectView
from dashboard.drawing import PET
from dashboard.references import Reference, Study
from dashboard.shots import (
    Frame,
    Pane,
    Shot,
    choose_half_width_mm,
    draw_shot,
    find_shot,
    parse_slices,
)
from dashboard.uptake import UNIT
from dashboard.views import Look
from response.model import MarkSet, ReferenceRegion, Scan
from response.terms import Role, Source


def build_reference_panes(
    data: Data, view: SubjectView, studies: Sequence[Study], look: Look, slices: str
) -> tuple[Pane, ...]:
    """Return a pane for each reference region of the time points that are shown.

    Parameters
    ----------
    studies
        Of the time points to show.
    slices
        As an address names the slices of panes.
    """
    panes = []
    for study in studies:
        for one in study.references:
            if one.region is not None and study.pet is not None:
                panes.append(_pane(data, view, study, one, one.region, look, slices))
    return tuple(panes)


def _pane(
    data: Data,
    view: SubjectView,
    study: Study,
    one: Reference,
    region: ReferenceRegion,
    look: Look,
    slices: str,
) -> Pane:
    slot = f"{one.organ}-{study.time_point}"
    shot = find_shot(data, view.scan(region.scan_id), region.centre)
    drawn = None
    if shot is not None:
        frame = Frame(
            "auto", "whole", choose_half_width_mm([shot], "whole"), look.top, look.opacity
        )
        asked = parse_slices(slices, (slot,)).get(slot)
        lines = find_outline(data, view, shot, region)
        drawn = draw_shot(data, view, shot, frame, asked, PET)
        drawn = replace(drawn, outlines=lines, expected=None, expected_index=None)
    words = [f"SUV {mean_sd(region.mean, region.sd)} {UNIT}"]
    if one.mean_sul is not None:
        words.insert(0, f"SUL {mean_sd(one.mean_sul, one.sd_sul)} {UNIT}")
    words += [f"{region.volume_ml:.1f} ml", one.stands_behind]
    return Pane(
        slot=slot,
        title=one.organ.replace("_", " ").capitalize(),
        time_point=study.time_point,
        date=study.date,
        view=drawn,
        words=" · ".join(words),
    )


def find_outline(
    data: Data, view: SubjectView, shot: Shot, region: ReferenceRegion
) -> Mapping[int, Sequence[Line]]:
    """Return a region's outlines: as the reader marked it, else a sphere of its volume."""
    marked = _find_mark(view, shot.scan, region)
    if marked is not None:
        return data.read_outlines(marked[0], shot.plane, marked[1])
    return outline_sphere(shot.plane, region.centre, region.volume_ml)


def _find_mark(view: SubjectView, pet: Scan, region: ReferenceRegion) -> tuple[MarkSet, int] | None:
    """Return the marks and the label that a reader's region was read from."""
    point = view.time_point_of(pet)
    if point is None or region.source is not Source.READER:
        return None
    for fact in point.lesion_facts:
        if fact.role is Role.REFERENCE and fact.organ == region.organ:
            for scan in sorted(point.scans, key=lambda s: s.scan_id != pet.scan_id):
                marks = view.marks_on(scan, fact.reader)
                wanted = fact.modality in (None, scan.modality)
                if marks is not None and wanted and fact.label in marks.labels:
                    return marks, fact.label
    return None
