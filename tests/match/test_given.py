"""Tracking UIDs that came with marks: the marker's word, where they come back."""

from __future__ import annotations

from response.match import Link
from response.terms import Role

A = ((60.0, 60.0, 60.0), 8.0)
B = ((120.0, 60.0, 60.0), 8.0)
NEAR_A = ((78.0, 60.0, 60.0), 6.0)
FAR = ((60.0, 160.0, 60.0), 6.0)


def labels_of(tracks):
    """Lesion → label by time point."""
    found = {}
    for e in tracks.events:
        found.setdefault(e.tracking_uid, {})[e.time_point] = e.label
    return found


def test_a_lesion_takes_the_uid_that_came_with_its_mark(scene):
    scene.at("T0", {1: A, 2: B}, given_uids={1: "1.2.1"})
    uids = {e.label: e.tracking_uid for e in scene.track().events}
    assert uids[1] == "1.2.1"
    assert uids[2].startswith("2.25.")


def test_an_identity_held_before_goes_before_the_given_one(scene):
    scene.at("T0", {1: A}, given_uids={1: "1.2.1"})
    tracks = scene.track(known={("marks of T0", 1): "2.25.7"})
    assert [x.tracking_uid for x in tracks.lesions] == ["2.25.7"]


def test_a_given_uid_takes_no_identity_from_another_mark_that_held_it(scene):
    scene.at("T0", {1: A}, given_uids={1: "1.2.1"}).at("T1", {2: FAR})
    tracks = scene.track(known={("marks of T1", 2): "1.2.1"})
    assert labels_of(tracks)["1.2.1"] == {"T1": 2}


def test_fresh_uids_in_every_file_do_not_keep_lesions_apart(scene):
    scene.at("T0", {1: A, 2: B}, given_uids={1: "1.2.1", 2: "1.2.2"})
    scene.at("T1", {1: A, 2: B}, given_uids={1: "1.2.3", 2: "1.2.4"})
    tracks = scene.track()
    assert labels_of(tracks) == {"1.2.1": {"T0": 1, "T1": 1}, "1.2.2": {"T0": 2, "T1": 2}}
    assert not any(e.needs_review for e in tracks.events)


def test_recurring_uids_are_followed_where_places_are_swapped_and_asked_about(scene):
    scene.at("T0", {1: A, 2: B}, given_uids={1: "1.2.1", 2: "1.2.2"})
    scene.at("T1", {1: B, 2: A}, given_uids={1: "1.2.1", 2: "1.2.2"})
    tracks = scene.track()
    assert labels_of(tracks) == {"1.2.1": {"T0": 1, "T1": 1}, "1.2.2": {"T0": 2, "T1": 2}}
    later = [e for e in tracks.events if e.time_point == "T1"]
    assert all(e.needs_review and "by its place" in e.reason for e in later)


def test_a_recurring_uid_far_off_is_followed_and_asked_about(scene, event_at):
    scene.at("T0", {1: A}, given_uids={1: "1.2.1"}).at("T1", {4: FAR}, given_uids={4: "1.2.1"})
    event = event_at(scene.track(), "L01", "T1")
    assert (event.label, event.needs_review) == (4, True)
    assert "far from where" in event.reason


def test_a_recurring_uid_at_its_place_needs_no_review(scene, event_at):
    scene.at("T0", {1: A}, given_uids={1: "1.2.1"}).at("T1", {4: A}, given_uids={4: "1.2.1"})
    event = event_at(scene.track(), "L01", "T1")
    assert (event.label, event.needs_review) == (4, False)
    assert "its Tracking UID says so" in event.reason


def test_another_recurring_uid_at_the_same_place_is_another_lesion(scene, rows):
    scene.at("T0", {1: A}, given_uids={1: "1.2.1"})
    scene.at("T1", {1: A}, given_uids={1: "1.2.2"})
    scene.at("T2", {1: A, 2: FAR}, given_uids={1: "1.2.2", 2: "1.2.1"})
    tracks = scene.track()
    assert labels_of(tracks)["1.2.2"] == {"T1": 1, "T2": 1}
    assert labels_of(tracks)["1.2.1"] == {"T0": 1, "T1": None, "T2": 2}


def test_a_lesion_that_merged_into_another_stays_found_beside_uids(scene, rows):
    """Uids on the mark that remains do not hide that a second lesion became part of it."""
    bridged = [((60.0, 60.0, 60.0), 11.0), ((80.0, 60.0, 60.0), 10.0)]
    scene.at("B", {1: A, 2: NEAR_A}, given_uids={1: "1.2.1", 2: "1.2.2"})
    scene.at("T0", {1: A, 2: NEAR_A}, given_uids={1: "1.2.1", 2: "1.2.2"})
    scene.at("T1", {1: bridged}, given_uids={1: "1.2.1"})
    assert rows(scene.track())["L02", "T1"] == ("merged", 1)


def test_two_marks_with_the_uid_of_one_lesion_are_its_parts_and_asked_about(scene, rows):
    scene.at("T0", {1: A}, given_uids={1: "1.2.1"})
    scene.at("T1", {1: A, 2: FAR}, given_uids={1: "1.2.1", 2: "1.2.1"})
    scene.at("T2", {1: A, 2: FAR}, given_uids={1: "1.2.1", 2: "1.2.1"})
    tracks = scene.track()
    assert rows(tracks)["L01", "T1"] == ("split", 1)
    assert rows(tracks)["L02", "T1"] == ("split", 2)
    assert rows(tracks)["L01", "T2"] == ("persisting", 1)
    assert rows(tracks)["L02", "T2"] == ("persisting", 2)
    assert all(e.needs_review for e in tracks.events if e.time_point != "T0")


def test_two_marks_with_one_uid_at_baseline_are_asked_about(scene):
    tracks = scene.at("T0", {1: A, 2: FAR}, given_uids={1: "1.2.1", 2: "1.2.1"}).track()
    assert len(tracks.lesions) == 2
    assert all(e.needs_review for e in tracks.events)


def test_a_persons_link_goes_before_a_uid(scene, rows):
    scene.at("T0", {1: A, 2: B}, given_uids={1: "1.2.1", 2: "1.2.2"})
    scene.at("T1", {1: B, 2: A}, given_uids={1: "1.2.1", 2: "1.2.2"})
    links = [Link("T1", 2, "1.2.1", True), Link("T1", 1, "1.2.2", True)]
    tracks = scene.track(links=links)
    assert labels_of(tracks) == {"1.2.1": {"T0": 1, "T1": 2}, "1.2.2": {"T0": 2, "T1": 1}}
    assert not any(e.needs_review for e in tracks.events)


def test_a_persons_unlink_goes_before_a_uid(scene):
    scene.at("T0", {1: A}, given_uids={1: "1.2.1"}).at("T1", {1: A}, given_uids={1: "1.2.1"})
    tracks = scene.track(links=[Link("T1", 1, "1.2.1", False)])
    assert labels_of(tracks)["1.2.1"] == {"T0": 1, "T1": None}


def test_a_reader_who_calls_a_mark_new_goes_before_its_uid(scene):
    scene.at("T0", {1: A}, given_uids={1: "1.2.1"})
    scene.at("T1", {1: A}, given_uids={1: "1.2.1"}, roles={1: Role.NEW})
    assert labels_of(scene.track())["1.2.1"] == {"T0": 1, "T1": None}


def test_a_lesion_without_a_uid_at_first_takes_the_one_that_comes_later(scene):
    scene.at("T0", {1: A}).at("T1", {1: A}, given_uids={1: "1.2.1"})
    assert labels_of(scene.track()) == {"1.2.1": {"T0": 1, "T1": 1}}
