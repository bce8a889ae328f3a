"""Contours (RTSTRUCT) on the grid of the series they were drawn on.

A voxel is in a region if its centre lies inside an odd number of the region's contours in that
slice: holes are contours within contours, or joined to them by a channel (PS3.3, C.8.8.6.3).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from response.errors import GeometryError, InputError
from response.geometry import Grid
from response.ingest.dicom_file import DAMAGE, quiet, read_dataset, text_of
from response.ingest.polygons import count_crossings, fill_polygons
from response.ingest.regions import Flat, Region, keep_small
from response.model import LabelFact

_TRACKING_UID = re.compile(r"Tracking UID ([0-9.]{1,64})")

MAX_EFFORT = 50_000_000
"""Points of all contours of a file, and rows that their edges cross: what reading it costs."""

OTHER_PURPOSES = frozenset(
    {
        *("EXTERNAL", "PTV", "CTV", "TREATED_VOLUME", "IRRAD_VOLUME", "OAR", "BOLUS", "AVOIDANCE"),
        *("ORGAN", "MARKER", "REGISTRATION", "ISOCENTER", "CONTRAST_AGENT", "CAVITY", "SUPPORT"),
        *("BRACHY_CHANNEL", "BRACHY_ACCESSORY", "BRACHY_SRC_APP", "BRACHY_CHNL_SHLD", "FIXATION"),
        *("DOSE_REGION", "DOSE_MEASUREMENT", "CONTROL", "DEVICE"),
    }
)
"""Interpreted types (3006,00A4) of what is no lesion; a tumour volume is GTV, or of no type."""

UNSPOKEN = "ORGAN"
"""The type that some programs write for whatever was drawn."""

_CLOSED = {"CLOSED_PLANAR", "CLOSEDPLANAR_XOR", "CLOSED_PLANAR_XOR"}
_FLAT = 0.25
_OFF_SLICE = 0.25
_HALF_WAY = 1e-3
_SAME_PLANE = 0.05
_TWICE = "drawn twice"


@dataclass(slots=True)
class _Contours:
    """The closed contours of one region by slice, each with its place along the slices.

    Everything in voxels of the series; ``left_out`` counts what is not read, by why.
    """

    by_slice: dict[int, list[tuple[float, npt.NDArray[np.float64]]]] = field(default_factory=dict)
    left_out: Counter[str] = field(default_factory=Counter)


def read_contours(
    path: Path, grid: Grid, slice_of: Mapping[str, int], wanted: frozenset[int] | None = None
) -> tuple[list[Region], list[str]]:
    """Read the regions of interest of one file, and what should be known of them.

    Parameters
    ----------
    path
        The set of structures.
    grid
        The series' grid; slices lie along image axis 2.
    slice_of
        The slice of each image of the series, by instance UID.
    wanted
        The regions that are filled even if they are of another purpose; ``None``: all of them.

    Raises
    ------
    InputError
        Damaged, or contours on images that are not of the series.
    GeometryError
        Contours across the slices, or outside the series.
    """
    dataset = read_dataset(path, pixels=True)
    try:
        with quiet():
            return _read(dataset, path.name, grid, slice_of, wanted)
    except InputError as error:
        raise type(error)(f"contours {path.name}: {error}") from None
    except DAMAGE:
        raise InputError(f"contours {path.name}: damaged or truncated; export it again") from None


def _read(
    dataset: Any,
    source: str,
    grid: Grid,
    slice_of: Mapping[str, int],
    wanted: frozenset[int] | None,
) -> tuple[list[Region], list[str]]:
    types = {
        int(item.ReferencedROINumber): text_of(item, "RTROIInterpretedType").upper()
        for item in dataset.get("RTROIObservationsSequence") or ()
    }
    drawn = {
        int(item.ReferencedROINumber): item for item in dataset.get("ROIContourSequence") or ()
    }
    named = {
        int(item.ROINumber): _find_tracking_uid(item)
        for item in dataset.get("StructureSetROISequence") or ()
    }
    regions, notes, effort = [], [], 0
    for number in dict.fromkeys([*named, *drawn]):
        kind = types.get(number, "")
        lenient = kind in OTHER_PURPOSES and kind != UNSPOKEN
        filled = number in drawn and not (lenient and wanted is not None and number not in wanted)
        contours = list(drawn[number].get("ContourSequence") or ()) if filled else []
        found, spent = _gather(contours, grid, slice_of, MAX_EFFORT - effort, lenient=lenient)
        effort += spent
        voxels, said, whole = _fill(found, grid)
        notes += [f"ROI {number} of {source}: {note}" for note in said]
        aside = f"of type {kind}" if kind in OTHER_PURPOSES else ""
        uid = text_of(dataset, "SOPInstanceUID")
        fact = LabelFact(number, "", named.get(number, ""), uid, number)
        unspoken = kind == UNSPOKEN
        regions.append(Region(number, voxels, source, fact, aside, "ROI", unspoken, whole))
    return regions, notes


def _find_tracking_uid(item: Any) -> str:
    """Find the Tracking UID in a region's description, where this program writes it.

    The standard has no place of its own for it in a structure set.
    """
    found = _TRACKING_UID.fullmatch(text_of(item, "ROIDescription"))
    return found[1] if found else ""


def _gather(
    contours: Sequence[Any],
    grid: Grid,
    slice_of: Mapping[str, int],
    allowed: int,
    *,
    lenient: bool,
) -> tuple[_Contours, int]:
    """Sort a region's contours into slices; what may not be a lesion may leave the series."""
    found, spent = _Contours(), 0
    for contour in contours:
        kind = text_of(contour, "ContourGeometricType").upper()
        points = _read_points(contour)
        spent += len(points)
        _check_effort(spent, allowed)
        if kind not in _CLOSED or len(points) < 3:
            found.left_out[kind if kind not in _CLOSED else "fewer than three points"] += 1
            continue
        indices = grid.to_indices(points)
        place = float(indices[:, 2].mean())
        number = int(np.floor(place + 0.5 + _HALF_WAY))
        outside = not 0 <= number < grid.size[2] or not _is_within(indices, grid)
        if outside and lenient:
            found.left_out["outside the series"] += 1
            continue
        _check_place(contour, indices, number, slice_of, outside=outside)
        spent += count_crossings(indices[:, :2], grid.size[1])
        _check_effort(spent, allowed)
        found.by_slice.setdefault(number, []).append((place, indices[:, :2]))
    return found, spent


def _check_effort(spent: int, allowed: int) -> None:
    if spent > allowed:
        raise InputError("holds far more points than anybody draws; export fewer regions at once")


def _read_points(contour: Any) -> npt.NDArray[np.float64]:
    """Read a contour's points (n, 3), LPS mm; straight from the text, as there may be millions."""
    raw = contour.get_item("ContourData")
    value = raw.value if raw is not None else b""
    texts = value.replace(b"\0", b" ").split(b"\\") if isinstance(value, bytes) else value
    numbers = np.array([] if texts in (None, [b""]) else texts, np.float64)
    if numbers.size % 3 or not np.isfinite(numbers).all():
        raise InputError("a contour's points are not triples of finite numbers")
    stated = contour.get("NumberOfContourPoints")
    if stated is not None and int(stated) * 3 != numbers.size:
        raise InputError("a contour has another number of points than it states")
    return numbers.reshape(-1, 3)


def _is_within(indices: npt.NDArray[np.float64], grid: Grid) -> bool:
    inside = (indices[:, :2] >= -1.0) & (indices[:, :2] <= np.array(grid.size[:2]))
    return bool(inside.all())


def _check_place(
    contour: Any,
    indices: npt.NDArray[np.float64],
    number: int,
    slice_of: Mapping[str, int],
    *,
    outside: bool,
) -> None:
    images = [
        text_of(image, "ReferencedSOPInstanceUID")
        for image in contour.get("ContourImageSequence") or ()
    ]
    slices = {slice_of[uid] for uid in images if uid in slice_of}
    if images and slice_of and not slices:
        raise InputError("a contour refers to an image that is not in the series")
    if outside:
        raise GeometryError("a contour lies outside the series")
    if np.ptp(indices[:, 2]) > _FLAT:
        raise GeometryError("a contour lies across the slices of the series")
    if slices and min(abs(one - number) for one in slices) > 1:
        raise GeometryError("a contour lies in another slice than the image it refers to")


def _fill(found: _Contours, grid: Grid) -> tuple[Flat, list[str], bool]:
    """Find the voxels inside; say what was not read as drawn, and whether all of it was."""
    columns, rows, _slices = grid.size
    parts: list[Flat] = []
    left_out = Counter(found.left_out)
    farthest = 0.0
    for number, contours in sorted(found.by_slice.items()):
        nearest = min((place for place, _ in contours), key=lambda place: abs(place - number))
        chosen = [one for place, one in contours if abs(place - nearest) <= _SAME_PLANE]
        left_out["in planes between slices"] += len(contours) - len(chosen)
        distinct = {one.tobytes(): one for one in chosen}
        left_out[_TWICE] += len(chosen) - len(distinct)
        farthest = max(farthest, abs(nearest - number))
        inside = fill_polygons(list(distinct.values()), columns, rows)
        places = np.flatnonzero(inside) + number * rows * columns
        parts.append(keep_small(places, grid))
    notes = [f"{n} contours are not read: {why}" for why, n in sorted(left_out.items()) if n]
    if farthest > _OFF_SLICE:
        away = farthest * grid.spacing[2]
        notes.append(f"contours lie up to {away:.2f} mm off the slices they are read on")
    slices = sorted(found.by_slice)
    skipped = _count_skipped(slices)
    if skipped:
        notes.append(f"{skipped} slices between its contours have none; nothing is filled in")
    lost = any(n for why, n in left_out.items() if why != _TWICE)
    sparse = _skips_regularly(slices)
    if sparse:
        notes.append(
            "drawn only on every few slices: its volume and shape are not those of the lesion; "
            "a person should look, and draw the slices between"
        )
    voxels = keep_small(np.concatenate(parts or [np.zeros(0, np.int32)]), grid)
    return voxels, notes, not (lost or sparse)


def _count_skipped(slices: Sequence[int]) -> int:
    return slices[-1] - slices[0] + 1 - len(slices) if slices else 0


def _skips_regularly(slices: Sequence[int]) -> bool:
    """Whether contours leave out slices again and again: drawn on every other slice, say.

    A single gap is rather that of a lesion in two parts. Of three contours on thicker slices than
    these, two have a neighbour: a third of all steps is enough, where there are several.
    """
    steps = np.diff(slices)
    gaps = int((steps > 1).sum())
    return gaps > len(steps) / 2 or (gaps > 1 and gaps >= len(steps) / 3)
