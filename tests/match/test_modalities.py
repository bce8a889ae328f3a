"""PET and CT in turn: what one of them shows says nothing of what the other was to show."""

from __future__ import annotations

import pytest

from response.terms import LesionState

A = ((60.0, 60.0, 60.0), 8.0)
B = ((120.0, 60.0, 60.0), 6.0)
CT, PET, BOTH = frozenset({"CT"}), frozenset({"PT"}), frozenset({"CT", "PT"})


@pytest.fixture
def pet_ct(scene):
    """PET/CT: lesion 1 on both, lesion 2 on the CT alone."""
    return scene.at("T0", {1: A, 2: B}, drawn={1: "CT PT", 2: "CT"}, marked_on=BOTH)


def test_a_lesion_is_followed_from_pet_ct_to_pet_alone(pet_ct, rows):
    pet_ct.at("T1", {1: A}, drawn={1: "PT"}, modality="PT", marked_on=PET)
    assert rows(pet_ct.track())["L01", "T1"] == ("persisting", 1)


def test_what_the_pet_alone_shows_no_more_is_not_resolved(pet_ct, event_at):
    pet_ct.at("T1", {}, modality="PT", marked_on=PET, scanned_on=PET)
    event = event_at(pet_ct.track(), "L01", "T1")
    assert event.event == "not_marked"
    assert event.reason == (
        "no mark where all is marked on the PT; the CT, on which it is measured, was not read"
    )


def test_a_lesion_seen_on_ct_alone_is_not_imaged_by_pet_alone(pet_ct, event_at):
    pet_ct.at("T1", {1: A}, drawn={1: "PT"}, modality="PT", marked_on=PET)
    event = event_at(pet_ct.track(), "L02", "T1")
    assert event.event == "not_imaged"
    assert "not comparable" in event.reason


def test_a_lesion_is_resolved_once_the_ct_is_read_again(pet_ct, rows):
    pet_ct.at("T1", {}, modality="PT", marked_on=PET)
    pet_ct.at("T2", {}, marked_on=BOTH)
    assert rows(pet_ct.track())["L01", "T2"] == ("resolved", None)


@pytest.fixture
def avid(scene):
    """PET/CT with a lesion on the PET alone."""
    return scene.at("T0", {1: A}, drawn={1: "PT"}, marked_on=BOTH)


def test_a_lesion_of_the_pet_is_not_resolved_by_ct_alone(avid, event_at):
    avid.at("T1", {}, marked_on=CT, scanned_on=CT).at("T2", {1: A}, marked_on=BOTH)
    tracks = avid.track()
    assert event_at(tracks, "L01", "T1").event == "not_marked"
    assert "the PT, on which it is measured, was not read" in event_at(tracks, "L01", "T1").reason
    assert event_at(tracks, "L01", "T2").event == "persisting"


def test_a_lesion_of_the_pet_is_resolved_where_the_pet_was_read(avid, rows):
    avid.at("T1", {}, marked_on=BOTH)
    assert rows(avid.track())["L01", "T1"] == ("resolved", None)


@pytest.mark.parametrize(("scanned", "event"), [(CT, "not_imaged"), (BOTH, "resolved")])
def test_a_reader_calls_absent_what_there_was_to_look_at(scanned, event, avid, rows):
    avid.at("T1", {1: []}, states={1: LesionState.ABSENT}, marked_on=CT, scanned_on=scanned)
    assert rows(avid.track())["L01", "T1"][0] == event


def test_a_place_by_an_untrusted_way_is_not_said_to_lie_outside_the_field(scene, event_at, step):
    way = step((500.0, 0.0, 0.0), distrust="CT to PT")
    event = event_at(scene.at("T0", {1: A}).at("T1", {}, step=way).track(), "L01", "T1")
    assert (event.event, event.needs_review) == ("not_marked", True)
    assert event.reason == "the registration is not trusted: CT to PT"
