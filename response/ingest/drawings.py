"""Drawings in DICOM: segmentations and sets of contours, and which series each was drawn on.

Several files of one series are read in the order of their series number, instance number and file
name (numbers in it by value), then instance UID: the first keeps its numbers as labels, a later
one gets the next free label where its number is taken.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pydicom.uid import RTStructureSetStorage

from response.errors import InputError
from response.geometry import Grid
from response.ingest.dicom_file import DAMAGE, quiet, read_dataset, text_of
from response.ingest.files import digest_file
from response.ingest.itk import Image
from response.ingest.labels import Labels
from response.ingest.regions import Region, put_together
from response.ingest.rtstruct import OTHER_PURPOSES, read_contours
from response.ingest.segmentation import SEGMENTATIONS, find_source_images, read_segments
from response.ingest.segments import is_other_reference

KINDS = {**dict.fromkeys(map(str, SEGMENTATIONS), "SEG"), str(RTStructureSetStorage): "RTSTRUCT"}
"""Which SOP classes are drawings, and of which kind."""

_TAGS = [
    "SOPClassUID",
    "SOPInstanceUID",
    "PatientID",
    "StudyDate",
    "SeriesNumber",
    "InstanceNumber",
    "FrameOfReferenceUID",
    "ReferencedSeriesSequence",
    "SharedFunctionalGroupsSequence",
    "PerFrameFunctionalGroupsSequence",
    "ReferencedFrameOfReferenceSequence",
    "RTROIObservationsSequence",
    "SegmentSequence",
]


Order = tuple[int, int, tuple[tuple[int, str], ...], str]


@dataclass(frozen=True, slots=True)
class Drawing:
    """A drawing's header: what it was drawn on, by series, image and frame of reference.

    ``kind`` is ``SEG`` or ``RTSTRUCT``. ``order`` sorts several drawings of one series. ``asides``
    are the numbers of what may be left aside as no lesion. ``uid`` is its instance UID.
    """

    path: Path
    kind: str
    subject: str
    study_date: str
    series_uids: tuple[str, ...]
    image_uids: frozenset[str]
    frame_of_reference: str
    order: Order = (0, 0, (), "")
    asides: frozenset[int] = frozenset()
    uid: str = ""


def read_drawing(path: Path, header: Any | None = None) -> Drawing:
    """Read what a drawing says of itself, without its pixels or points.

    Parameters
    ----------
    path
        A file whose SOP class is one of `KINDS`.
    header
        What was read of it already, where that is all of it but its pixels.

    Raises
    ------
    InputError
        Damaged, or no drawing.
    """
    said = read_dataset(path, tags=_TAGS) if header is None else header
    try:
        with quiet():
            kind = KINDS.get(text_of(said, "SOPClassUID"))
            if kind is not None:
                return _describe(path, kind, said)
    except DAMAGE:
        raise InputError(f"{path.name}: damaged or truncated; export it again") from None
    raise InputError(f"{path.name}: neither a segmentation nor a set of contours")


def read_drawing_file(path: Path, grid: Grid) -> Image:
    """Read one drawing as a label image; a label is a segment's or a region's number.

    Everything in it is read, whatever it is described as. The image may have layers (see
    :mod:`response.layers`).

    Raises
    ------
    InputError, GeometryError
        As `read_drawings`.
    """
    drawing = read_drawing(path)
    regions, _notes = _read_regions(drawing, grid, {}, None, modality="")
    return put_together([replace(region, aside="") for region in regions], grid).image


def read_drawings(
    drawings: Sequence[Drawing],
    grid: Grid,
    slice_of: Mapping[str, int] | None = None,
    *,
    modality: str = "CT",
    wanted: frozenset[int] = frozenset(),
) -> Labels:
    """Read all drawings of one series into labels.

    A region keeps its number as its label where that is free; regions that overlap are kept whole,
    in layers. What a drawing itself describes as no lesion is left aside with a warning.

    Parameters
    ----------
    drawings
        In any order; they are read in their own.
    grid
        The series' grid.
    slice_of
        The slice (index along image axis 2) of each image of the series, by instance UID.
    modality
        The series' modality: normal liver and aorta on PET are reference regions.
    wanted
        Labels that a person's table speaks of: never left aside.

    Raises
    ------
    InputError, GeometryError
        One of them cannot be read, or does not lie on the series; the message says which and why.
    """
    regions: list[Region] = []
    notes: list[str] = []
    empty: list[str] = []
    ordered = sorted(drawings, key=lambda drawing: drawing.order)
    if len(ordered) > 1:
        names = ", ".join(drawing.path.name for drawing in ordered)
        notes.append(
            f"read by series number, instance number and file name, in this order: {names}"
        )
    for drawing in ordered:
        # Of several files a region's label need not be its number: all are filled.
        filled = wanted if len(drawings) == 1 else None
        found, said = _read_regions(drawing, grid, slice_of or {}, filled, modality=modality)
        regions += found
        notes += said
        if not found:
            empty.append(f"drawing {drawing.path.name} holds no region")
    made = put_together(regions, grid, wanted, [*notes, *empty])
    return replace(made, whole=made.whole and not empty)


def _read_regions(
    drawing: Drawing,
    grid: Grid,
    slice_of: Mapping[str, int],
    wanted: frozenset[int] | None,
    *,
    modality: str,
) -> tuple[list[Region], list[str]]:
    if drawing.kind == "SEG":
        return read_segments(drawing.path, grid, slice_of, modality=modality)
    return read_contours(drawing.path, grid, slice_of, wanted)


def drop_copies(drawings: Iterable[Drawing]) -> tuple[list[Drawing], list[tuple[Drawing, Drawing]]]:
    """Keep each drawing once, by instance UID, wherever and however often it lies.

    Returns
    -------
    tuple
        The drawings, and the pairs that say different things under one UID.
    """
    kept: dict[str, Drawing] = {}
    conflicts = []
    for drawing in sorted(drawings, key=lambda one: (one.order, one.path)):
        key = drawing.uid or digest_file(drawing.path)
        first = kept.setdefault(key, drawing)
        if first is not drawing and not _are_same(first.path, drawing.path):
            conflicts.append((first, drawing))
    return list(kept.values()), conflicts


def _are_same(one: Path, other: Path) -> bool:
    """Whether two files are copies, or hold the same however they are written."""
    if digest_file(one) == digest_file(other):
        return True
    try:
        with quiet():
            return bool(read_dataset(one, pixels=True) == read_dataset(other, pixels=True))
    except (InputError, *DAMAGE):
        return False


def _describe(path: Path, kind: str, said: Any) -> Drawing:
    series = list(_list_series(said, kind))
    images = {uid for item in series for uid in _list_images(item)}
    if kind == "SEG":
        images.update(uid for group in _list_groups(said) for uid in find_source_images(group))
    return Drawing(
        path=path,
        kind=kind,
        subject=text_of(said, "PatientID"),
        study_date=text_of(said, "StudyDate"),
        series_uids=tuple(dict.fromkeys(text_of(item, "SeriesInstanceUID") for item in series)),
        image_uids=frozenset(images),
        frame_of_reference=_find_frame(said, kind),
        order=_find_order(path, said),
        asides=frozenset(_list_asides(said)),
        uid=text_of(said, "SOPInstanceUID"),
    )


def _list_asides(said: Any) -> Iterator[int]:
    for item in said.get("RTROIObservationsSequence") or ():
        if text_of(item, "RTROIInterpretedType").upper() in OTHER_PURPOSES:
            yield int(item.ReferencedROINumber)
    for item in said.get("SegmentSequence") or ():
        if is_other_reference(item):
            yield int(item.SegmentNumber)


def _list_series(said: Any, kind: str) -> Iterator[Any]:
    if kind == "SEG":
        yield from said.get("ReferencedSeriesSequence") or ()
        return
    for frame in said.get("ReferencedFrameOfReferenceSequence") or ():
        for study in frame.get("RTReferencedStudySequence") or ():
            yield from study.get("RTReferencedSeriesSequence") or ()


def _list_images(series: Any) -> Iterator[str]:
    for name in ("ReferencedInstanceSequence", "ContourImageSequence"):
        for image in series.get(name) or ():
            yield text_of(image, "ReferencedSOPInstanceUID")


def _list_groups(said: Any) -> Iterable[Any]:
    yield from said.get("SharedFunctionalGroupsSequence") or ()
    yield from said.get("PerFrameFunctionalGroupsSequence") or ()


def _find_frame(said: Any, kind: str) -> str:
    if kind == "SEG":
        return text_of(said, "FrameOfReferenceUID")
    frames = {
        text_of(frame, "FrameOfReferenceUID")
        for frame in said.get("ReferencedFrameOfReferenceSequence") or ()
    }
    return frames.pop() if len(frames) == 1 else text_of(said, "FrameOfReferenceUID")


def _find_order(path: Path, said: Any) -> Order:
    numbers = [text_of(said, name) for name in ("SeriesNumber", "InstanceNumber")]
    series, instance = (int(text) if text.isdecimal() else 0 for text in numbers)
    # Words and numbers take turns, so that the second never meets a word.
    parts = re.findall(r"([^0-9]*)([0-9]*)", path.name.lower())
    natural = tuple(
        piece for word, digits in parts for piece in ((0, word), (int(digits or 0), digits))
    )
    return series, instance, natural, text_of(said, "SOPInstanceUID")
