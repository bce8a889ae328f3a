"""What persons decided: the last word counts, and can be taken back."""

from __future__ import annotations

import datetime as dt

from builders import READER, finding, lesion, tracking

from response.corrections import (
    active_decisions,
    describe_confirmed,
    latest_state,
    latest_value,
    links_of,
    prefix_digest,
)
from response.match import Link
from response.model import Decision, Reader
from response.terms import Event, Role


def decision(number: int, kind: str, **more: object) -> Decision:
    at = dt.datetime(2025, 1, 1, tzinfo=dt.UTC) + dt.timedelta(minutes=number)
    return Decision(f"d{number}", at, "reader", kind, "S1", READER, **more)  # type: ignore[arg-type]


def test_the_last_word_on_a_lesion_counts() -> None:
    said = [
        decision(1, "role", tracking_uids=("L1",), value="TARGET"),
        decision(2, "role", tracking_uids=("L1",), value="NON_TARGET"),
    ]
    assert latest_value(active_decisions(said, READER), "role", "L1") == "NON_TARGET"


def test_an_undone_decision_is_no_longer_heard() -> None:
    said = [
        decision(1, "role", tracking_uids=("L1",), value="TARGET"),
        decision(2, "undo", value="d1"),
    ]
    assert active_decisions(said, READER) == ()


def test_decisions_of_one_reader_say_nothing_of_anothers_stream() -> None:
    said = [decision(1, "role", tracking_uids=("L1",), value="TARGET")]
    assert active_decisions(said, Reader("INDEPENDENT ASSESSOR", "R2")) == ()


def test_a_state_holds_at_its_time_point_only() -> None:
    said = [decision(1, "state", tracking_uids=("L1",), time_point="F1", value="ABSENT")]
    assert latest_state(said, "L1", "F1") == "ABSENT"
    assert latest_state(said, "L1", "F2") is None


def test_a_link_replaces_an_unlink_of_the_same_pair() -> None:
    pair = {"time_point": "F1", "labels": (3,), "tracking_uids": ("L1",)}
    said = [decision(1, "unlink", **pair), decision(2, "link", **pair)]
    assert links_of(said) == (Link("F1", 3, "L1", True),)


def test_a_merge_links_one_mark_to_several_lesions() -> None:
    said = [decision(1, "merge", time_point="F1", labels=(3,), tracking_uids=("L1", "L2"))]
    assert {(k.label, k.tracking_uid) for k in links_of(said)} == {(3, "L1"), (3, "L2")}


def confirmed() -> Decision:
    made = tracking(
        [lesion("L1", Role.TARGET)],
        [
            finding("L1", "B", Event.BASELINE, "20.0", label=4),
            finding("L1", "F1", Event.PERSISTING, "18.0", label=2),
            finding("L1", "F2", Event.PERSISTING, "16.0", label=9),
        ],
    )
    return decision(1, "confirm", time_point="F1", value=describe_confirmed(made, "F1"))


def test_confirmed_links_are_kept_up_to_the_confirmed_time_point() -> None:
    assert set(links_of([confirmed()])) == {Link("B", 4, "L1", True), Link("F1", 2, "L1", True)}


def test_a_person_may_change_what_was_confirmed() -> None:
    later = decision(2, "link", time_point="F1", labels=(2,), tracking_uids=("L7",))
    assert set(links_of([confirmed(), later])) == {
        Link("B", 4, "L1", True),
        Link("F1", 2, "L7", True),
    }


def test_a_later_scan_leaves_the_confirmed_prefix_as_it_was() -> None:
    rows = [finding("L1", "B", Event.BASELINE, "20.0"), finding("L1", "F1", Event.RESOLVED)]
    before = tracking([lesion("L1", Role.TARGET)], rows)
    after = tracking(
        [lesion("L1", Role.TARGET), lesion("L2", Role.NEW)],
        [*rows, finding("L1", "F2", Event.RESOLVED), finding("L2", "F2", Event.NEW, "9.0")],
    )
    assert prefix_digest(before, "F1") == prefix_digest(after, "F1")
