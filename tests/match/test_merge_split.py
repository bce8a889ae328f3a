"""Lesions that become one and lesions that part, and their look-alikes."""

from __future__ import annotations

from response.terms import Role

LEFT = ((60.0, 60.0, 60.0), 9.0)
RIGHT = ((80.0, 60.0, 60.0), 7.0)
FAR = ((60.0, 150.0, 60.0), 7.0)
BRIDGED = [((60.0, 60.0, 60.0), 11.0), ((80.0, 60.0, 60.0), 10.0)]


def by_id(tracks):
    return {x.tracking_id: x for x in tracks.lesions}


def test_two_lesions_under_one_mark_are_merged(scene, rows):
    tracks = scene.at("T0", {1: LEFT, 2: RIGHT, 3: FAR}).at("T1", {1: BRIDGED, 2: FAR}).track()
    assert rows(tracks)["L01", "T1"] == rows(tracks)["L02", "T1"] == ("merged", 1)
    assert by_id(tracks)["L02"].merged_into == by_id(tracks)["L01"].tracking_uid
    assert by_id(tracks)["L01"].merged_into == ""


def test_after_a_merge_only_the_larger_one_goes_on(scene, rows):
    scene.at("T0", {1: LEFT, 2: RIGHT}).at("T1", {1: BRIDGED}).at("T2", {4: BRIDGED})
    found = rows(scene.track())
    assert found["L01", "T2"] == ("persisting", 4)
    assert ("L02", "T2") not in found


def test_a_target_goes_on_before_a_larger_lesion(scene):
    roles = {1: Role.NON_TARGET, 2: Role.TARGET}
    tracks = scene.at("T0", {1: LEFT, 2: RIGHT}, roles=roles).at("T1", {1: BRIDGED}).track()
    assert by_id(tracks)["L01"].merged_into == by_id(tracks)["L02"].tracking_uid


def test_three_lesions_may_become_one(scene, rows):
    third = ((98.0, 60.0, 60.0), 6.0)
    mass = [*BRIDGED, ((98.0, 60.0, 60.0), 9.0)]
    tracks = scene.at("T0", {1: LEFT, 2: RIGHT, 3: third}).at("T1", {1: mass}).track()
    assert {rows(tracks)[x, "T1"] for x in ("L01", "L02", "L03")} == {("merged", 1)}


def test_a_lesion_gone_beside_a_growing_one_is_no_merge(scene, rows):
    grown = ((60.0, 60.0, 60.0), 12.0)
    tracks = scene.at("T0", {1: LEFT, 2: RIGHT}).at("T1", {1: grown}).track()
    assert rows(tracks)["L01", "T1"] == ("persisting", 1)
    assert rows(tracks)["L02", "T1"] == ("resolved", None)
    assert all(not x.merged_into for x in tracks.lesions)


def test_a_lesion_gone_between_steady_neighbours_is_no_merge(scene, rows):
    row = {n: ((40.0 + 12.0 * n, 60.0, 60.0), 4.0) for n in range(1, 6)}
    left = {n: ball for n, ball in row.items() if n != 3}
    assert rows(scene.at("T0", row).at("T1", left).track())["L03", "T1"] == ("resolved", None)


def test_a_lesion_in_two_pieces_is_split_and_the_larger_keeps_the_id(scene, rows):
    pieces = {1: ((72.0, 60.0, 60.0), 5.0), 2: ((56.0, 60.0, 60.0), 7.0)}
    tracks = scene.at("T0", {1: ((62.0, 60.0, 60.0), 16.0)}).at("T1", pieces).track()
    assert rows(tracks)["L01", "T1"] == ("split", 2)
    assert rows(tracks)["L02", "T1"] == ("split", 1)
    assert by_id(tracks)["L02"].part_of == by_id(tracks)["L01"].tracking_uid


def test_parts_go_on_under_their_own_ids(scene, rows):
    pieces = {1: ((72.0, 60.0, 60.0), 5.0), 2: ((54.0, 60.0, 60.0), 7.0)}
    scene.at("T0", {1: ((62.0, 60.0, 60.0), 16.0)}).at("T1", pieces)
    found = rows(scene.at("T2", {5: pieces[1], 6: pieces[2]}).track())
    assert found["L01", "T2"] == ("persisting", 6)
    assert found["L02", "T2"] == ("persisting", 5)


def test_a_part_of_a_part_belongs_to_the_first_lesion(scene):
    scene.at("T0", {1: ((80.0, 60.0, 60.0), 24.0)})
    scene.at("T1", {1: ((62.0, 60.0, 60.0), 8.0), 2: ((92.0, 60.0, 60.0), 14.0)})
    scene.at(
        "T2",
        {1: ((58.0, 60.0, 60.0), 4.0), 2: ((67.0, 60.0, 60.0), 3.0), 3: ((92.0, 60.0, 60.0), 14.0)},
    )
    lesions = by_id(scene.track())
    root = lesions["L01"].tracking_uid
    assert [lesions[x].part_of for x in ("L01", "L02", "L03")] == ["", root, root]


def test_parts_that_grow_together_again_are_merged_into_the_first(scene, rows):
    whole = ((62.0, 60.0, 60.0), 16.0)
    scene.at("T0", {1: whole})
    scene.at("T1", {1: ((72.0, 60.0, 60.0), 5.0), 2: ((54.0, 60.0, 60.0), 7.0)})
    tracks = scene.at("T2", {1: whole}).track()
    assert rows(tracks)["L01", "T2"] == rows(tracks)["L02", "T2"] == ("merged", 1)
    assert by_id(tracks)["L02"].merged_into == by_id(tracks)["L01"].tracking_uid


def test_a_lesion_beside_a_steady_one_is_new_not_a_part(scene, rows):
    beside = ((76.0, 60.0, 60.0), 4.0)
    tracks = scene.at("T0", {1: LEFT}).at("T1", {1: LEFT, 2: beside}).track()
    assert rows(tracks)["L01", "T1"] == ("persisting", 1)
    assert rows(tracks)["L02", "T1"] == ("new", 2)


def test_lesions_that_merge_and_part_at_once_all_have_rows(scene, rows, event_at):
    """A long lesion loses its far end while its near end joins a neighbour."""
    long = [((60.0 + 4 * n, 60.0, 60.0), 8.0) for n in range(10)]
    near = ((40.0, 60.0, 60.0), 8.0)
    joined = [((40.0, 60.0, 60.0), 9.0), *[((48.0 + 4 * n, 60.0, 60.0), 8.0) for n in range(8)]]
    end = ((98.0, 60.0, 60.0), 5.0)
    tracks = scene.at("T0", {1: long, 2: near}).at("T1", {1: joined, 2: end}).track()
    assert rows(tracks)["L01", "T1"] == rows(tracks)["L02", "T1"] == ("merged", 1)
    assert rows(tracks)["L03", "T1"] == ("split", 2)
    assert event_at(tracks, "L03", "T1").needs_review


def test_a_resolved_lesion_does_not_merge(scene, rows):
    scene.at("T0", {1: LEFT, 2: RIGHT}).at("T1", {1: LEFT}).at("T2", {1: BRIDGED})
    assert rows(scene.track())["L02", "T2"][0] != "merged"
