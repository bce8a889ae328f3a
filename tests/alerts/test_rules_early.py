"""Growth before the category turns, as an alert: when it holds, and what it says."""

from __future__ import annotations

from dataclasses import replace

from alert_pictures import READER, course, look, nothing, on, picture, row, told
from builders import finding, lesion, tracking

from response.alerts.rules.early import assess_growth
from response.alerts.settings import AlertSettings, EarlyGrowth
from response.model import LesionReading, Tracking
from response.protocol import Protocol
from response.terms import Event, LesionState, Role, Severity

EARLY = "early_growth"


def several(*sums: tuple[float, str]) -> list[LesionReading]:
    """Five targets that share a sum, so that it is measured well."""
    return [row(f"T{n}", week, str(int(total) // 5)) for week, total in sums for n in range(5)]


GROWING = several((0, "200"), (8, "215"), (16, "235"))


def test_growth_that_error_hardly_explains_is_told_before_progression() -> None:
    (alert,) = look(picture(GROWING), 16, EARLY)
    assert (alert.time_point, alert.severity, alert.lasting) == ("W16", Severity.MEDIUM, False)
    assert alert.numbers["lowest_sum_mm"] == "200"
    assert alert.numbers["sum_of_diameters_mm"] == "235"
    assert alert.numbers["rise_pct"] == "+17.5"
    assert alert.numbers["progression_at_mm"] == "240.0"


def test_it_says_what_the_rule_itself_says() -> None:
    (alert,) = look(picture(GROWING), 16, EARLY)
    weeks = (0, 8, 16)
    lengths = [[one.diameter_mm for one in GROWING if one.date == on(week)] for week in weeks]
    growth = assess_growth(
        [on(0), on(8), on(16)],
        [sum(one) for one in lengths],
        lengths,
        EarlyGrowth(),
        Protocol().repeatability,
    )
    assert growth is not None
    assert alert.numbers["volume_doubling_time_days"] == f"{growth.doubling_time_days:.0f}"
    assert alert.numbers["progression_projected_on"] == str(growth.progression_on)


def test_a_sum_of_one_lesion_that_rises_as_much_is_not_sure() -> None:
    seen = picture(course((0, "20"), (8, "21")))
    assert look(seen, 8, EARLY) == ()


def test_disease_that_stands_still_or_shrinks_does_not_alarm() -> None:
    seen = picture(several((0, "200"), (8, "200"), (16, "150"), (24, "150")))
    assert look(seen, 24, EARLY) == ()


def test_once_progression_came_growth_is_no_news() -> None:
    grown = several((0, "200"), (8, "215"), (16, "235"), (24, "250"))
    seen = picture(grown)
    assert look(seen, 24, EARLY) == ()
    (after,) = look(seen, 24, "progression")
    (before,) = look(picture(GROWING), 16, EARLY)
    assert before.thread == after.thread


def test_growth_that_goes_on_is_the_same_alert() -> None:
    sums = ((0, "200"), (8, "220"), (16, "230"), (24, "238"))
    (before,) = look(picture(several(*sums[:3])), 16, EARLY)
    (later,) = look(picture(several(*sums)), 24, EARLY)
    assert before.alert_id == later.alert_id
    assert (before.time_point, later.time_point) == ("W16", "W24")


def test_a_scan_that_was_not_evaluable_ends_nothing() -> None:
    rows = [*GROWING, nothing(24, LesionState.NOT_EVALUABLE)]
    assert told(look(picture(rows), 24, EARLY)) == [(EARLY, "W16")]


def test_it_can_be_switched_off() -> None:
    off = Protocol(alerts=AlertSettings(early_growth=EarlyGrowth(enabled=False)))
    assert look(picture(GROWING), 16, EARLY, protocol=off) == ()


def test_a_criterion_that_adds_no_diameters_is_not_asked() -> None:
    assert look(picture(GROWING, criteria=["choi"]), 16, EARLY) == ()


def test_a_baseline_alone_is_no_growth() -> None:
    assert look(picture(several((0, "200"))), 0, EARLY) == ()


def marked() -> Tracking:
    """The same lesions as images show them: one a node, of which the short axis counts."""
    lesions = [lesion(f"T{n}", Role.TARGET, node=n == 0) for n in range(5)]
    findings = [
        replace(
            finding(one.lesion, "B", Event.PERSISTING, "99", short=str(one.diameter_mm))
            if one.lesion == "T0"
            else finding(one.lesion, "B", Event.PERSISTING, str(one.diameter_mm)),
            time_point=one.time_point,
            date=one.date,
        )
        for one in GROWING
    ]
    return replace(tracking(lesions, findings), reader=READER)


def test_lengths_on_images_make_the_sum_as_sure_as_those_of_a_table() -> None:
    table = picture(GROWING)
    (expected,) = look(table, 16, EARLY)
    (alert,) = look(replace(table, readings=(), trackings=(marked(),)), 16, EARLY)
    assert alert.numbers == expected.numbers


def test_a_sum_of_unknown_lengths_is_the_least_sure() -> None:
    unknown = replace(picture(GROWING), readings=())
    assert look(unknown, 16, EARLY) == ()
