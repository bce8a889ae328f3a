"""A lesion's names outlive re-runs, later scans and earlier ones."""

from __future__ import annotations

A = ((60.0, 60.0, 60.0), 8.0)
B = ((120.0, 60.0, 60.0), 6.0)
C = ((60.0, 130.0, 90.0), 5.0)


def names(tracks):
    """label at T0 → (id, uid)."""
    ids = {x.tracking_uid: x.tracking_id for x in tracks.lesions}
    return {
        e.label: (ids[e.tracking_uid], e.tracking_uid)
        for e in tracks.events
        if e.time_point == "T0" and e.label
    }


def held(scene, tracks):
    sets = {tp.time_point: tp.mark_set_id for tp in scene.time_points}
    return {(sets[e.time_point], e.label): e.tracking_uid for e in tracks.events if e.label}


def test_uids_are_of_the_dicom_form(scene):
    uid = scene.at("T0", {1: A}).track().lesions[0].tracking_uid
    assert uid.startswith("2.25.")
    assert uid[5:].isdecimal()
    assert len(uid) <= 64


def test_two_subjects_never_share_a_uid(scene):
    from response.match import track

    scene.at("T0", {1: A})
    other = track(scene.time_points, [], subject="R", baseline="T0")
    assert other.lesions[0].tracking_uid != scene.track().lesions[0].tracking_uid


def test_a_rerun_changes_nothing(scene):
    scene.at("T0", {1: A, 2: B}).at("T1", {1: B, 2: A, 3: C})
    first = scene.track()
    again = scene.track(known=held(scene, first))
    assert again == first


def test_ids_follow_first_appearance_then_label(scene):
    tracks = scene.at("T0", {5: A, 3: B}).at("T1", {1: C, 2: A, 3: B}).track()
    ids = {x.tracking_uid: x.tracking_id for x in tracks.lesions}
    assert [(ids[e.tracking_uid], e.label) for e in tracks.events if e.time_point == "T1"] == [
        ("L01", 3),
        ("L02", 2),
        ("L03", 1),
    ]


def test_an_earlier_scan_inserted_keeps_uids_and_ids(new_scene):
    late = new_scene().at("T0", {1: A, 2: B}).at("T1", {1: A, 2: B})
    first = late.track()
    ids = {x.tracking_uid: x.tracking_id for x in first.lesions}
    whole = new_scene().at("H", {8: B, 9: C}).at("T0", {1: A, 2: B}).at("T1", {1: A, 2: B})
    known = held(late, first)
    again = whole.track(baseline="T0", known=known, known_ids=ids)
    assert names(again) == names(first)
    assert {x.tracking_id for x in again.lesions} == {"L01", "L02", "L03"}


def test_a_lesion_found_in_an_inserted_scan_takes_the_uid_its_later_mark_held(new_scene):
    first = new_scene().at("T0", {1: A}).track()
    whole = new_scene().at("H", {4: A}).at("T0", {1: A})
    known = {("marks of T0", 1): first.lesions[0].tracking_uid}
    again = whole.track(baseline="T0", known=known)
    assert [x.tracking_uid for x in again.lesions] == [first.lesions[0].tracking_uid]


def test_no_uid_is_used_twice(scene):
    scene.at("T0", {1: A, 2: B})
    known = {("marks of T0", 1): "2.25.7", ("marks of T0", 2): "2.25.7"}
    uids = [x.tracking_uid for x in scene.track(known=known).lesions]
    assert len(set(uids)) == 2
    assert "2.25.7" in uids
