"""Silence is not absence: every condition of *resolved*, taken away one at a time."""

from __future__ import annotations

import numpy as np
import pytest

from response.match import Step
from response.terms import LesionState

A = ((60.0, 60.0, 60.0), 8.0)
B = ((120.0, 60.0, 60.0), 6.0)
HIGH = ((60.0, 60.0, 180.0), 6.0)


@pytest.mark.parametrize(
    ("facts", "event", "words"),
    [
        ({"complete": False}, "not_marked", "nobody vouches"),
        ({"modality": "MR"}, "not_imaged", "not comparable"),
        ({"field_box": (0, 0, 0, 50, 110, 110)}, "not_imaged", "outside the field"),
    ],
)
def test_a_lesion_without_mark_is_not_resolved_when(facts, event, words, scene, event_at):
    tracks = scene.at("T0", {1: A, 2: B}).at("T1", {1: A}, **facts).track()
    assert event_at(tracks, "L02", "T1").event == event
    assert words in event_at(tracks, "L02", "T1").reason


def test_a_scan_nobody_read_resolves_nothing(scene, rows):
    tracks = scene.at("T0", {1: A, 2: B}).at("T1", {}, read=False, complete=False).track()
    assert rows(tracks)["L01", "T1"] == ("not_marked", None)
    assert rows(tracks)["L02", "T1"] == ("not_marked", None)


def test_an_untrusted_registration_resolves_nothing_and_asks_for_review(scene, event_at, step):
    way = step(distrust="fell back to rigid")
    tracks = scene.at("T0", {1: A, 2: B}).at("T1", {1: A}, step=way).track()
    assert event_at(tracks, "L02", "T1").event == "not_marked"
    assert "fell back to rigid" in event_at(tracks, "L02", "T1").reason
    assert event_at(tracks, "L01", "T1").event == "persisting"
    assert all(e.needs_review for e in tracks.events if e.time_point == "T1")


def test_one_untrusted_step_since_it_was_seen_spoils_the_chain(scene, rows, step):
    bad = step(distrust="folded")
    scene.at("T0", {1: A, 2: B}).at("T1", {1: A}, step=bad).at("T2", {1: A})
    assert rows(scene.track())["L02", "T2"] == ("not_marked", None)


def test_an_untrusted_step_before_it_was_seen_again_does_not(scene, rows, step):
    bad = step(distrust="folded")
    scene.at("T0", {1: A, 2: B}).at("T1", {1: A, 2: B}, step=bad).at("T2", {1: A})
    assert rows(scene.track())["L02", "T2"] == ("resolved", None)


def test_read_and_nothing_there_resolves_all(scene, rows):
    tracks = scene.at("T0", {1: A, 2: B}).at("T1", {}).track()
    assert rows(tracks)["L01", "T1"] == rows(tracks)["L02", "T1"] == ("resolved", None)


def test_a_place_at_the_very_edge_of_the_field_is_not_called_imaged(scene, event_at):
    """The field ends at 61 mm (voxel 30 is its last); the lesion's centre lies 1 mm inside."""
    tracks = scene.at("T0", {1: A, 2: B}).at("T1", {}, field_box=(0, 0, 0, 31, 110, 110)).track()
    assert event_at(tracks, "L01", "T1").event == "not_imaged"
    assert event_at(tracks, "L01", "T1").needs_review
    assert event_at(tracks, "L02", "T1").event == "not_imaged"
    assert not event_at(tracks, "L02", "T1").needs_review


def test_a_place_well_inside_the_field_of_a_shorter_scan_is_judged(scene, rows):
    tracks = scene.at("T0", {1: A, 2: HIGH}).at("T1", {}, field_box=(0, 0, 0, 110, 110, 60)).track()
    assert rows(tracks)["L01", "T1"] == ("resolved", None)
    assert rows(tracks)["L02", "T1"] == ("not_imaged", None)


def test_a_place_the_registration_cannot_map_is_not_resolved(scene, event_at):
    lost = Step(lambda p: np.full_like(p, np.nan), lambda p: p, True, "", 4.0)
    tracks = scene.at("T0", {1: A}).at("T1", {}, step=lost).track()
    assert event_at(tracks, "L01", "T1").event == "not_marked"
    assert event_at(tracks, "L01", "T1").place is None


def test_resolved_at_one_scan_and_out_of_field_at_the_next(scene, rows):
    scene.at("T0", {1: A, 2: B}).at("T1", {1: A})
    scene.at("T2", {1: A}, field_box=(0, 0, 0, 50, 110, 110))
    assert rows(scene.track())["L02", "T2"] == ("not_imaged", None)


def test_a_reader_who_marks_the_place_and_calls_it_absent_resolves_it(scene, rows):
    scar = {2: ((120.0, 60.0, 60.0), 4.0)}
    scene.at("T0", {1: A, 2: B})
    scene.at("T1", {1: A, **scar}, states={2: LesionState.ABSENT}, complete=False)
    assert rows(scene.track())["L02", "T1"] == ("resolved", 2)


def test_a_reader_may_call_a_lesion_absent_by_name(scene, rows):
    scene.at("T0", {1: A, 2: B}).at("T1", {1: A}, complete=False)
    uid = scene.track().lesions[1].tracking_uid
    assert rows(scene.track(absent={("T1", uid)}))["L02", "T1"] == ("resolved", None)


def test_a_label_without_voxels_called_absent_counts_where_labels_are_kept(scene, rows):
    scene.at("T0", {1: A, 2: B})
    scene.at("T1", {1: A, 2: []}, states={2: LesionState.ABSENT}, complete=False)
    assert rows(scene.track())["L02", "T1"] == ("resolved", None)


def test_a_label_without_voxels_counts_for_nothing_where_labels_change(scene, rows):
    scene.at("T0", {1: A, 2: B})
    scene.at("T1", {7: A, 2: []}, states={2: LesionState.ABSENT}, complete=False)
    assert rows(scene.track())["L02", "T1"] == ("not_marked", None)


def test_absent_outside_the_field_is_not_resolved(scene, rows):
    scene.at("T0", {1: A, 2: B}).at("T1", {1: A}, field_box=(0, 0, 0, 50, 110, 110))
    uid = scene.track().lesions[1].tracking_uid
    assert rows(scene.track(absent={("T1", uid)}))["L02", "T1"] == ("not_imaged", None)


def test_a_place_largely_taken_by_a_neighbour_is_not_called_empty(scene, event_at):
    """The neighbour reaches over a third of the place, too little for a merge."""
    neighbour, gone = ((60.0, 60.0, 60.0), 10.0), ((84.0, 60.0, 60.0), 8.0)
    tracks = scene.at("T0", {1: neighbour, 2: gone}).at("T1", {1: (neighbour[0], 22.0)}).track()
    assert event_at(tracks, "L02", "T1").event == "not_marked"
    assert event_at(tracks, "L02", "T1").needs_review
