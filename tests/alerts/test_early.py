"""When a sum of diameters grows: closed forms, and figures of courses that were fixed before."""

from __future__ import annotations

import datetime as dt
import math
from decimal import Decimal

import pytest
from alerts.growth_courses import CHECK_PATIENTS, CHECK_SEED, SimulatedCourse, draw_courses
from alerts.growth_curve import Operating, find_progression, look_at, operate, score_bound
from scipy.stats import binomtest

from response.alerts.rules.early import Growth, assess_growth, follow_growth, z_needed
from response.alerts.settings import EarlyGrowth
from response.assess import build_course
from response.criteria import CRITERIA
from response.criteria.course import Course
from response.model import LesionReading, Reader, SubjectFacts
from response.protocol import Protocol, Repeatability
from response.terms import LesionState, Role

START = dt.date(2025, 1, 1)
RULE, ERROR = EarlyGrowth(), Repeatability()
FLOOR = 0.16
"""Of those who could be told a scan ahead: 25 % on the tuning courses, less 2.5 standard errors of
a sample of this size (about 160 of 600 patients)."""


def days(*numbers: int) -> list[dt.date]:
    return [START + dt.timedelta(number) for number in numbers]


def grown(doubling_days: float, *numbers: int, first_mm: float = 40.0) -> list[Decimal]:
    """Sums whose volume doubles in so many days, exactly (to 1e-9 mm)."""
    return [
        Decimal(first_mm * 2 ** (number / (3 * doubling_days))).quantize(Decimal("1e-9"))
        for number in numbers
    ]


def assess(
    dates: list[dt.date], sums: list[Decimal | None], rule: EarlyGrowth = RULE, shares: int = 1
) -> Growth | None:
    lengths = [[total / shares] * shares if total else [] for total in sums]
    return assess_growth(dates, sums, lengths, rule, ERROR)


def see(*args: object, **kwargs: object) -> Growth:
    seen = assess(*args, **kwargs)  # type: ignore[arg-type]
    assert seen is not None
    return seen


# ------------------------------------------------------------------------------- closed forms


@pytest.mark.parametrize("doubling_days", [30, 118, 460])
def test_a_course_without_noise_gives_its_doubling_time(doubling_days: int) -> None:
    at = (0, 42, 91, 133)
    seen = see(days(*at), grown(doubling_days, *at))
    assert seen.doubling_time_days == pytest.approx(doubling_days, rel=1e-9)
    assert seen.rate_per_day == pytest.approx(math.log(2) / (3 * doubling_days), rel=1e-9)


def test_the_error_of_the_rate_is_that_of_a_line_with_known_errors() -> None:
    at = (0, 50, 100)
    seen = see(days(*at), grown(100, *at))
    assert seen.rate_se == pytest.approx(0.061 / math.sqrt(50**2 + 50**2), rel=1e-9)


def test_two_scans_need_a_rise_of_their_joint_error() -> None:
    seen = see(days(0, 50), [Decimal(40), Decimal(44)])
    assert seen.z == pytest.approx(math.log(1.1) / (0.061 * math.sqrt(2)), rel=1e-9)


def test_four_equal_lesions_are_twice_as_certain_as_one() -> None:
    at = (0, 50, 100)
    sums = grown(150, *at, first_mm=100.0)
    assert see(days(*at), sums, shares=4).z == pytest.approx(2 * see(days(*at), sums).z, rel=1e-9)


def test_a_short_lesion_is_no_more_certain_than_half_a_millimetre() -> None:
    seen = see(days(0, 50), [Decimal(4), Decimal(5)])
    known = math.sqrt((0.5 / 4) ** 2 + (0.5 / 5) ** 2)
    assert seen.z == pytest.approx(math.log(1.25) / known, rel=1e-9)


def test_the_line_reaches_progression_when_the_sum_does() -> None:
    at = (0, 50, 100)
    seen = see(days(*at), grown(200, *at, first_mm=60.0))
    expected = math.ceil(3 * 200 * math.log2(1.2))
    assert seen.progression_at_mm == 72
    assert seen.progression_on == START + dt.timedelta(expected)


def test_progression_of_a_small_sum_is_five_millimetres_away() -> None:
    at = (0, 50)
    seen = see(days(*at), grown(60, *at, first_mm=12.0))
    assert seen.progression_at_mm == 17
    expected = math.ceil(3 * 60 * math.log2(17 / 12))
    assert seen.progression_on == START + dt.timedelta(expected)


def test_growth_too_slow_to_matter_has_no_day_of_progression() -> None:
    at = (0, 50, 100)
    assert see(days(*at), grown(20_000, *at)).progression_on is None


def test_what_is_needed_rises_with_every_scan() -> None:
    needed = [z_needed(scans, 49, RULE) for scans in range(2, 12)]
    assert needed == sorted(needed)
    assert len(set(needed)) == len(needed)


def test_scans_close_together_need_more_each() -> None:
    needed = [z_needed(3, waited, RULE) for waited in (1, 14, 28, 56, 84, 180)]
    assert needed == sorted(needed, reverse=True)
    assert z_needed(3, 180, RULE) == z_needed(3, 1000, RULE)
    assert z_needed(3, 0, RULE) == z_needed(3, 1, RULE)


def test_faster_growth_is_surer_growth() -> None:
    at = (0, 50, 100, 150)
    z = [see(days(*at), grown(doubling, *at)).z for doubling in (900, 400, 200, 100, 50, 25)]
    assert z == sorted(z)


def test_faster_growth_alarms_where_slower_does() -> None:
    at = (0, 50, 100, 150)
    alarms = [see(days(*at), grown(d, *at), shares=3).alarming for d in range(1500, 20, -20)]
    assert alarms == sorted(alarms)
    assert set(alarms) == {False, True}


# -------------------------------------------------------------------------------- what is no growth


def test_a_constant_course_never_alarms() -> None:
    at = tuple(range(0, 1000, 50))
    sums: list[Decimal | None] = [Decimal("40.0")] * len(at)
    followed = follow_growth(days(*at), sums, [[Decimal("40.0")]] * len(at), RULE, ERROR)
    assert followed == (None,) * len(at)


def test_a_shrinking_course_never_alarms() -> None:
    at = (0, 50, 100, 150)
    assert assess(days(*at), list(reversed(grown(100, *at)))) is None


def test_growth_is_counted_from_the_lowest_scan() -> None:
    at = (0, 50, 100, 150)
    sums = [Decimal(80), Decimal(60), Decimal(40), Decimal(44)]
    seen = see(days(*at), sums)
    assert (seen.since, seen.low_mm, seen.scans) == (days(100)[0], Decimal(40), 2)
    assert seen.z_needed == z_needed(4, 50, RULE)


def test_growth_slower_than_the_bound_does_not_alarm() -> None:
    at = tuple(range(0, 700, 50))
    sums = grown(500, *at)
    assert not see(days(*at), sums, shares=5).alarming
    slower = EarlyGrowth(doubling_time_days_max=600)
    assert see(days(*at), sums, slower, shares=5).alarming


def test_more_scans_may_be_asked_for() -> None:
    assert assess(days(0, 50), grown(30, 0, 50), EarlyGrowth(minimum_scans=3)) is None


def test_an_incomplete_sum_is_left_out() -> None:
    whole = see(days(0, 100), grown(100, 0, 100))
    with_gap = see(days(0, 50, 100), [grown(100, 0)[0], None, grown(100, 100)[0]])
    assert with_gap == whole


def test_nothing_is_said_after_an_incomplete_sum() -> None:
    sums: list[Decimal | None] = [Decimal(40), Decimal(60), None]
    followed = follow_growth(days(0, 50, 100), sums, [[], [], []], RULE, ERROR)
    assert followed[1] is not None
    assert followed[2] is None


def test_disease_that_comes_back_from_nothing_is_not_growth() -> None:
    assert assess(days(0, 50, 100), [Decimal(40), Decimal(0), Decimal(12)]) is None


def test_two_scans_of_one_day_are_no_growth() -> None:
    assert assess(days(0, 0), [Decimal(40), Decimal(50)]) is None


def test_what_was_said_of_a_scan_does_not_change_with_later_ones() -> None:
    course = next(c for c in draw_courses(7, 50) if c.kind == "growing" and len(c.dates) > 6)
    lengths = [[d for d in row if d is not None] for row in course.diameters_mm]
    whole = follow_growth(course.dates, course.sums_mm, lengths, RULE, ERROR)
    part = follow_growth(course.dates[:4], course.sums_mm[:4], lengths[:4], RULE, ERROR)
    assert whole[:4] == part


# --------------------------------------------------------------------------- the simulated courses


@pytest.fixture(scope="module")
def checked() -> Operating:
    patients = [look_at(course) for course in draw_courses(CHECK_SEED, CHECK_PATIENTS)]
    return operate(patients, score_bound, -float(RULE.chance_per_year))


def test_false_alarms_are_not_more_than_five_per_cent(checked: Operating) -> None:
    for share in (checked.false_alarms, checked.standing_still):
        assert share.of > 100
        assert binomtest(share.count, share.of).proportion_ci().low < 0.05


def test_progression_is_told_a_scan_ahead_as_often_as_when_it_was_set(checked: Operating) -> None:
    assert checked.ahead_of_possible.of > 100
    assert checked.ahead_of_possible.value > FLOOR


def test_the_score_of_the_curve_is_the_rule_itself() -> None:
    chance = -float(RULE.chance_per_year)
    for course in draw_courses(11, 60):
        seen = look_at(course)
        lengths = [[d for d in row if d is not None] for row in course.diameters_mm]
        told = follow_growth(course.dates, course.sums_mm, lengths, RULE, ERROR)
        for scan in range(1, len(seen.growth)):
            growth = told[scan]
            alarms = growth is not None and growth.alarming
            assert alarms == (score_bound(seen, scan) >= chance)


def test_the_curve_turns_where_the_whole_criterion_does() -> None:
    for course in draw_courses(12, 40):
        rows = CRITERIA["recist11"].assess(_build(course), Protocol())[1:]
        turned = [number for number, row in enumerate(rows, 1) if row.overall_response == "PD"]
        assert find_progression(course) == (turned[0] if turned else None)


def _build(course: SimulatedCourse) -> Course:
    """The readings of a course, as a table of lesions would give them."""
    readings = [
        LesionReading(
            f"T{number}",
            date,
            f"L{at}",
            Role.TARGET,
            f"organ {at}",
            diameter_mm=length,
            state=None if length is not None else LesionState.NOT_EVALUABLE,
        )
        for number, (date, row) in enumerate(
            zip(course.dates, course.diameters_mm, strict=True), start=1
        )
        for at, length in enumerate(row)
    ]
    return build_course("S", Reader("INVESTIGATOR", ""), readings, SubjectFacts("S"))
