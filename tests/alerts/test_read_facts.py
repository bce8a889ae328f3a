"""What the rules read: every scan by date, read or not, and since when something waits."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from unittest.mock import patch

from alert_clinic import DAYS, open_clinic, write_course
from alert_makers import NOON, make_alert

from response.alerts.facts import Scanned
from response.alerts.present import describe_present
from response.alerts.read_facts import raised_last, read_pictures
from response.alerts.record import AlertRecord
from response.model import AlertEvent, Reader, TimePoint
from response.store.units import Units
from response.terms import AlertChange

DAY = NOON.date()


def record(*changes: AlertChange) -> AlertRecord:
    events = [
        AlertEvent(str(n), "a1", NOON, DAY + dt.timedelta(n), change, "system")
        for n, change in enumerate(changes)
    ]
    return AlertRecord(make_alert("a1", subject="P1"), tuple(events))


def test_time_points_of_images_and_of_tables_are_scanned(tmp_path: Path) -> None:
    workspace, store = open_clinic(tmp_path / "home")
    write_course(workspace, store, "P1", [30, 45])
    unread = TimePoint("P1", "W16", DAYS[2], (), ())
    store.write_time_point(unread, actor="anna")
    (picture,) = read_pictures(store)
    assert picture.scanned == (
        Scanned("T0", DAYS[0]),
        Scanned("T1", DAYS[1]),
        Scanned("W16", DAYS[2]),
    )


def test_everything_is_read_at_one_moment(tmp_path: Path) -> None:
    workspace, store = open_clinic(tmp_path / "home")
    for number in range(5):
        write_course(workspace, store, f"P{number}", [30, 45])
    with patch.object(Units, "read", autospec=True, side_effect=Units.read) as read:
        pictures = read_pictures(store)
    assert read.call_count == 1
    assert [one.subject.subject for one in pictures] == [f"P{number}" for number in range(5)]
    assert all(len(one.results) == 1 for one in pictures)


def test_what_was_reopened_after_its_end_waits_since_then() -> None:
    raised, ended, again = AlertChange.RAISED, AlertChange.RESOLVED, AlertChange.REOPENED
    assert raised_last(record(raised, ended, AlertChange.NOTED, again)) == DAY + dt.timedelta(3)
    assert raised_last(record(raised, AlertChange.SNOOZED, again)) == DAY


def test_what_an_ended_alert_was_about_is_described(tmp_path: Path) -> None:
    workspace, store = open_clinic(tmp_path / "home")
    write_course(workspace, store, "P1", [30, 31])
    (picture,) = read_pictures(store)
    about = make_alert(subject="P1", reader=Reader(), criterion="recist11", time_point="T1")
    assert describe_present(picture, about) == "T1 is SD now, sum 31 mm"
    gone = make_alert(subject="P1", reader=Reader(), criterion="recist11", time_point="T9")
    assert describe_present(picture, gone) == "T9 is not assessed now"
    lesion = make_alert(criterion="", tracking_uid="L1", tracking_id="L1", time_point="T1")
    assert describe_present(picture, lesion) == "L1 is 30 mm at T0, 31 mm at T1 now"
    vanished = make_alert(criterion="", tracking_uid="L9", tracking_id="L9", time_point="T1")
    assert describe_present(picture, vanished) == "L9 is not there at T1 now"
    overdue = make_alert(criterion="", tracking_id="", time_point="T0")
    assert describe_present(picture, overdue) == f"T1 was scanned on {DAYS[1]}"
