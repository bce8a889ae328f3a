"""One reader's stream through match and measure: from marks on scans to lesions through time."""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise, starmap

from response import __version__
from response.corrections import confirmed_until, latest_state, links_of, places_of
from response.geometry import Points
from response.lesions import Facts, Seen, describe_lesions, find_contradictions
from response.marks import SeenStop, read_marks
from response.match import Mark, MarkedTimePoint, Step, Tracks, track
from response.match.model import Link
from response.model import (
    Decision,
    Finding,
    Lesion,
    Refusal,
    Registration,
    Scan,
    SubjectFacts,
    Tracking,
)
from response.pet import PET
from response.protocol import Protocol
from response.register import Transform
from response.stop_findings import add_facts, find_findings
from response.streams import Baseline, Stop, Stream, find_baseline, pair_scans
from response.terms import LesionState, Role, Source
from response.workspace import Workspace

RULES_VERSION = f"{__version__}/5"
"""Part of every key that says whether a result still holds."""

UID = re.compile(r"(?=.{1,64}\Z)(0|[1-9][0-9]*)(\.(0|[1-9][0-9]*))+")
"""What a UID looks like (PS3.5, section 9.1)."""


def track_stream(
    workspace: Workspace,
    stream: Stream,
    facts: SubjectFacts,
    protocol: Protocol,
    *,
    registrations: Sequence[Registration],
    decisions: Sequence[Decision],
    former: Tracking | None,
    known: Callable[[], Mapping[tuple[str, int], str]],
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
        told = _told(stream, baseline, former.findings)
        return None, find_contradictions(told, former.lesions)
    seen = read_marks(workspace, stream, places_of(decisions))
    uids = _uids(seen, known(), former)
    tracks = track(
        [_marked_time_point(s, uids, decisions) for s in seen],
        [_step(workspace, used.get((a.scan_id, b.scan_id))) for a, b in _pairs(stream)],
        subject=stream.subject,
        baseline=baseline.time_point,
        links=_number_links(links_of(decisions), seen),
        known=uids,
        known_ids={x.tracking_uid: x.tracking_id for x in former.lesions} if former else {},
        absent=_absent(decisions),
    )
    return _tracking(stream, baseline, protocol, key, seen, tracks, decisions)


def _tracking(
    stream: Stream,
    baseline: Baseline,
    protocol: Protocol,
    key: str,
    seen: Sequence[SeenStop],
    tracks: Tracks,
    decisions: Sequence[Decision],
) -> tuple[Tracking, tuple[Refusal, ...]]:
    by_name = {s.stop.time_point.time_point: s for s in seen}
    findings = tuple(
        finding
        for event in tracks.events
        for finding in find_findings(
            by_name[event.time_point], event, stream, protocol, decisions, baseline.time_point
        )
    )
    told = _told(stream, baseline, findings)
    lesions, refused = describe_lesions(told, tracks.lesions, decisions, protocol)
    by_uid = {x.tracking_uid: x for x in lesions}
    made = Tracking(
        stream.subject,
        stream.reader,
        key,
        baseline.time_point,
        baseline.assumed,
        lesions,
        tuple(add_facts(f, told.facts, by_uid) for f in findings),
        (*filter(None, (baseline.warning, *tracks.warnings)), *_unheard(decisions, by_uid)),
        tuple(region for s in seen for region in s.references),
    )
    return _reviewed(made, decisions), refused


def _reviewed(tracking: Tracking, decisions: Sequence[Decision]) -> Tracking:
    """Return the tracking without questions that a person's confirmation has answered."""
    until = confirmed_until(tracking, decisions)
    findings = tuple(
        replace(f, needs_review=False) if (f.date, f.time_point) <= until else f
        for f in tracking.findings
    )
    days = {f.time_point: f.date for f in tracking.findings}
    references = tuple(
        replace(r, source=Source.PERSON)
        if r.source is Source.PROPOSED and (days[r.time_point], r.time_point) <= until
        else r
        for r in tracking.references
        if r.time_point in days
    )
    return replace(tracking, findings=findings, references=references)


def _unheard(decisions: Sequence[Decision], lesions: Mapping[str, Lesion]) -> list[str]:
    """Say which decisions speak of lesions that are no longer there: nothing is lost in silence."""
    return [
        f"decision {d.decision_id} ({d.kind} {d.value}) speaks of a lesion that is no longer "
        "there; decide anew, or undo it"
        for d in decisions
        if d.kind != "confirm" and any(uid not in lesions for uid in d.tracking_uids)
    ]


def _told(stream: Stream, baseline: Baseline, findings: tuple[Finding, ...]) -> Seen:
    """Return the findings beside what the reader's tables say of them."""
    points = [stop.time_point for stop in stream.stops]
    facts = [
        f
        for point in points
        for f in point.lesion_facts
        if f.reader == stream.reader and f.role is not Role.REFERENCE
    ]
    return Seen(
        stream.subject,
        stream.reader,
        baseline.time_point,
        findings,
        Facts.of(findings, facts),
        {s.time_point.time_point: s.scan.slice_thickness_mm for s in stream.stops},
    )


# ----------------------------------------------------------------------------------- the inputs


def _pairs(stream: Stream) -> list[tuple[Scan, Scan]]:
    return list(starmap(pair_scans, pairwise(stream.stops)))


def _used(
    stream: Stream, registrations: Sequence[Registration]
) -> dict[tuple[str, str], Registration]:
    wanted = {(a.scan_id, b.scan_id) for a, b in _pairs(stream)}
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
        _pet_facts(stream, protocol),
        sorted(r.content_key for r in used.values()),
        [d.decision_id for d in decisions],
    ]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def _pet_facts(stream: Stream, protocol: Protocol) -> list[object]:
    """What SUV and SUL rest on besides the voxels; nothing where there is no PET."""
    facts: list[object] = [
        [scan.scan_id, sorted(scan.facts.items())]
        for stop in stream.stops
        for scan in stop.time_point.scans
        if scan.modality == PET
    ]
    return [protocol.pet.model_dump_json(), *facts] if facts else []


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


def _absent(decisions: Sequence[Decision]) -> list[tuple[str, str]]:
    """Return (time point, lesion) where a person's last word is that the lesion is gone."""
    last = {
        (d.time_point, uid): d.value
        for d in decisions
        if d.kind == "state"
        for uid in d.tracking_uids
    }
    return [pair for pair, state in last.items() if state == LesionState.ABSENT]


def _number_links(links: Sequence[Link], seen: Sequence[SeenStop]) -> tuple[Link, ...]:
    """Return links by the numbers that marks have here, whatever series they were drawn on."""
    stops = {s.stop.time_point.time_point: s for s in seen}
    return tuple(
        replace(link, label=number, modality="")
        for link in links
        for number in _find_number(stops.get(link.time_point), link)
    )


def _find_number(s: SeenStop | None, link: Link) -> list[int]:
    if s is None:
        return [link.label]
    numbers = [
        number
        for number in sorted(s.marked)
        if any(
            row.measured.label == link.label and link.modality in ("", row.scan.modality)
            for row in s.rows(number)
        )
    ]
    if not numbers:
        return [] if link.modality else [link.label]
    return [link.label] if link.label in numbers and not link.modality else numbers[:1]


def _set_id(stop: Stop) -> str:
    return stop.marks.mark_set_id if stop.marks else ""


def _uids(
    seen: Sequence[SeenStop], known: Mapping[tuple[str, int], str], former: Tracking | None
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


def _adopt(
    s: SeenStop, former: Tracking, uids: dict[tuple[str, int], str], taken: set[str]
) -> None:
    """Let marks of a replaced mask keep the identity of the mark that stood at their place."""
    name = s.stop.time_point.time_point
    old = [
        (f.tracking_uid, f.place)
        for f in former.findings
        if f.time_point == name and f.label is not None and f.place is not None
    ]
    for number, mark in s.marked.items():
        if (_set_id(s.stop), number) in uids:
            continue
        radius = max(2.0, mark.measured.longest_diameter_mm / 4)
        near = [
            uid
            for uid, place in old
            if uid not in taken and math.dist(place, mark.measured.centroid) <= radius
        ]
        if len(near) == 1:
            uids[_set_id(s.stop), number] = near[0]
            taken.add(near[0])


def _marked_time_point(
    s: SeenStop, uids: Mapping[tuple[str, int], str], decisions: Sequence[Decision]
) -> MarkedTimePoint:
    stop = s.stop
    facts = _facts_of(s)
    marks = []
    for number, mark in sorted(s.marked.items()):
        fact = facts.find_mark(
            stop.time_point.time_point, mark.scan.modality, mark.scan.series, mark.measured.label
        )
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
                given=_given(s, number, facts),
                marked_on=frozenset(row.scan.modality for row in s.rows(number)),
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
        marked_on=stop.marked_on,
        scanned_on=frozenset(scan.modality for scan in stop.time_point.scans),
    )


def _given(s: SeenStop, number: int, facts: Facts) -> str:
    """Return the Tracking UID that came with a mark, or with it on a further series."""
    for row in s.rows(number):
        fact = facts.find_mark(
            s.stop.time_point.time_point, row.scan.modality, row.scan.series, row.measured.label
        )
        if fact is not None and UID.fullmatch(fact.given_tracking_uid):
            return fact.given_tracking_uid
    return ""


def _facts_of(s: SeenStop) -> Facts:
    name = s.stop.time_point.time_point
    readers = {mark.marks.reader for mark in s.marked.values()}
    rows = [
        f
        for f in s.stop.time_point.lesion_facts
        if f.reader in readers and f.role is not Role.REFERENCE
    ]
    return Facts(tuple(rows), frozenset((name, label) for label in s.joined.apart))
