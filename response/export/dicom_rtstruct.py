"""``export rtstruct``: a reader's marks on one scan as contours for planning (RT Structure Set).

One region per lesion, named by its tracking id; its contours run along the edges of voxels, so
that filling them again gives the same voxels. They lie in the slices they were drawn in, in the
scan's own frame of reference. No region is given a planning role: that is for who plans.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from highdicom.sr import CodedConcept
from pydicom import Dataset
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.uid import ImplicitVRLittleEndian, RTStructureSetStorage

from response.export.dicom_codes import LESION, choose_colour
from response.export.dicom_marks import MarkedScan, Segment, clean, find_label, name_person
from response.export.dicom_seg import finish
from response.export.dicom_source import SourceSeries, describe_equipment, make_uid
from response.export.outlines import trace_outlines
from response.ingest.origin import SourceImage

SERIES_NUMBER = 7003
DETACHED_STUDY_MANAGEMENT = "1.2.840.10008.3.1.2.3.1"


def make_structure_set(one: MarkedScan) -> Any:
    """Make the structure set of one scan with at least one mark.

    Implicit VR: in explicit VR a contour of some thousand points does not fit its length field.
    """
    made = _describe(one)
    layers = one.read_layers()
    drawn = [(segment, _draw(find_label(layers, segment.label))) for segment in one.segments]
    used = sorted({index for _, contours in drawn for index, _ in contours})
    made.ReferencedFrameOfReferenceSequence = [_refer(one.source, used)]
    made.StructureSetROISequence = [_name_region(one, segment) for segment, _ in drawn]
    made.ROIContourSequence = [
        _list_contours(one.source, segment, contours) for segment, contours in drawn
    ]
    made.RTROIObservationsSequence = [_observe(one, segment) for segment, _ in drawn]
    finish(made, one.known.tracked_at)
    return made


def _describe(one: MarkedScan) -> FileDataset:
    meta = FileMetaDataset()
    meta.TransferSyntaxUID = ImplicitVRLittleEndian
    meta.MediaStorageSOPClassUID = RTStructureSetStorage
    made = FileDataset("", one.source.describe_study(), file_meta=meta, preamble=b"\0" * 128)
    made.SOPClassUID = RTStructureSetStorage
    made.Modality = "RTSTRUCT"
    made.SeriesInstanceUID = make_uid("rtstruct", one.source.uid, one.reader)
    made.SeriesNumber, made.InstanceNumber = SERIES_NUMBER, 1
    made.SeriesDescription = clean(f"Lesions ({one.reader})")
    made.OperatorsName = ""
    equipment = describe_equipment()
    made.Manufacturer = equipment["manufacturer"]
    made.ManufacturerModelName = equipment["manufacturer_model_name"]
    made.SoftwareVersions = equipment["software_versions"]
    made.FrameOfReferenceUID = one.source.frame_of_reference
    made.PositionReferenceIndicator = ""
    made.StructureSetLabel = "LESIONS"
    made.StructureSetDescription = clean(f"Lesions marked by {one.reader}")
    made.StructureSetDate = one.known.tracked_at.strftime("%Y%m%d")
    made.StructureSetTime = one.known.tracked_at.strftime("%H%M%S")
    made.ApprovalStatus = "UNAPPROVED"
    return made


def _draw(inside: npt.NDArray[np.bool_]) -> list[tuple[int, npt.NDArray[np.float64]]]:
    """The outlines of a lesion, each with its slice."""
    held = np.flatnonzero(inside.any(axis=(1, 2)))
    return [(int(k), outline) for k in held for outline in trace_outlines(inside[k])]


def _refer(source: SourceSeries, used: Sequence[int]) -> Dataset:
    """The frame of reference, and of its series the images that were drawn on."""
    series = Dataset()
    series.SeriesInstanceUID = source.uid
    series.ContourImageSequence = [_name_image(source.images[index]) for index in used]
    study = Dataset()
    study.ReferencedSOPClassUID = DETACHED_STUDY_MANAGEMENT
    study.ReferencedSOPInstanceUID = source.header["StudyInstanceUID"]
    study.RTReferencedSeriesSequence = [series]
    frame = Dataset()
    frame.FrameOfReferenceUID = source.frame_of_reference
    frame.RTReferencedStudySequence = [study]
    return frame


def _name_image(image: SourceImage) -> Dataset:
    item = Dataset()
    item.ReferencedSOPClassUID = image.sop_class_uid
    item.ReferencedSOPInstanceUID = image.sop_instance_uid
    if image.frame is not None:
        item.ReferencedFrameNumber = image.frame
    return item


def _name_region(one: MarkedScan, segment: Segment) -> Dataset:
    item = Dataset()
    item.ROINumber = segment.number
    item.ReferencedFrameOfReferenceUID = one.source.frame_of_reference
    item.ROIName = clean(segment.lesion.tracking_id)
    item.ROIDescription = f"Tracking UID {segment.lesion.tracking_uid}"
    item.ROIGenerationAlgorithm = "MANUAL"
    return item


def _list_contours(
    source: SourceSeries,
    segment: Segment,
    contours: Sequence[tuple[int, npt.NDArray[np.float64]]],
) -> Dataset:
    item = Dataset()
    item.ReferencedROINumber = segment.number
    item.ROIDisplayColor = list(choose_colour(segment.number))
    item.ContourSequence = []
    for slice_index, outline in contours:
        indices = np.column_stack([outline, np.full(len(outline), float(slice_index))])
        contour = Dataset()
        contour.ContourImageSequence = [_name_image(source.images[slice_index])]
        contour.ContourGeometricType = "CLOSED_PLANAR"
        contour.NumberOfContourPoints = len(outline)
        places = source.grid.to_points(indices).ravel() + 0.0
        contour.ContourData = [f"{place:.5f}" for place in places]
        item.ContourSequence.append(contour)
    return item


def _observe(one: MarkedScan, segment: Segment) -> Dataset:
    item = Dataset()
    item.ObservationNumber = item.ReferencedROINumber = segment.number
    item.ROIObservationLabel = clean(segment.lesion.tracking_id, 16)
    item.RTROIInterpretedType = ""
    item.ROIInterpreter = name_person(one.tracking.reader.evaluator_id)
    item.RTROIIdentificationCodeSequence = [CodedConcept.from_code(LESION)]
    return item
