"""What holds for every course: order and names of marks, later scans, and the shape of the rows."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from response.match import track
from response.terms import Event

PLACES = [
    (40.0 + 22.0 * i, 50.0 + 24.0 * j, 60.0 + 26.0 * k)
    for i in range(4)
    for j in range(2)
    for k in (0, 1)
]
LABELLED = {
    Event.BASELINE,
    Event.PERSISTING,
    Event.NEW,
    Event.NEWLY_IMAGED,
    Event.REAPPEARED,
    Event.MERGED,
    Event.SPLIT,
}

balls = st.lists(
    st.tuples(
        st.integers(0, len(PLACES) - 1),
        st.integers(6, 22).map(lambda n: n / 2),
        st.tuples(*[st.integers(-3, 3).map(float)] * 3),
    ),
    max_size=6,
    unique_by=lambda ball: ball[0],
)
courses = st.lists(st.tuples(balls, st.booleans(), st.booleans()), min_size=2, max_size=4)
quick = settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def put(scene, course, step):
    """Add the course to a scene; no two marks share a voxel."""
    for number, (found, complete, trusted) in enumerate(course):
        taken: set[tuple[float, ...]] = set()
        marks = {}
        for label, (place, radius, off) in enumerate(found, 1):
            centre = tuple(np.add(PLACES[place], off).tolist())
            if all(np.linalg.norm(np.subtract(centre, c)) > radius + r + 2 for c, r in taken):
                marks[label] = (centre, radius)
                taken.add((centre, radius))
        way = step(distrust="" if trusted else "folded")
        scene.at(f"T{number}", marks, complete=complete, step=way)
    return scene


def plain(tracks):
    """The events, uids replaced by where the lesion began."""
    start = {}
    for e in tracks.events:
        start.setdefault(e.tracking_uid, (e.time_point, e.place))
    return sorted(
        (e.time_point, start[e.tracking_uid], e.event, e.place or (), e.confidence, e.needs_review)
        for e in tracks.events
    )


@quick
@given(course=courses, shuffle=st.randoms(use_true_random=False))
def test_renaming_and_reordering_marks_only_renames(course, shuffle, new_scene, step):
    scene = put(new_scene(), course, step)
    renamed = []
    for tp in scene.time_points:
        marks = list(tp.marks)
        shuffle.shuffle(marks)
        numbers = shuffle.sample(range(1, 50), len(marks))
        renamed.append(
            replace(
                tp,
                marks=[
                    replace(m, label=n, points=m.points[::-1])
                    for m, n in zip(marks, numbers, strict=True)
                ],
            )
        )
    assert plain(track(renamed, scene.steps, subject="S", baseline="T0")) == plain(scene.track())


@quick
@given(course=courses)
def test_a_later_scan_changes_no_earlier_event(course, new_scene, step):
    whole = put(new_scene(), course, step).track()
    before = put(new_scene(), course[:-1], step).track()
    last = f"T{len(course) - 1}"
    assert tuple(e for e in whole.events if e.time_point != last) == before.events
    ids = {x.tracking_uid: x.tracking_id for x in whole.lesions}
    assert all(ids[x.tracking_uid] == x.tracking_id for x in before.lesions)


@quick
@given(course=courses)
def test_every_mark_has_a_row_and_every_lesion_one_per_time_point(course, new_scene, step):
    scene = put(new_scene(), course, step)
    tracks = scene.track()
    for tp in scene.time_points:
        events = [e for e in tracks.events if e.time_point == tp.time_point]
        assert {e.label for e in events} - {None} == {m.label for m in tp.marks}
        assert len({e.tracking_uid for e in events}) == len(events)
        shared = [e for e in events if e.label is not None]
        for one, other in itertools.combinations(shared, 2):
            if one.label == other.label:
                assert {one.event, other.event} <= {Event.MERGED, Event.BASELINE}


@quick
@given(course=courses)
def test_a_lesion_without_evidence_is_never_resolved(course, new_scene, step):
    scene = put(new_scene(), course, step)
    facts = {
        tp.time_point: (tp.complete, way.trusted)
        for tp, way in zip(scene.time_points[1:], scene.steps, strict=True)
    }
    for e in scene.track().events:
        assert 0.0 <= e.confidence <= 1.0
        assert (e.label is not None) == (e.event in LABELLED)
        if e.event is Event.RESOLVED:
            assert facts[e.time_point] == (True, True)
        if e.time_point != "T0" and not facts[e.time_point][1]:
            assert e.needs_review
