"""A made-up PET/CT course: hot balls of known uptake in a trunk with a liver, in SUV."""

from __future__ import annotations

import datetime as dt
import hashlib
import importlib.util
import sys
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path

import numpy as np
import SimpleITK as sitk

from response.assess import assess_subject
from response.measure import measure_labels
from response.model import MarkSet, Reader, ReferenceRegion, SubjectFacts, TimePoint, Tracking
from response.protocol import Protocol
from response.readings import read_tracking
from response.terms import Event, Role, Source


def load_base():
    """Return the module beside this file that makes the CT trial up."""
    if "synthetic_trial" not in sys.modules:
        path = Path(__file__).with_name("synthetic.py")
        spec = importlib.util.spec_from_file_location("synthetic_trial", path)
        sys.modules["synthetic_trial"] = module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
    return sys.modules["synthetic_trial"]


base = load_base()

PET_SIZE = (70, 52, 40)
PET_SPACING = (5.0, 5.5, 4.5)
PET_ORIGIN = (-172.0, -140.0, -90.0)
LIVER = (-85.0, 0.0, -60.0)
LIVER_SUV, BACKGROUND_SUV = 2.4, 0.7
SUL_PER_SUV = 0.75
FACTS = {
    "units": "SUVBW", "suv_bw_factor": "0.000123", "weight_kg": "72", "height_cm": "171",
    "sex": "F", "radiotracer": "FDG", "injected_mbq": "251", "scanner": "Made-up One",
    "reconstruction": "OSEM 3i21s", "frame_of_reference_uid": "1.2.3.4",
}  # fmt: skip
UPTAKE_MINUTES = (61, 64, 66)


@dataclass(frozen=True)
class Hot:
    """A hot ball: place (LPS mm), organ, role, and SUV at every time point; None: not there."""

    name: str
    place: tuple[float, float, float]
    organ: str
    role: Role
    suv: tuple[float | None, ...]
    radius_mm: float = 14.0


COURSE = (
    Hot("T1", (66, -6, 60), "lung", Role.TARGET, (10.0, 5.5, 4.0)),
    Hot("T2", (-70, 10, 20), "lung", Role.TARGET, (7.5, 6.0, 3.4), 11.0),
    Hot("NT1", (20, -40, -40), "soft tissue", Role.NON_TARGET, (5.0, 3.5, 2.2), 10.0),
)


def pet_body(hot, number, rng=0):
    """Return a made-up SUV volume: background, liver, and the balls of one time point."""
    k, j, i = np.indices(PET_SIZE[::-1])
    axes = zip(PET_ORIGIN, PET_SPACING, (i, j, k), strict=True)
    x, y, z = (o + s * n for o, s, n in axes)
    volume = np.full(x.shape, 0.02)
    inside = (x / 160) ** 2 + (y / 105) ** 2 < 1
    volume[inside] = BACKGROUND_SUV
    liver = ((x + 60) / 80) ** 2 + ((y - 5) / 62) ** 2 + ((z + 60) / 45) ** 2 < 1
    volume[liver] = LIVER_SUV
    volume += np.where(inside, np.random.default_rng(rng).normal(0, 0.06, x.shape), 0)
    for one in hot:
        if one.suv[number] is not None:
            away = sum((a - b) ** 2 for a, b in zip((x, y, z), one.place, strict=True)) ** 0.5
            edge = np.clip((one.radius_mm + 5 - away) / 8, 0, 1)
            volume = np.maximum(volume, one.suv[number] * edge)
    return np.clip(volume, 0, None).astype(np.float32)


def pet_image(array):
    """Return an array on the grid of the made-up PET scan as an image."""
    image = sitk.GetImageFromArray(array)
    image.SetSpacing(PET_SPACING)
    image.SetOrigin(PET_ORIGIN)
    return image


def pet_scan(workspace, subject, name, day, image, facts):
    """Return a PET scan written into the workspace."""
    scan = base._scan(workspace, subject, name, day, image)
    return replace(
        scan, scan_id=f"{scan.scan_id}-PT", modality="PT", series="2", facts=facts,
        field_box=(0, 0, 0, *PET_SIZE),
    )  # fmt: skip


def write_pet_subject(
    workspace, store, subject="PET-001", hot=COURSE, *, ct=True, marked=True, **changes
):
    """Write a course of PET/CT (or PET alone) with its lesions assessed by PERCIST."""
    reader = Reader()
    store.write_subject_facts(SubjectFacts(subject, base.START), actor="test")
    findings = []
    for number in range(len(hot[0].suv)):
        findings += _write_stop(workspace, store, subject, hot, number, ct, marked, changes)
    if not marked:
        return
    lesions = tuple(_lesion(subject, reader, one) for one in hot)
    references = _references(subject, len(hot[0].suv))
    tracking = Tracking(
        subject, reader, "key", "TP0", False, lesions, tuple(findings), references=references
    )
    store.write_tracking(tracking, actor="test")
    _assess(store, tracking, hot)


def _references(subject, count):
    """Return a liver region for each time point: the last one is only proposed."""
    volume = 4 / 3 * np.pi * 15**3 / 1000
    return tuple(
        ReferenceRegion(
            f"TP{n}", f"{subject}-TP{n}-PT", "liver",
            Source.PROPOSED if n == count - 1 else Source.PERSON, LIVER, volume, LIVER_SUV, 0.06,
        )
        for n in range(count)
    )  # fmt: skip


def _day(number):
    return base.START + dt.timedelta(days=56 * number - 6)


def _write_stop(workspace, store, subject, hot, number, ct, marked, changes):
    name, day, reader = f"TP{number}", _day(number), Reader()
    array = pet_body(hot, number, number)
    facts = {**FACTS, "uptake_minutes": str(UPTAKE_MINUTES[number]), **changes}
    facts = {key: value for key, value in facts.items() if value}
    pet = pet_scan(workspace, subject, name, day, pet_image(array), facts)
    scans, mark_sets, measured = [], [], {}
    if ct:
        volume, mask = base.body(), np.zeros(base.SIZE[::-1], np.uint8)
        for label, one in enumerate(hot, 1):
            if one.suv[number] is not None:
                where = base.ball(one.place, one.radius_mm)
                volume[where], mask[where] = 60, label
        image, marks = base.to_image(volume), base.to_image(mask)
        scan = base._scan(workspace, subject, name, day, image)
        scan = replace(scan, facts={"frame_of_reference_uid": "1.2.3.4"})
        scans.append(scan)
        mark_sets.append(_marks(workspace, scan, reader, marks))
        measured = {m.label: m for m in measure_labels(image, marks, slice_axis=2)}
    hot_mask = (array > 2.9).astype(np.uint8)
    labels = sitk.GetArrayFromImage(sitk.ConnectedComponent(pet_image(hot_mask))).astype(np.uint8)
    scans.append(pet)
    mark_sets.append(_marks(workspace, pet, reader, pet_image(labels)))
    sets = tuple(mark_sets) if marked else ()
    store.write_time_point(TimePoint(subject, name, day, tuple(scans), sets), actor="test")
    return [
        _finding(scans[0], reader, one, number, measured.get(label), label)
        for label, one in enumerate(hot, 1)
        if one.suv[number] is not None and measured.get(label)
    ]


def _marks(workspace, scan, reader, marks):
    array = sitk.GetArrayFromImage(marks)
    digest = hashlib.sha256(array.tobytes()).hexdigest()
    path = workspace.write_image(marks, digest)
    labels = tuple(int(v) for v in np.unique(array) if v)
    return MarkSet(f"{scan.scan_id}-m", scan.scan_id, reader, path, digest, labels, True)


def _finding(scan, reader, one, number, measured, label):
    event = Event.BASELINE if number == 0 else Event.PERSISTING
    seen = base.Seen(one.radius_mm, event)
    plan = base.Plan(one.name, one.place, one.organ, one.role, ())
    found = base._finding(scan, reader, plan, seen, measured, label)
    suv = one.suv[number]
    recorded = replace(
        found.measurement, suv_max=suv * 1.1, suv_mean=suv * 0.8, suv_peak=suv,
        sul_peak=suv * SUL_PER_SUV, mtv_ml=measured.volume_mm3 / 1000, tlg=suv * 6.0,
    )  # fmt: skip
    return replace(found, measurement=recorded, tracking_uid=f"{scan.subject}--{one.name}")


def _lesion(subject, reader, one):
    plan = base.Plan(one.name, one.place, one.organ, one.role, (), source=Source.READER)
    return base._lesion(subject, reader, plan)


def _assess(store, tracking, hot):
    """Assess the course by PERCIST, EORTC and RECIST."""
    names = [(f"TP{n}", _day(n)) for n in range(len(hot[0].suv))]
    facts = SubjectFacts(tracking.subject, base.START)
    for criterion in ("percist10", "eortc_pet", "recist11"):
        protocol = Protocol()
        readings, points = read_tracking(tracking, names, (), protocol)
        uptake = {(f.tracking_id, f.time_point): f.measurement for f in tracking.findings}
        readings = tuple(
            replace(r, extra={**r.extra, **_extra(uptake.get((r.lesion, r.time_point)))})
            for r in readings
        )
        points = tuple(replace(p, facts=_point_facts(n)) for n, p in enumerate(points))
        result = assess_subject(
            tracking.subject, tracking.reader, readings, facts, protocol, criterion=criterion,
            time_points=points,
        )  # fmt: skip
        store.write_assessments(
            tracking.subject, criterion, tracking.reader, "key", result, actor="test"
        )


def _extra(measured):
    if measured is None:
        return {}
    names = ("sul_peak", "suv_max", "suv_mean", "tlg")
    return {name: Decimal(str(round(getattr(measured, name), 3))) for name in names}


def _point_facts(number):
    return {
        "liver_mean": str(round(LIVER_SUV * SUL_PER_SUV, 3)), "liver_sd": "0.05",
        "uptake_minutes": str(UPTAKE_MINUTES[number]), "injected_mbq": "251",
    }  # fmt: skip


def fill(workspace):
    """Write PET/CT, PET alone, PET without SUV, and PET/CT without marks into a workspace."""
    store = base.Store(workspace, keep=True)
    write_pet_subject(workspace, store)
    write_pet_subject(workspace, store, "PET-002", ct=False, marked=False)
    write_pet_subject(
        workspace, store, "PET-003", units="BQML", suv_bw_factor="", marked=False,
        suv_refused="RadionuclideTotalDose is missing",
    )  # fmt: skip
    write_pet_subject(workspace, store, "PET-004", marked=False)
    return store
