"""``export dicom-seg``: a reader's marks on one scan as a DICOM segmentation.

One segment per lesion, named by its tracking id and the Tracking UID that it has at every time
point; frames only where something is marked, each with the image it was drawn on. How the marks
were drawn is not known to this program: they are the reader's own, so the algorithm type is MANUAL.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

import highdicom as hd
import numpy as np
from pydicom import Dataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian

from response.export.dicom_codes import ABNORMAL, LESION, choose_colour, code_organ, code_side
from response.export.dicom_marks import MarkedScan, Segment, Voxels, clean, name_person
from response.export.dicom_seg_join import join_segmentations
from response.export.dicom_source import SourceSeries, describe_equipment, make_uid, seal
from response.ingest.dicom_file import quiet
from response.ingest.origin import SourceImage

SERIES_NUMBER = 7001


def make_segmentation(one: MarkedScan) -> Any:
    """Make the segmentation of one scan, as a ``highdicom.seg.Segmentation``.

    Frames lie on the scan's own voxels. The same marks of the same series give the same object,
    with the same UIDs; other marks are another instance of the same series.

    Parameters
    ----------
    one
        A scan with at least one mark.
    """
    made = join_segmentations(
        [
            _segment_layer(one, layer, chosen)
            for layer in one.read_layers()
            if (chosen := [x for x in one.segments if (layer == x.label).any()])
        ]
    )
    _refer(made, one.source)
    finish(made, one.known.tracked_at)
    return made


def _segment_layer(one: MarkedScan, layer: Voxels, segments: Sequence[Segment]) -> Any:
    """Make the segmentation of one layer of the mask; every segment of the scan is described."""
    numbers = np.zeros(int(layer.max()) + 1, np.uint16)
    for segment in segments:
        numbers[segment.label] = segment.number
    held = np.flatnonzero(numbers[layer].any(axis=(1, 2)))
    reader = one.tracking.reader
    with quiet():
        return hd.seg.Segmentation(
            source_images=[_stand_in(one.source, int(index)) for index in held],
            pixel_array=numbers[layer[held]],
            segmentation_type=hd.seg.SegmentationTypeValues.BINARY,
            segment_descriptions=[_describe(segment) for segment in one.segments],
            series_instance_uid=make_uid("seg", one.source.uid, one.reader),
            series_number=SERIES_NUMBER,
            sop_instance_uid=make_uid("unsealed"),
            instance_number=1,
            content_label="LESIONS",
            content_description=clean(f"Lesions marked by {one.reader}"),
            content_creator_name=name_person(reader.evaluator_id) or None,
            series_description=clean(f"Lesions ({one.reader})"),
            content_date=one.known.tracked_at.date(),
            content_time=one.known.tracked_at.time(),
            transfer_syntax_uid=ExplicitVRLittleEndian,
            omit_empty_frames=True,
            **describe_equipment(),
        )


def finish(made: Any, at: dt.datetime) -> None:
    """Take the clock and chance out of an object, and give it its UID.

    Its times are those at which what it says was found (UTC), so that writing it again changes
    nothing.
    """
    day, time = at.strftime("%Y%m%d"), at.strftime("%H%M%S")
    made.SpecificCharacterSet = "ISO_IR 192"
    made.InstanceCreationDate, made.InstanceCreationTime = day, time
    for item in made.get("ContributingEquipmentSequence", ()):
        item.ContributionDateTime = day + time
    for sequence in ("DimensionOrganizationSequence", "DimensionIndexSequence"):
        for item in made.get(sequence, ()):
            item.DimensionOrganizationUID = make_uid("dimensions", made.SeriesInstanceUID)
    seal(made)


def _describe(segment: Segment) -> hd.seg.SegmentDescription:
    lesion = segment.lesion
    organ, side = code_organ(lesion), code_side(lesion)
    made = hd.seg.SegmentDescription(
        segment_number=segment.number,
        segment_label=clean(lesion.tracking_id),
        segmented_property_category=ABNORMAL,
        segmented_property_type=LESION,
        algorithm_type=hd.seg.SegmentAlgorithmTypeValues.MANUAL,
        tracking_id=clean(lesion.tracking_id),
        tracking_uid=lesion.tracking_uid,
        anatomic_regions=[organ] if organ else None,
        display_color=hd.color.CIELabColor.from_rgb(*choose_colour(segment.number)),
    )
    if organ and side:
        region = made.AnatomicRegionSequence[0]
        region.AnatomicRegionModifierSequence = [hd.sr.CodedConcept.from_code(side)]
    return made


def _stand_in(source: SourceSeries, index: int) -> Dataset:
    """A slice as an image of its own: frames of one image have no other identity to refer to."""
    made = source.describe_image(index)
    made.SOPInstanceUID = _name_stand_in(index)
    if source.images[index].frame is not None:
        made.SOPClassUID = CTImageStorage
    return made


def _name_stand_in(index: int) -> str:
    return f"2.25.{index}"


def _refer(made: Any, source: SourceSeries) -> None:
    """Put the true images, and their frames, in the place of those that stood in for them."""
    images = {_name_stand_in(index): image for index, image in enumerate(source.images)}
    for frame in made.PerFrameFunctionalGroupsSequence:
        for derived in frame.get("DerivationImageSequence", ()):
            for item in derived.SourceImageSequence:
                _name(item, images)
    for series in made.get("ReferencedSeriesSequence", ()):
        known: dict[str, Dataset] = {}
        for item in series.ReferencedInstanceSequence:
            _name(item, images)
            known.setdefault(str(item.ReferencedSOPInstanceUID), Dataset(item))
        series.ReferencedInstanceSequence = list(known.values())
        for item in series.ReferencedInstanceSequence:
            item.pop("ReferencedFrameNumber", None)


def _name(item: Dataset, images: Mapping[str, SourceImage]) -> None:
    """Name the true image; an item may stand in several frames and be named already."""
    image = images.get(str(item.ReferencedSOPInstanceUID))
    if image is None:
        return
    item.ReferencedSOPClassUID = image.sop_class_uid
    item.ReferencedSOPInstanceUID = image.sop_instance_uid
    if image.frame is not None:
        item.ReferencedFrameNumber = image.frame
