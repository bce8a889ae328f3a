"""A small made-up trial: blocks of known size in tiny volumes, written through the store."""

from __future__ import annotations

import datetime as dt
import hashlib
from dataclasses import dataclass, replace
from decimal import Decimal

import numpy as np
import SimpleITK as sitk

from response.assess import assess_subject
from response.measure import measure_labels
from response.model import (
    Finding,
    Lesion,
    MarkSet,
    Reader,
    RecordedMeasurement,
    Registration,
    Scan,
    SubjectFacts,
    TimePoint,
    Tracking,
)
from response.protocol import Protocol
from response.readings import read_tracking
from response.register import Transform
from response.register.prepare import WorkingGrid
from response.store import Store
from response.terms import Event, LesionState, Role, Source

START = dt.date(2025, 1, 20)
SIZE = (96, 80, 30)
SPACING = (3.6, 3.6, 6.0)
ORIGIN = (-172.8, -144.0, -90.0)


UNMARKED_STEP = (18.0, 0.0, 12.0)
"""Five voxels to the left and two slices up."""


@dataclass(frozen=True)
class Seen:
    """A lesion at a time point: its radius in mm, or the event that stands for no marks."""

    radius_mm: float = 0.0
    event: Event = Event.PERSISTING
    state: LesionState | None = None
    review: bool = False
    reason: str = ""


@dataclass(frozen=True)
class Plan:
    """A lesion through time: where it is (LPS mm) and what is seen of it per time point."""

    name: str
    place: tuple[float, float, float]
    organ: str
    role: Role
    seen: tuple[Seen | None, ...]
    node: bool = False
    source: Source = Source.READER


def body(size=SIZE, spacing=SPACING, origin=ORIGIN):
    """Return a made-up trunk in HU: fat, muscle, lungs, spine on the patient's back."""
    k, j, i = np.indices(size[::-1])
    x, y, z = (o + s * n for o, s, n in zip(origin, spacing, (i, j, k), strict=True))
    noise = np.random.default_rng(0).normal(0, 12, x.shape)
    volume = np.full(x.shape, -1000.0)
    inside = (x / 160) ** 2 + (y / 105) ** 2 < 1
    volume[inside] = -95
    volume[(x / 145) ** 2 + (y / 90) ** 2 < 1] = 45
    for side in (-1, 1):
        lung = ((x - side * 68) / 52) ** 2 + ((y + 5) / 66) ** 2 + ((z - 60) / 70) ** 2 < 1
        volume[lung] = -820
    volume[((x + 60) / 80) ** 2 + ((y - 5) / 62) ** 2 + ((z + 60) / 45) ** 2 < 1] = 105
    volume[(x / 17) ** 2 + ((y - 62) / 17) ** 2 < 1] = 420
    volume[((x - 16) / 11) ** 2 + ((y - 25) / 11) ** 2 < 1] = 165
    return (volume + np.where(inside, noise, 0)).astype(np.int16)


def ball(place, radius_mm):
    """Return where a ball of a radius around a place lies, on the usual grid."""
    k, j, i = np.indices(SIZE[::-1])
    axes = zip(ORIGIN, SPACING, (i, j, k), place, strict=True)
    distance = sum((o + s * n - centre) ** 2 for o, s, n, centre in axes)
    return distance <= radius_mm**2


def to_image(array):
    """Return an array on the usual grid as an image."""
    image = sitk.GetImageFromArray(array)
    image.SetSpacing(SPACING)
    image.SetOrigin(ORIGIN)
    return image


OUTSIDE = Seen(0, Event.NOT_IMAGED, reason="its place lies outside this scan's field")
IN_QUESTION = Seen(12, review=True, reason="two candidates within 8 mm")
GONE = Seen(0, Event.RESOLVED)
NEW_IN_QUESTION = Seen(8, Event.NEW, None, True, "no counterpart within 20 mm")


def first(radius_mm):
    """Return a lesion as seen at baseline."""
    return Seen(radius_mm, Event.BASELINE)


RESPONDER = (
    Plan("T1", (-70, 10, -60), "liver", Role.TARGET,
         (first(24), Seen(18), Seen(12), Seen(11), Seen(19))),
    Plan("T2", (66, -6, 60), "lung", Role.TARGET,
         (first(15), Seen(12), Seen(9), OUTSIDE, Seen(10))),
    Plan("T3", (4, 30, 20), "lymph node", Role.TARGET,
         (first(14), IN_QUESTION, Seen(10), Seen(10), Seen(11)), node=True),
    Plan("NT1", (-30, -30, -70), "liver", Role.NON_TARGET,
         (first(9), Seen(8), GONE, GONE, Seen(9, Event.REAPPEARED))),
    Plan("N1", (-66, -20, 70), "lung", Role.NEW,
         (None, None, None, None, Seen(11, Event.NEW, LesionState.UNEQUIVOCAL))),
)  # fmt: skip

QUESTION = (
    Plan("T1", (60, 0, 50), "lung", Role.TARGET,
         (first(20), Seen(17), Seen(16)), source=Source.PROPOSED),
    Plan("T2", (-80, 0, -50), "liver", Role.TARGET,
         (first(16), Seen(15), Seen(15)), source=Source.PROPOSED),
    Plan("N1", (-60, 20, 65), "lung", Role.NEW,
         (None, None, NEW_IN_QUESTION), source=Source.PROPOSED),
)  # fmt: skip


def fill(workspace, store: Store | None = None) -> Store:
    """Write the made-up trial into a workspace."""
    store = store or Store(workspace, keep=True)
    write_subject(workspace, store, "ONC-001", RESPONDER)
    write_subject(workspace, store, "ONC-002", QUESTION)
    for reader in (Reader("INDEPENDENT ASSESSOR", "R1"), Reader("INDEPENDENT ASSESSOR", "R2")):
        plans = RESPONDER[:3] if reader.evaluator_id == "R1" else RESPONDER[:2]
        write_subject(workspace, store, "ONC-003", plans, reader=reader)
    for number, growth in enumerate((0.6, 0.75, 0.9, 1.0, 1.15, 1.35), 4):
        plan = replace(RESPONDER[0], seen=(first(20), Seen(20 * growth)))
        write_subject(workspace, store, f"ONC-{number:03}", (plan,))
    write_unmarked(workspace, store)
    store.write_subject_facts(SubjectFacts("ONC-099", START), actor="test")
    return store


def write_subject(workspace, store, subject, plans, reader=Reader()):  # noqa: B008
    """Write one subject: scans, marks, tracking, assessments."""
    count = len(plans[0].seen)
    days = [START + dt.timedelta(days=56 * n - 6) for n in range(count)]
    store.write_subject_facts(SubjectFacts(subject, START), actor="test")
    findings: list[Finding] = []
    for number, day in enumerate(days):
        findings += _write_time_point(workspace, store, subject, plans, reader, number, day)
    lesions = tuple(_lesion(subject, reader, plan) for plan in plans)
    tracking = Tracking(subject, reader, "key", "TP0", False, lesions, tuple(findings))
    store.write_tracking(tracking, actor="test")
    names = [(f"TP{n}", day) for n, day in enumerate(days)]
    protocol = Protocol()
    readings, points = read_tracking(tracking, names, (), protocol)
    facts = SubjectFacts(subject, START)
    result = assess_subject(subject, reader, readings, facts, protocol, time_points=points)
    store.write_assessments(subject, "recist11", reader, "key", result, actor="test")
    return tracking, result


def _write_time_point(workspace, store, subject, plans, reader, number, day):
    array = body()
    mask = np.zeros_like(array, dtype=np.uint8)
    for label, plan in enumerate(plans, 1):
        seen = plan.seen[number]
        if seen is not None and seen.radius_mm:
            where = ball(plan.place, seen.radius_mm)
            mask[where] = label
            array[where] = 60
    image, marks = to_image(array), to_image(mask)
    mask_digest = hashlib.sha256(mask.tobytes()).hexdigest()
    scan = _scan(workspace, subject, f"TP{number}", day, image)
    mark_set = MarkSet(
        mark_set_id=f"{scan.scan_id}-{reader.evaluator_id}",
        scan_id=scan.scan_id,
        reader=reader,
        mask_path=workspace.write_image(marks, mask_digest),
        mask_digest=mask_digest,
        labels=tuple(int(v) for v in np.unique(mask) if v),
        complete=True,
    )
    point = TimePoint(subject, scan.time_point, day, (scan,), (mark_set,))
    store.write_time_point(point, actor="test")
    measured = {m.label: m for m in measure_labels(image, marks, slice_axis=2)}
    return [
        _finding(scan, reader, plan, plan.seen[number], measured.get(label), label)
        for label, plan in enumerate(plans, 1)
        if plan.seen[number] is not None
    ]


def _scan(workspace, subject, name, day, image):
    digest = hashlib.sha256(sitk.GetArrayViewFromImage(image).tobytes()).hexdigest()
    return Scan(
        scan_id=f"{subject}-{name}",
        subject=subject,
        time_point=name,
        date=day,
        modality="CT",
        series="1",
        image_path=workspace.write_image(image, digest),
        image_digest=digest,
        slice_axis=2,
        field_box=(0, 0, 0, *SIZE),
    )


def write_unmarked(workspace, store, subject="ONC-098", names=("TP0", "TP1"), step=UNMARKED_STEP):
    """Write scans without marks; each registration moves places by `step`, in mm."""
    for number, name in enumerate(names):
        day = START + dt.timedelta(days=56 * number)
        scan = _scan(workspace, subject, name, day, to_image(body()))
        store.write_time_point(TimePoint(subject, name, day, (scan,), ()), actor="test")
    if len(names) > 1:
        path = f"transforms/{subject}"
        workspace.resolve(path).mkdir(parents=True)
        grid = WorkingGrid(ORIGIN, (1, 0, 0, 0, 1, 0, 0, 0, 1), 6.0, (58, 48, 30))
        Transform(grid, np.eye(3), np.array(step)).save(workspace.resolve(path))
        found = replace(registration(subject), transform_path=path, similarity=0.87)
        store.write_registration(found, actor="test")


def _finding(scan, reader, plan, seen, measured, label):
    recorded = None
    if measured is not None:
        recorded = RecordedMeasurement(
            longest_diameter_mm=_round(measured.longest_diameter_mm),
            short_axis_mm=_round(measured.short_axis_mm),
            volume_mm3=measured.volume_mm3,
            extent_3d_mm=measured.extent_3d_mm,
            longest_segment=measured.longest_segment,
            short_segment=measured.short_segment,
            slice_axis=measured.slice_axis,
            slice_index=measured.slice_index,
        )
    return Finding(
        subject=scan.subject,
        time_point=scan.time_point,
        date=scan.date,
        scan_id=scan.scan_id,
        modality="CT",
        series="1",
        reader=reader,
        tracking_uid=f"{scan.subject}-{reader.evaluator_id}-{plan.name}",
        tracking_id=plan.name,
        label=label if measured else None,
        event=seen.event,
        place=measured.centroid if measured else plan.place,
        measurement=recorded,
        state=seen.state,
        confidence=0.9,
        needs_review=seen.review,
        reason=seen.reason,
    )


def _round(value):
    return Decimal(str(value)).quantize(Decimal("0.1"))


def _lesion(subject, reader, plan):
    return Lesion(
        tracking_uid=f"{subject}-{reader.evaluator_id}-{plan.name}",
        tracking_id=plan.name,
        subject=subject,
        reader=reader,
        role=plan.role,
        role_source=plan.source,
        organ=plan.organ,
        organ_source=plan.source,
        side="",
        node=plan.node,
        node_source=plan.source,
    )


def registration(subject, trusted=True, reason=""):
    """Return a registration of the first two scans of a subject."""
    return Registration(
        registration_id=f"{subject}-r", content_key=f"{subject}-k", subject=subject, modality="CT",
        series="1", from_scan_id=f"{subject}-TP0", to_scan_id=f"{subject}-TP1",
        from_time_point="TP0", to_time_point="TP1", transform_path="transforms/x",
        transform_digest="00", seconds=1.0, similarity=0.4, folded_fraction=0.0, trusted=trusted,
        reason=reason, engine="test", parameters="", expected_error_mm=9.0,
    )  # fmt: skip
