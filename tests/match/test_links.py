"""What a person said of a link goes before everything else."""

from __future__ import annotations

import pytest

from response.errors import MatchError
from response.match import Link
from response.terms import Role

A = ((60.0, 60.0, 60.0), 8.0)
B = ((120.0, 60.0, 60.0), 6.0)
FAR = ((60.0, 160.0, 60.0), 6.0)


def uid_of(tracks, tracking_id):
    return {x.tracking_id: x.tracking_uid for x in tracks.lesions}[tracking_id]


def test_a_forced_link_overrides_distance(scene, rows, event_at):
    scene.at("T0", {1: A}).at("T1", {4: FAR})
    uid = uid_of(scene.track(), "L01")
    tracks = scene.track(links=[Link("T1", 4, uid, True)])
    assert rows(tracks)["L01", "T1"] == ("persisting", 4)
    assert event_at(tracks, "L01", "T1").confidence == 1.0
    assert not event_at(tracks, "L01", "T1").needs_review


def test_a_forced_link_overrides_the_readers_new(scene, rows):
    scene.at("T0", {1: A}).at("T1", {1: A}, roles={1: Role.NEW})
    uid = uid_of(scene.track(), "L01")
    assert rows(scene.track(links=[Link("T1", 1, uid, True)]))["L01", "T1"] == ("persisting", 1)


def test_a_forced_link_needs_no_review_across_an_untrusted_step(scene, event_at, step):
    scene.at("T0", {1: A}).at("T1", {1: A}, step=step(distrust="folded"))
    uid = uid_of(scene.track(), "L01")
    assert not event_at(scene.track(links=[Link("T1", 1, uid, True)]), "L01", "T1").needs_review


def test_an_unlinked_mark_is_a_lesion_of_its_own(scene, rows, event_at):
    scene.at("T0", {1: A, 2: B}).at("T1", {1: A, 2: B})
    uid = uid_of(scene.track(), "L02")
    tracks = scene.track(links=[Link("T1", 2, uid, False)])
    assert rows(tracks)["L02", "T1"] == ("not_marked", None)
    assert event_at(tracks, "L02", "T1").needs_review
    assert rows(tracks)["L03", "T1"] == ("new", 2)


def test_an_unlinked_mark_gets_another_uid_even_if_it_held_this_one(scene):
    scene.at("T0", {1: A}).at("T1", {1: A, 2: FAR})
    uid = uid_of(scene.track(), "L02")
    again = scene.track(links=[Link("T1", 2, uid, False)], known={("marks of T1", 2): uid})
    assert uid_of(again, "L02") != uid


def test_two_marks_forced_to_one_lesion_are_its_parts(scene, rows):
    scene.at("T0", {1: A}).at("T1", {1: A, 2: FAR})
    uid = uid_of(scene.track(), "L01")
    tracks = scene.track(links=[Link("T1", 1, uid, True), Link("T1", 2, uid, True)])
    assert rows(tracks)["L01", "T1"] == ("split", 1)
    assert rows(tracks)["L02", "T1"] == ("split", 2)
    assert tracks.lesions[1].part_of == uid


def test_one_mark_forced_to_two_lesions_is_their_merge(scene, rows):
    scene.at("T0", {1: A, 2: B}).at("T1", {1: A})
    uids = [uid_of(scene.track(), x) for x in ("L01", "L02")]
    tracks = scene.track(links=[Link("T1", 1, uid, True) for uid in uids])
    assert rows(tracks)["L01", "T1"] == rows(tracks)["L02", "T1"] == ("merged", 1)
    assert tracks.lesions[1].merged_into == uids[0]


def test_an_unlink_undoes_a_merge_found(scene, rows):
    bridged = [((60.0, 60.0, 60.0), 11.0), ((80.0, 60.0, 60.0), 10.0)]
    scene.at("T0", {1: A, 2: ((80.0, 60.0, 60.0), 7.0)}).at("T1", {1: bridged})
    uid = uid_of(scene.track(), "L02")
    tracks = scene.track(links=[Link("T1", 1, uid, False)])
    assert rows(tracks)["L01", "T1"] == ("persisting", 1)
    assert rows(tracks)["L02", "T1"][0] in ("not_marked", "resolved")
    assert tracks.lesions[1].merged_into == ""


def test_a_lesion_linked_again_after_its_merge_comes_back(scene, rows):
    bridged = [((60.0, 60.0, 60.0), 11.0), ((80.0, 60.0, 60.0), 10.0)]
    small = ((80.0, 60.0, 60.0), 7.0)
    scene.at("T0", {1: A, 2: small}).at("T1", {1: bridged}).at("T2", {1: A, 2: small})
    uid = uid_of(scene.track(), "L02")
    tracks = scene.track(links=[Link("T2", 2, uid, True)])
    assert rows(tracks)["L02", "T2"] == ("persisting", 2)
    assert tracks.lesions[1].merged_into == ""


def test_a_mark_linked_to_a_lesion_yet_unknown_starts_it(scene):
    scene.at("T0", {1: A}).at("T1", {1: A, 2: FAR})
    tracks = scene.track(links=[Link("T1", 2, "2.25.99", True)])
    assert uid_of(tracks, "L02") == "2.25.99"


def test_confirmed_links_of_a_course_change_nothing(scene):
    """Every link found, said back by a person, gives the same rows and uids."""
    scene.at("T0", {1: ((62.0, 60.0, 60.0), 16.0), 2: FAR, 3: B})
    scene.at("T1", {1: ((72.0, 60.0, 60.0), 5.0), 2: ((54.0, 60.0, 60.0), 7.0), 3: FAR})
    first = scene.track()
    links = [Link(e.time_point, e.label, e.tracking_uid, True) for e in first.events if e.label]
    known = {(f"marks of {e.time_point}", e.label): e.tracking_uid for e in first.events if e.label}
    again = scene.track(links=links, known=known)
    kept = ("time_point", "tracking_uid", "label", "event", "place")
    assert [[getattr(e, k) for k in kept] for e in again.events] == [
        [getattr(e, k) for k in kept] for e in first.events
    ]
    assert again.lesions == first.lesions


def test_linked_and_unlinked_at_once_is_refused(scene):
    scene.at("T0", {1: A}).at("T1", {1: A})
    uid = uid_of(scene.track(), "L01")
    with pytest.raises(MatchError, match="T1, label 1: linked to and unlinked from"):
        scene.track(links=[Link("T1", 1, uid, True), Link("T1", 1, uid, False)])


def test_one_mark_cannot_be_the_first_of_two_lesions(scene):
    scene.at("T0", {1: A})
    with pytest.raises(MatchError, match="first mark of two lesions"):
        scene.track(links=[Link("T0", 1, "2.25.1", True), Link("T0", 1, "2.25.2", True)])


def test_a_link_to_a_label_that_is_gone_is_a_warning(scene):
    tracks = scene.at("T0", {1: A}).track(links=[Link("T0", 9, "2.25.1", True)])
    assert tracks.warnings == ("T0: a link speaks of label 9, which is not there",)


def test_a_baseline_that_is_not_there_is_refused(scene):
    with pytest.raises(MatchError, match="baseline T7 is not among"):
        scene.at("T0", {1: A}).track(baseline="T7")
