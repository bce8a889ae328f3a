"""One reader's stream through match and measure: from marks on scans to lesions through time."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import ROUND_HALF_UP, Decimal

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray
from scipy import ndimage
from scipy.spatial import cKDTree

from response import __version__
from response.corrections import confirmed_links, latest_state, links_of
from response.geometry import Grid, choose_slice_axis, slice_normal
from response.lesions import Seen, describe_lesions
from response.match import Link, Mark, MarkedTimePoint, Step, TrackedEvent, Tracks, track
from response.measure import measure_labels
from response.model import (
    Decision,
    Finding,
    Lesion,
    LesionFact,
    MarkSet,
    Measurement,
    RecordedMeasurement,
    Refusal,
    Registration,
    Scan,
    SubjectFacts,
    Tracking,
)
from response.protocol import Protocol
from response.register import Transform
from response.streams import Baseline, Stop, Stream, find_baseline
from response.terms import STATES_BY_ROLE, Event, LesionState
from response.workspace import Workspace

RULES_VERSION = f"{__version__}/1"
"""Part of every key that says whether a result still holds."""

OTHER_SERIES = 1_000_000
"""Added to the labels of a second series, so that the marks of a time point have one numbering."""

Points = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class _Marked:
    """A mark as read: where it comes from, its measurement and voxel centres (n, 3) in LPS mm."""

    scan: Scan
    marks: MarkSet
    measured: Measurement
    points: Points


@dataclass(frozen=True, slots=True)
class _Seen:
    """A stop with its marks by number; ``doubles`` are the same lesions on further series."""

    stop: Stop
    grid: Grid
    marked: Mapping[int, _Marked]
    doubles: Mapping[int, tuple[_Marked, ...]]


def track_stream(
    workspace: Workspace,
    stream: Stream,
    facts: SubjectFacts,
    protocol: Protocol,
    *,
    registrations: Sequence[Registration],
    decisions: Sequence[Decision],
    former: Tracking | None,
    known: Mapping[tuple[str, int], str],
) -> tuple[Tracking | None, tuple[Refusal, ...]]:
    """Match and measure one reader's marks.

    Returns
    -------
    tuple
        The tracking, or ``None`` where ``former`` rests on the same facts; and the rows of
        ``lesions.csv`` that contradict what was fixed at baseline.
    """
    baseline = find_baseline(stream, facts)
    used = _used(stream, registrations)
    key = _content_key(stream, baseline, protocol, used, decisions)
    if former is not None and former.content_key == key:
        return None, ()
    seen = _read_marks(workspace, stream)
    uids = _uids(seen, known, former)
    tracks = track(
        [_marked_time_point(s, uids, decisions) for s in seen],
        [_step(workspace, used.get((a.scan.scan_id, b.scan.scan_id))) for a, b in _pairs(stream)],
        subject=stream.subject,
        baseline=baseline.time_point,
        links=_links(former, decisions),
        known=uids,
    )
    return _tracking(stream, baseline, protocol, key, seen, tracks, decisions)


def _tracking(
    stream: Stream,
    baseline: Baseline,
    protocol: Protocol,
    key: str,
    seen: Sequence[_Seen],
    tracks: Tracks,
    decisions: Sequence[Decision],
) -> tuple[Tracking, tuple[Refusal, ...]]:
    by_name = {s.stop.time_point.time_point: s for s in seen}
    findings = tuple(
        finding
        for event in tracks.events
        for finding in _findings(by_name[event.time_point], event, stream, protocol, decisions)
    )
    facts = {
        (fact.time_point, fact.label): fact
        for stop in stream.stops
        for fact in stop.time_point.lesion_facts
        if fact.reader == stream.reader
    }
    thickness = {name: s.stop.scan.slice_thickness_mm for name, s in by_name.items()}
    lesions, refused = describe_lesions(
        Seen(stream.subject, stream.reader, baseline.time_point, findings, facts, thickness),
        tracks.lesions,
        decisions,
        protocol,
    )
    by_uid = {x.tracking_uid: x for x in lesions}
    made = Tracking(
        stream.subject,
        stream.reader,
        key,
        baseline.time_point,
        baseline.assumed,
        lesions,
        tuple(_with_facts(f, facts, by_uid) for f in findings),
        tuple(w for w in (baseline.warning, *tracks.warnings) if w),
    )
    return made, refused


# ----------------------------------------------------------------------------------- the inputs


def _pairs(stream: Stream) -> list[tuple[Stop, Stop]]:
    return list(zip(stream.stops, stream.stops[1:], strict=False))


def _used(
    stream: Stream, registrations: Sequence[Registration]
) -> dict[tuple[str, str], Registration]:
    wanted = {(a.scan.scan_id, b.scan.scan_id) for a, b in _pairs(stream)}
    pairs = {(r.from_scan_id, r.to_scan_id): r for r in registrations}
    return {pair: r for pair, r in pairs.items() if pair in wanted}


def _content_key(
    stream: Stream,
    baseline: Baseline,
    protocol: Protocol,
    used: Mapping[tuple[str, str], Registration],
    decisions: Sequence[Decision],
) -> str:
    facts = [
        repr(fact)
        for stop in stream.stops
        for fact in stop.time_point.lesion_facts
        if fact.reader == stream.reader
    ]
    parts = [
        RULES_VERSION,
        repr(stream.reader),
        repr(baseline),
        protocol.targets.model_dump_json(),
        [
            [
                s.time_point.time_point,
                s.time_point.date.isoformat(),
                s.scan.scan_id,
                s.marks.mark_set_id if s.marks else "",
                [m.mark_set_id for _, m in s.others],
            ]
            for s in stream.stops
        ],
        sorted(facts),
        sorted(r.content_key for r in used.values()),
        [d.decision_id for d in decisions],
    ]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def _step(workspace: Workspace, registration: Registration | None) -> Step:
    if registration is None or not registration.transform_path:
        reason = registration.reason if registration else "the scans were not registered"
        return Step(_same_place, _same_place, False, reason, 50.0)
    transform = Transform.load(workspace.resolve(registration.transform_path))
    return Step(
        transform.map_points,
        transform.map_points_back,
        registration.trusted,
        registration.reason,
        registration.expected_error_mm,
    )


def _same_place(points: Points) -> Points:
    return points


def _links(former: Tracking | None, decisions: Sequence[Decision]) -> list[Link]:
    """Return the links persons made, and those they confirmed unless they later changed them."""
    said = links_of(decisions)
    touched = {(link.time_point, link.label) for link in said}
    kept = [k for k in confirmed_links(former, decisions) if (k.time_point, k.label) not in touched]
    return [*said, *kept]


def _read_marks(workspace: Workspace, stream: Stream) -> list[_Seen]:
    normal: Points | None = None
    seen = []
    for stop in stream.stops:
        image = workspace.read_image(stop.scan.image_path)
        grid = Grid.of(image)
        axis = _slice_axis(stop.scan, grid, normal)
        normal = slice_normal(grid, axis) if normal is None else normal
        own = _marked(workspace, stop.scan, stop.marks, image, axis) if stop.marks else {}
        doubles: dict[int, tuple[_Marked, ...]] = {}
        for number, (scan, marks) in enumerate(stop.others, 1):
            other_image = workspace.read_image(scan.image_path)
            other_axis = _slice_axis(scan, Grid.of(other_image), normal)
            further = _marked(workspace, scan, marks, other_image, other_axis)
            _join_series(workspace, stop, own, further, number, doubles)
        seen.append(_Seen(stop, grid, own, doubles))
    return seen


def _slice_axis(scan: Scan, grid: Grid, normal: Points | None) -> int:
    if scan.source == "dicom":
        return scan.slice_axis
    return choose_slice_axis(grid, reference_normal=normal)


def _marked(
    workspace: Workspace, scan: Scan, marks: MarkSet, image: sitk.Image, axis: int
) -> dict[int, _Marked]:
    if not marks.mask_path:
        return {}
    mask = workspace.read_image(marks.mask_path)
    grid = Grid.of(mask)
    array = sitk.GetArrayViewFromImage(mask)
    boxes = ndimage.find_objects(array.astype(np.int32))
    found = {}
    for measured in measure_labels(image, mask, slice_axis=axis):
        box = boxes[measured.label - 1]
        low = [edge.start for edge in box]
        kji = np.argwhere(array[box] == measured.label) + low
        points = grid.to_points(kji[:, ::-1].astype(float))
        found[measured.label] = _Marked(scan, marks, measured, points)
    return found


def _join_series(
    workspace: Workspace,
    stop: Stop,
    own: dict[int, _Marked],
    further: Mapping[int, _Marked],
    number: int,
    doubles: dict[int, tuple[_Marked, ...]],
) -> None:
    """Give marks of another series to the lesion they overlap, or number them on.

    Series of one time point share the patient's space: a PET and its CT.
    """
    for label, mark in further.items():
        hits = {k: _overlap(m.points, mark.points) for k, m in own.items()}
        best = max(hits, key=lambda k: hits[k], default=None)
        if best is not None and hits[best] > 0:
            doubles[best] = (*doubles.get(best, ()), mark)
        else:
            own[OTHER_SERIES * number + label] = mark


def _overlap(one: Points, two: Points) -> int:
    """Return how many points of ``two`` lie within 2 mm of ``one``."""
    distances, _ = cKDTree(one).query(two, distance_upper_bound=2.0)
    return int(np.isfinite(distances).sum())


def _set_id(stop: Stop) -> str:
    return stop.marks.mark_set_id if stop.marks else ""


def _uids(
    seen: Sequence[_Seen], known: Mapping[tuple[str, int], str], former: Tracking | None
) -> dict[tuple[str, int], str]:
    """Return the identities that marks held before, by place where a mask was replaced."""
    uids: dict[tuple[str, int], str] = {}
    for s in seen:
        taken: set[str] = set()
        for number, mark in s.marked.items():
            uid = known.get((mark.marks.mark_set_id, mark.measured.label))
            if uid is not None:
                uids[_set_id(s.stop), number] = uid
                taken.add(uid)
        if former is not None:
            _adopt(s, former, uids, taken)
    return uids


def _adopt(s: _Seen, former: Tracking, uids: dict[tuple[str, int], str], taken: set[str]) -> None:
    """Let marks of a replaced mask keep the identity of the mark that stood at their place."""
    name = s.stop.time_point.time_point
    old = [f for f in former.findings if f.time_point == name and f.label is not None and f.place]
    for number, mark in s.marked.items():
        if (_set_id(s.stop), number) in uids:
            continue
        radius = max(2.0, mark.measured.longest_diameter_mm / 4)
        near = [
            f.tracking_uid
            for f in old
            if f.tracking_uid not in taken
            and np.linalg.norm(np.subtract(f.place, mark.measured.centroid)) <= radius
        ]
        if len(near) == 1:
            uids[_set_id(s.stop), number] = near[0]
            taken.add(near[0])


def _marked_time_point(
    s: _Seen, uids: Mapping[tuple[str, int], str], decisions: Sequence[Decision]
) -> MarkedTimePoint:
    stop = s.stop
    facts = _facts_of(stop)
    marks = []
    for number, mark in sorted(s.marked.items()):
        fact = facts.get(number)
        uid = uids.get((_set_id(stop), number), "")
        decided = latest_state(decisions, uid, stop.time_point.time_point) if uid else None
        state = LesionState(decided) if decided else (fact.state if fact else None)
        marks.append(
            Mark(
                label=number,
                points=mark.points,
                volume_mm3=mark.measured.volume_mm3,
                longest_diameter_mm=mark.measured.longest_diameter_mm,
                centroid=mark.measured.centroid,
                role=fact.role if fact else None,
                state=state,
            )
        )
    return MarkedTimePoint(
        time_point=stop.time_point.time_point,
        date=stop.time_point.date,
        modality=stop.scan.modality,
        mark_set_id=_set_id(stop),
        read=stop.read,
        complete=stop.complete,
        grid=s.grid,
        field_box=stop.scan.field_box,
        marks=tuple(marks),
    )


def _facts_of(stop: Stop) -> dict[int, LesionFact]:
    reader = stop.marks.reader if stop.marks else None
    return {f.label: f for f in stop.time_point.lesion_facts if f.reader == reader}


# ---------------------------------------------------------------------------------- the findings


def record(measured: Measurement, precision_mm: Decimal) -> RecordedMeasurement:
    """Return a measurement as recorded: its diameters rounded once, half up.

    Examples
    --------
    >>> round_mm(12.34999, Decimal("0.1"))
    Decimal('12.3')
    """
    return RecordedMeasurement(
        longest_diameter_mm=round_mm(measured.longest_diameter_mm, precision_mm),
        short_axis_mm=round_mm(measured.short_axis_mm, precision_mm),
        volume_mm3=measured.volume_mm3,
        extent_3d_mm=measured.extent_3d_mm,
        longest_segment=measured.longest_segment,
        short_segment=measured.short_segment,
        slice_axis=measured.slice_axis,
        slice_index=measured.slice_index,
    )


def round_mm(value_mm: float, precision_mm: Decimal) -> Decimal:
    """Round a length to the protocol's precision, half up."""
    # 12.35 mm computed as 12.349999999 is 12.35: the ninth decimal is noise, not size.
    exact = Decimal(repr(round(value_mm, 9)))
    steps = (exact / precision_mm).quantize(Decimal(1), rounding=ROUND_HALF_UP)
    return steps * precision_mm


def _findings(
    s: _Seen, event: TrackedEvent, stream: Stream, protocol: Protocol, decisions: Sequence[Decision]
) -> list[Finding]:
    stop = s.stop
    precision = protocol.targets.recorded_precision_mm
    marked = s.marked.get(event.label) if event.label is not None else None
    decided = latest_state(decisions, event.tracking_uid, event.time_point)
    state = LesionState(decided) if decided else None
    what, reason = event.event, event.reason
    if state is LesionState.ABSENT and marked is None:
        what, reason = Event.RESOLVED, "a reader says it is absent"
    rows = [marked, *s.doubles.get(event.label, ())] if event.label is not None else [None]
    return [
        Finding(
            subject=stream.subject,
            time_point=event.time_point,
            date=stop.time_point.date,
            scan_id=(row.scan if row else stop.scan).scan_id,
            modality=(row.scan if row else stop.scan).modality,
            series=(row.scan if row else stop.scan).series,
            reader=stream.reader,
            tracking_uid=event.tracking_uid,
            tracking_id="",
            label=row.measured.label if row else None,
            event=what,
            place=row.measured.centroid if row else event.place,
            measurement=record(row.measured, precision) if row else None,
            state=state,
            confidence=event.confidence,
            needs_review=event.needs_review and decided is None,
            reason=reason,
            mark_set_id=row.marks.mark_set_id if row else "",
        )
        for row in rows
    ]


def _with_facts(
    finding: Finding,
    facts: Mapping[tuple[str, int], LesionFact],
    lesions: Mapping[str, Lesion],
) -> Finding:
    """Return the finding with its lesion's id and what the reader's table says of it."""
    fact = facts.get((finding.time_point, finding.label)) if finding.label is not None else None
    state = finding.state
    lesion = lesions[finding.tracking_uid]
    if state is None and fact is not None and fact.state is not None:
        allowed = STATES_BY_ROLE[lesion.role] if lesion.role else frozenset()
        state = fact.state if fact.state in allowed else None
    return replace(finding, tracking_id=lesion.tracking_id, state=state)
