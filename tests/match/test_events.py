"""Each event of a lesion's course, on scenes whose truth is their construction."""

from __future__ import annotations

from response.terms import LesionState, Role

A = ((60.0, 60.0, 60.0), 8.0)
B = ((120.0, 60.0, 60.0), 6.0)
C = ((60.0, 130.0, 90.0), 5.0)


def grown(ball, factor):
    return ball[0], ball[1] * factor


def moved(ball, *by):
    return tuple(c + d for c, d in zip(ball[0], by, strict=True)), ball[1]


def test_the_first_time_point_holds_baseline_findings(scene, rows):
    tracks = scene.at("T0", {4: A, 2: B}).track()
    assert rows(tracks) == {("L01", "T0"): ("baseline", 2), ("L02", "T0"): ("baseline", 4)}


def test_a_lesion_marked_at_its_mapped_place_persists(scene, rows, step):
    way = step((10.0, -6.0, 14.0))
    later = {1: moved(A, 10, -6, 14), 2: moved(B, 10, -6, 14)}
    tracks = scene.at("T0", {7: A, 8: B}).at("T1", later, step=way).track()
    assert rows(tracks)["L01", "T1"] == ("persisting", 1)
    assert rows(tracks)["L02", "T1"] == ("persisting", 2)
    assert not any(event.needs_review for event in tracks.events)


def test_without_the_transform_the_same_scene_would_swap_lesions(scene, rows, step):
    """Two lesions 20 mm apart and a patient moved by 20 mm: only the map tells them apart."""
    left, right = ((60.0, 60.0, 60.0), 6.0), ((80.0, 60.0, 60.0), 6.0)
    later = {1: moved(left, 20, 0, 0), 2: moved(right, 20, 0, 0)}
    tracks = scene.at("T0", {1: left, 2: right}).at("T1", later, step=step((20, 0, 0))).track()
    assert rows(tracks)["L01", "T1"] == ("persisting", 1)
    assert rows(tracks)["L02", "T1"] == ("persisting", 2)


def test_a_lesion_gone_from_complete_marks_is_resolved(scene, rows, event_at):
    tracks = scene.at("T0", {1: A, 2: B}).at("T1", {1: A}).track()
    assert rows(tracks)["L02", "T1"] == ("resolved", None)
    assert event_at(tracks, "L02", "T1").place == (120.0, 60.0, 60.0)
    assert not event_at(tracks, "L02", "T1").needs_review


def test_a_resolved_lesion_stays_resolved(scene, rows):
    tracks = scene.at("T0", {1: A, 2: B}).at("T1", {1: A}).at("T2", {1: A}).track()
    assert rows(tracks)["L02", "T2"] == ("resolved", None)


def test_a_resolved_lesion_marked_again_reappeared(scene, rows):
    tracks = scene.at("T0", {1: A, 2: B}).at("T1", {1: A}).at("T2", {3: A, 9: B}).track()
    assert rows(tracks)["L02", "T2"] == ("reappeared", 9)


def test_a_lesion_resolved_then_out_of_sight_then_marked_reappeared(scene, rows):
    scene.at("T0", {1: A, 2: B}).at("T1", {1: A}).at("T2", {1: A}, complete=False)
    assert rows(scene.at("T3", {1: A, 2: B}).track())["L02", "T3"] == ("reappeared", 2)


def test_a_lesion_not_marked_for_a_while_persists_when_marked_again(scene, rows):
    scene.at("T0", {1: A, 2: B}).at("T1", {1: A}, complete=False).at("T2", {1: A, 2: B})
    tracks = scene.track()
    assert rows(tracks)["L02", "T1"] == ("not_marked", None)
    assert rows(tracks)["L02", "T2"] == ("persisting", 2)


def test_a_mark_at_no_known_place_is_new_and_asks_the_reader(scene, rows, event_at):
    tracks = scene.at("T0", {1: A}).at("T1", {1: A, 2: C}).track()
    assert rows(tracks)["L02", "T1"] == ("new", 2)
    assert event_at(tracks, "L02", "T1").needs_review


def test_a_new_lesion_the_reader_has_called_needs_no_review(scene, event_at):
    tracks = (
        scene.at("T0", {1: A})
        .at("T1", {1: A, 2: C}, roles={2: Role.NEW}, states={2: LesionState.UNEQUIVOCAL})
        .track()
    )
    assert not event_at(tracks, "L02", "T1").needs_review


def test_a_new_lesion_after_incomplete_marks_may_have_been_there_before(scene, event_at):
    tracks = scene.at("T0", {1: A}, complete=False).at("T1", {1: A, 2: C}).track()
    assert "may have been there before" in event_at(tracks, "L02", "T1").reason


def test_a_new_mark_outside_the_earlier_field_is_newly_imaged(scene, rows):
    low = (0, 0, 0, 110, 110, 40)
    tracks = scene.at("T0", {1: A}, field_box=low).at("T1", {1: A, 2: C}).track()
    assert rows(tracks)["L02", "T1"] == ("newly_imaged", 2)


def test_the_earlier_field_is_asked_in_its_own_space(scene, rows, step):
    """The place lies outside the earlier field as stored, but inside once mapped back."""
    low = (0, 0, 0, 110, 110, 40)
    way = step((0.0, 0.0, 30.0))
    later = {1: moved(A, 0, 0, 30), 2: ((60.0, 130.0, 90.0), 5.0)}
    tracks = scene.at("T0", {1: A}, field_box=low).at("T1", later, step=way).track()
    assert rows(tracks)["L02", "T1"] == ("new", 2)


def test_a_mark_that_any_scan_since_baseline_would_have_shown_is_new(scene, rows):
    scene.at("T0", {1: A}).at("T1", {1: A}, field_box=(0, 0, 0, 110, 110, 40))
    assert rows(scene.at("T2", {1: A, 2: C}).track())["L02", "T2"] == ("new", 2)


def test_history_before_baseline_is_tracked_and_baseline_begins_afresh(scene, rows):
    scene.at("H0", {1: A}).at("H1", {5: A, 6: B}).at("T0", {1: B, 2: A}).at("T1", {1: A, 2: B})
    tracks = scene.track(baseline="T0")
    assert rows(tracks) == {
        ("L01", "H0"): ("baseline", 1),
        ("L01", "H1"): ("persisting", 5),
        ("L02", "H1"): ("new", 6),
        ("L01", "T0"): ("baseline", 2),
        ("L02", "T0"): ("baseline", 1),
        ("L01", "T1"): ("persisting", 1),
        ("L02", "T1"): ("persisting", 2),
    }


def test_a_lesion_called_new_continues_none_of_baseline(scene, rows, event_at):
    tracks = scene.at("T0", {1: A}).at("T1", {1: A}, roles={1: Role.NEW}).track()
    assert rows(tracks)["L01", "T1"] == ("not_marked", None)
    assert event_at(tracks, "L01", "T1").needs_review
    assert rows(tracks)["L02", "T1"] == ("new", 1)


def test_a_lesion_called_new_goes_on_as_new(scene, rows):
    said = {"roles": {2: Role.NEW}, "states": {2: LesionState.UNEQUIVOCAL}}
    scene.at("T0", {1: A}).at("T1", {1: A, 2: C}, **said).at("T2", {1: A, 2: C}, **said)
    assert rows(scene.track())["L02", "T2"] == ("persisting", 2)


def test_nothing_read_gives_no_lesions(scene):
    tracks = scene.at("T0", {}, read=False).at("T1", {}, read=False).track(baseline="")
    assert tracks.lesions == ()
    assert tracks.events == ()
