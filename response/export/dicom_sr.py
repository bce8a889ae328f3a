"""``export dicom-sr``: a reader's lesions on one scan as a measurement report (TID 1500).

One measurement group per lesion, under the Tracking UID it has at every time point, with its
segment in the segmentation that is written beside it; then the categories of the time point, each
with its reasons, and whether a person stands behind it. Only what a person confirmed is verified.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import highdicom as hd
from highdicom.coding_schemes import CodingSchemeIdentificationItem
from highdicom.sr import CodeContentItem, RelationshipTypeValues, TextContentItem
from pydicom import Dataset
from pydicom.sr.codedict import codes
from pydicom.sr.coding import Code

from response import __version__
from response.corrections import active_decisions, confirmed_until
from response.endpoints import select_effective
from response.export.dicom_codes import (
    COMMENT,
    METHODS,
    NON_TARGET_RESPONSES,
    OWN_SCHEME,
    OWN_SCHEME_NAME,
    PROCEDURES,
    TARGET_RESPONSES,
    code_own,
    code_response,
)
from response.export.dicom_groups import make_group
from response.export.dicom_marks import MarkedScan, clean, name_person
from response.export.dicom_seg import finish
from response.export.dicom_source import MANUFACTURER, MODEL, describe_equipment, make_uid
from response.ingest.dicom_file import quiet
from response.model import Assessment, Decision
from response.terms import Status

SERIES_NUMBER = 7002
DEVICE = make_uid("device", MODEL)
EVALUATIONS = Code("C0034375", "UMLS", "Qualitative Evaluations")
PROVISIONAL = "This category is provisional: no person has confirmed all that it rests on."


def make_report(one: MarkedScan, segmentation: Any, lean_body_mass: str) -> Any:
    """Make the report of one scan, as a ``highdicom.sr.Comprehensive3DSR``.

    Parameters
    ----------
    one
        The scan; at least one lesion was looked for on it.
    segmentation
        Its segmentation; ``None`` where nothing is marked.
    lean_body_mass
        The protocol's formula, for SUL.
    """
    confirmed = _find_confirmation(one)
    verified: dict[str, Any] = {"is_verified": confirmed is not None}
    if confirmed is not None:
        verified["verifying_observer_name"] = name_person(confirmed.actor)
        verified["verifying_organization"] = "not stated"
    with quiet():
        made = hd.sr.Comprehensive3DSR(
            evidence=_list_evidence(one, segmentation),
            content=_make_content(one, segmentation, lean_body_mass),
            series_instance_uid=make_uid("sr", one.source.uid, one.reader),
            series_number=SERIES_NUMBER,
            sop_instance_uid=make_uid("unsealed"),
            instance_number=1,
            is_complete=_is_complete(one),
            is_final=confirmed is not None,
            series_description=clean(f"Lesion measurements ({one.reader})"),
            content_date=one.known.said_at.date(),
            content_time=one.known.said_at.time(),
            coding_schemes=[CodingSchemeIdentificationItem(OWN_SCHEME, name=OWN_SCHEME_NAME)],
            **verified,
            **describe_equipment(),
        )
    for item in made.get("VerifyingObserverSequence", ()):
        assert confirmed is not None, "an observer stands there only if one confirmed"
        item.VerificationDateTime = confirmed.at.strftime("%Y%m%d%H%M%S")
    finish(made, one.known.said_at)
    return made


def _make_content(one: MarkedScan, segmentation: Any, lean_body_mass: str) -> Any:
    segments = {segment.finding.tracking_uid: segment for segment in one.segments}
    groups = [
        make_group(one, f, segments.get(f.tracking_uid), segmentation, lean_body_mass)
        for f in sorted(one.findings, key=lambda f: f.tracking_id)
    ]
    report = hd.sr.MeasurementReport(
        observation_context=_describe_observers(one),
        procedure_reported=PROCEDURES.get(one.scan.modality, codes.SCT.ImagingProcedure),
        imaging_measurements=groups,
        title=codes.DCM.ImagingMeasurementReport,
    )
    evaluations = list(_evaluate(one))
    if evaluations:
        container = hd.sr.ContainerContentItem(
            EVALUATIONS, relationship_type=RelationshipTypeValues.CONTAINS
        )
        container.ContentSequence = hd.sr.ContentSequence(evaluations)
        report[0].ContentSequence.append(container)
    return report


def _describe_observers(one: MarkedScan) -> Any:
    """Who marked the lesions, where it is known, and what measured them."""
    device = hd.sr.ObserverContext(
        observer_type=codes.DCM.Device,
        observer_identifying_attributes=hd.sr.DeviceObserverIdentifyingAttributes(
            uid=DEVICE,
            name=f"{MANUFACTURER} {__version__}",
            manufacturer_name=MANUFACTURER,
            model_name=MODEL,
        ),
    )
    name = name_person(one.tracking.reader.evaluator_id)
    if not name:
        return hd.sr.ObservationContext(observer_device_context=device)
    person = hd.sr.ObserverContext(
        observer_type=codes.DCM.Person,
        observer_identifying_attributes=hd.sr.PersonObserverIdentifyingAttributes(name=name),
    )
    return hd.sr.ObservationContext(observer_person_context=person, observer_device_context=device)


def _list_evidence(one: MarkedScan, segmentation: Any) -> list[Dataset]:
    """The images that the lesions were marked on, or looked for on; and the segmentation."""
    found: dict[str, Dataset] = {}
    for index, image in enumerate(one.source.images):
        if image.sop_instance_uid not in found:
            found[image.sop_instance_uid] = one.source.describe_image(index)
    return [*found.values(), *([segmentation] if segmentation is not None else [])]


def _is_complete(one: MarkedScan) -> bool:
    """Whether nothing is left to be said of any lesion, nor any lesion left to be marked."""
    said = all(f.measurement is not None or f.state is not None for f in one.findings)
    open_questions = any(f.needs_review for f in one.findings)
    return said and not open_questions and one.marks is not None and one.marks.complete


def _find_confirmation(one: MarkedScan) -> Decision | None:
    """A person's confirmation that still holds for all findings of this scan; the last one."""
    place = (one.scan.date, one.scan.time_point)
    active = active_decisions(one.known.decisions, one.tracking.reader)
    holding = [d for d in active if confirmed_until(one.tracking, [d]) >= place]
    return holding[-1] if holding else None


def _evaluate(one: MarkedScan) -> Iterator[Any]:
    """What every criterion says of the time point, as codes and in words."""
    for result in one.known.results:
        if result.summary.reader != one.tracking.reader:
            continue
        for said in select_effective(result.assessments):
            if said.time_point == one.scan.time_point and said.overall_response:
                yield from _code_assessment(said)


def _code_assessment(said: Assessment) -> Iterator[Any]:
    method = METHODS.get(said.criterion) or code_own(said.criterion, said.criterion)
    yield _code(codes.DCM.ResponseEvaluationMethod, method)
    yield _code(codes.DCM.CurrentResponse, code_response(said.overall_response))
    if said.criterion == "recist11":  # these terms are defined by RECIST
        parts = (
            TARGET_RESPONSES.get(said.target_response),
            NON_TARGET_RESPONSES.get(said.non_target_response),
        )
        for part in filter(None, parts):
            yield _code(codes.DCM.ResponseEvaluation, part)
    words = [f"{said.criterion}: {said.overall_response}, {said.status}."]
    if said.status is Status.PROVISIONAL:
        words.append(PROVISIONAL)
    words += [reason.text for reason in said.reasons]
    yield TextContentItem(COMMENT, " ".join(words), RelationshipTypeValues.CONTAINS)


def _code(name: Code, value: Code) -> Any:
    return CodeContentItem(name, value, RelationshipTypeValues.CONTAINS)
