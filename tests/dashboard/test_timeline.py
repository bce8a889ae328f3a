"""What a timeline derives from stored values."""

from __future__ import annotations

import pytest

from dashboard.timeline import build_timeline, count_review, progression_line_mm


@pytest.fixture
def timeline(view_of):
    view = view_of("ONC-001")
    points = [(tp.time_point, tp.date) for tp in view.time_points]
    return build_timeline(points, view.result, view.tracking)


def track(timeline, name):
    return next(t for t in timeline.tracks if t.lesion.tracking_id == name)


def test_a_lesion_not_imaged_has_no_value(timeline):
    point = track(timeline, "T2").at("TP3")
    assert point.value_mm is None
    assert point.words == "not imaged: its place lies outside this scan's field"


def test_a_resolved_lesion_is_zero(timeline):
    assert track(timeline, "NT1").at("TP2").value_mm == 0


def test_a_node_shows_its_short_axis(timeline):
    measured = track(timeline, "T3").at("TP0").finding.measurement
    assert track(timeline, "T3").at("TP0").value_mm == float(measured.short_axis_mm)


def test_a_lesion_that_is_new_has_no_earlier_points(timeline):
    assert [p.value_mm is None for p in track(timeline, "N1").points] == [True] * 4 + [False]


def test_targets_come_first(timeline):
    assert [t.lesion.tracking_id for t in timeline.tracks] == ["T1", "T2", "T3", "NT1", "N1"]


def test_the_nadir_is_the_smallest_sum_before(timeline):
    assert timeline.nadir_time_point("TP4") == "TP2"
    assert timeline.nadir_time_point("TP0") == ""


@pytest.mark.parametrize(("nadir", "line"), [(10, 15), (25, 30), (50, 60)])
def test_progression_needs_a_fifth_and_five_millimetres(nadir, line):
    assert progression_line_mm(nadir) == pytest.approx(line)


def test_findings_in_question_are_counted(view_of):
    assert count_review(view_of("ONC-001").tracking) == 1


def test_nothing_known_is_an_empty_timeline():
    empty = build_timeline([], None, None)
    assert empty.current is None
    assert empty.baseline_sum_mm is None
