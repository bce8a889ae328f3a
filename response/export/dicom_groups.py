"""One lesion at one time point as a measurement group of a structured report (TID 1411, 1501)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import highdicom as hd
import numpy as np
from pydicom.sr.codedict import codes
from pydicom.sr.coding import Code

from response.export.dicom_codes import (
    ABNORMAL,
    COMMENT,
    LESION,
    ROLES,
    code_event,
    code_organ,
    code_own,
    code_side,
    code_state,
)
from response.export.dicom_marks import MarkedScan, Segment, clean
from response.ingest.origin import SourceImage
from response.model import Finding, Lesion, RecordedMeasurement
from response.model.findings import Segment as Diameter
from response.terms import Role

LONG_AXIS, SHORT_AXIS = codes.SCT.LongAxis, codes.SCT.ShortAxis
MILLIMETRE, CUBIC_MILLIMETRE = codes.UCUM.Millimeter, codes.UCUM.CubicMillimeter
MILLILITRE, GRAM = Code("ml", "UCUM", "milliliter"), Code("g", "UCUM", "gram")
PEAK = codes.DCM.PeakValueWithinROI

LEAN_BODY_MASS = {
    "janmahasatian": (
        codes.DCM.SuvlbmJanma,
        codes.UCUM.StandardizedUptakeValueLeanBodyMassJanma,
    ),
    "james": (codes.DCM.Suvlbm, codes.UCUM.StandardizedUptakeValueLeanBodyMassJames),
}
"""Name and unit of SUL by formula (CID 85: SUVlbm is that of James)."""

EVENT, STATE = code_own("EVENT", "Course of lesion"), code_own("STATE", "State of lesion")


def make_group(
    one: MarkedScan,
    finding: Finding,
    segment: Segment | None,
    segmentation: Any,
    lean_body_mass: str,
) -> Any:
    """Make the measurement group of a lesion; without a mark it says what became of it.

    Parameters
    ----------
    segment
        The lesion's mark in ``segmentation``; ``None`` where it has none of its own.
    segmentation
        The segmentation that is written beside the report.
    lean_body_mass
        The protocol's formula, for SUL.
    """
    lesion = one.lesions[finding.tracking_uid]
    common = {
        "tracking_identifier": hd.sr.TrackingIdentifier(
            uid=lesion.tracking_uid, identifier=clean(lesion.tracking_id)
        ),
        "time_point_context": _describe_time_point(one),
        "finding_category": ABNORMAL,
        "finding_type": LESION,
        "finding_sites": _find_site(lesion),
        "qualitative_evaluations": _evaluate(lesion, finding),
    }
    if segment is None or finding.measurement is None:
        group: Any = hd.sr.MeasurementsAndQualitativeEvaluations(**common)
    else:
        group = hd.sr.VolumetricROIMeasurementsAndQualitativeEvaluations(
            **common,
            measurements=_measure(one, finding.measurement, lean_body_mass),
            referenced_segment=_refer(one, segment, segmentation),
        )
        _place_ends(group, finding.measurement, one.source.frame_of_reference)
    remark = _remark(lesion, finding)
    if remark:
        group[0].ContentSequence.append(
            hd.sr.TextContentItem(COMMENT, remark, hd.sr.RelationshipTypeValues.CONTAINS)
        )
    return group


def _describe_time_point(one: MarkedScan) -> Any:
    name = one.scan.time_point
    first = name == one.tracking.baseline_time_point
    return hd.sr.TimePointContext(
        time_point=clean(name),
        time_point_type=codes.UMLS.Baseline if first else None,
    )


def _find_site(lesion: Lesion) -> list[Any] | None:
    organ = code_organ(lesion)
    if organ is None:
        return None
    return [hd.sr.FindingSite(anatomic_location=organ, laterality=code_side(lesion))]


def _evaluate(lesion: Lesion, finding: Finding) -> list[Any]:
    said = [(EVENT, code_event(finding.event))]
    if lesion.role in ROLES:
        said.append((codes.DCM.BaselineCategory, ROLES[lesion.role]))
    if finding.state is not None:
        said.append((STATE, code_state(finding.state)))
    return [hd.sr.QualitativeEvaluation(name=name, value=value) for name, value in said]


def _remark(lesion: Lesion, finding: Finding) -> str:
    """What a reader of the report must know of this lesion that has no code."""
    parts = [finding.reason]
    if lesion.role is Role.NEW:
        parts.append("a new lesion")
    if lesion.merged_into:
        parts.append("it became one with another lesion")
    if lesion.part_of:
        parts.append("it split off from another lesion, and its diameter counts into that one's")
    if finding.needs_review:
        parts.append("provisional: no person has confirmed that it is this lesion")
    return "; ".join(filter(None, parts))


def _measure(one: MarkedScan, measured: RecordedMeasurement, lean_body_mass: str) -> list[Any]:
    sul, sul_unit = LEAN_BODY_MASS[lean_body_mass]
    suv, suv_unit = codes.DCM.Suvbw, codes.UCUM.StandardizedUptakeValueBodyWeight
    hu = measured.mean_value if one.scan.modality == "CT" else None
    rows: Sequence[tuple[Code, float | None, Code, Code | None]] = (
        (LONG_AXIS, float(measured.longest_diameter_mm), MILLIMETRE, None),
        (SHORT_AXIS, float(measured.short_axis_mm), MILLIMETRE, None),
        (codes.SCT.Volume, measured.volume_mm3, CUBIC_MILLIMETRE, None),
        (codes.DCM.XRayAttenuation, hu, codes.UCUM.HounsfieldUnit, codes.SCT.Mean),
        (suv, measured.suv_max, suv_unit, codes.SCT.Maximum),
        (suv, measured.suv_mean, suv_unit, codes.SCT.Mean),
        (suv, measured.suv_peak, suv_unit, PEAK),
        (sul, measured.sul_peak, sul_unit, PEAK),
        (codes.DCM.MetabolicVolume, measured.mtv_ml, MILLILITRE, None),
        (codes.DCM.TotalLesionGlycolysis, measured.tlg, GRAM, None),
    )
    return [
        hd.sr.Measurement(name=name, value=round(value, 6), unit=unit, derivation=derivation)
        for name, value, unit, derivation in rows
        if value is not None
    ]


def _refer(one: MarkedScan, segment: Segment, segmentation: Any) -> Any:
    """The segment, and the images it was drawn on."""
    images: dict[str, list[SourceImage]] = {}
    by_uid = {(image.sop_instance_uid, image.frame): image for image in one.source.images}
    for frame in segmentation.PerFrameFunctionalGroupsSequence:
        said = frame.get("SegmentIdentificationSequence")  # of a single segment all frames say it
        if said and said[0].ReferencedSegmentNumber != segment.number:
            continue
        item = frame.DerivationImageSequence[0].SourceImageSequence[0]
        key = (str(item.ReferencedSOPInstanceUID), item.get("ReferencedFrameNumber"))
        images.setdefault(key[0], []).append(by_uid[key])
    return hd.sr.ReferencedSegment(
        sop_class_uid=segmentation.SOPClassUID,
        sop_instance_uid=segmentation.SOPInstanceUID,
        segment_number=segment.number,
        source_images=[
            hd.sr.SourceImageForSegmentation(
                found[0].sop_class_uid, uid, [x.frame for x in found if x.frame is not None] or None
            )
            for uid, found in images.items()
        ],
    )


def _place_ends(group: Any, measured: RecordedMeasurement, frame_of_reference: str) -> None:
    """Say between which points the diameters were measured (mm, patient coordinates)."""
    ends: dict[str, Diameter] = {
        LONG_AXIS.value: measured.longest_segment,
        SHORT_AXIS.value: measured.short_segment,
    }
    for item in group[0].ContentSequence:
        points = ends.get(item.ConceptNameCodeSequence[0].CodeValue)
        if item.ValueType == "NUM" and points is not None:
            line = hd.sr.CoordinatesForMeasurement3D(
                hd.sr.GraphicTypeValues3D.POLYLINE,
                np.array(points, dtype=np.float64),
                frame_of_reference,
            )
            item.ContentSequence = [*item.get("ContentSequence", ()), line]
