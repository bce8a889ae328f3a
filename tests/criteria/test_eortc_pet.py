"""EORTC PET 1999: the tables, their limits, and the criteria over lesions."""

from __future__ import annotations

import random
from decimal import Decimal
from itertools import product

import pytest
from courses import day, ids, row_of, text
from hypothesis import given
from hypothesis import strategies as st
from uptake_courses import assess_by, nothing_read, rows

from response.criteria import eortc_pet
from response.criteria.eortc_pet import Case, decide_target
from response.model import LesionReading
from response.protocol import Protocol, parse_protocol
from response.terms import Intervention, LesionState, NewLesion, Role

DEFAULT = Protocol()
ONE = parse_protocol('[pet]\neortc_cycles = "one"')
GAP_PMR = parse_protocol('[pet]\neortc_gap = "PMR"')
WHOLE = parse_protocol("[rules]\npd_from_partial = false")


def case(total: str, baseline: str | None = "10", **more: bool) -> Case:
    return Case(None if baseline is None else Decimal(baseline), Decimal(total), **more)


# ------------------------------------------------------------------------------------- the tables

HITS = [
    ("EORTC99.TARGET.NE.BASELINE", case("5", None), DEFAULT),
    ("EORTC99.TARGET.NE.BASELINE", case("5", "0"), DEFAULT),
    ("EORTC99.TARGET.PMD", case("12.51"), DEFAULT),
    ("EORTC99.TARGET.PMD", case("12.51", missing=True), DEFAULT),
    ("EORTC99.TARGET.CMR", case("0", complete=True), DEFAULT),
    ("EORTC99.TARGET.CMR", case("0", complete=True, grown=True), DEFAULT),
    ("EORTC99.TARGET.PMD.EXTENT", case("7", grown=True), DEFAULT),
    ("EORTC99.TARGET.NE", case("7", missing=True), DEFAULT),
    ("EORTC99.TARGET.NE", case("12.51", missing=True), WHOLE),
    ("EORTC99.TARGET.NE", case("0", missing=True, complete=True), DEFAULT),
    ("EORTC99.TARGET.PMR.FIRST", case("8.5"), ONE),
    ("EORTC99.TARGET.PMR.MORE", case("7.49"), DEFAULT),
    ("EORTC99.TARGET.GAP.PMR", case("7.5"), GAP_PMR),
    ("EORTC99.TARGET.GAP.PMR", case("8.5"), GAP_PMR),
    ("EORTC99.TARGET.GAP", case("7.5"), DEFAULT),
    ("EORTC99.TARGET.GAP", case("8.5"), DEFAULT),
    ("EORTC99.TARGET.SMD", case("8.51"), DEFAULT),
    ("EORTC99.TARGET.SMD", case("8.51"), ONE),
    ("EORTC99.TARGET.SMD", case("12.5"), DEFAULT),
]


@pytest.mark.parametrize(("row", "seen", "protocol"), HITS)
def test_every_target_row_decides_at_its_limit(row, seen, protocol):
    assert decide_target(seen, protocol).id == row


def test_no_target_row_is_without_a_case():
    assert {row for row, _, _ in HITS} == {rule.id for rule in eortc_pet.TARGET_RULES}


@given(st.integers(1, 5000), st.integers(0, 5000), st.sampled_from(["one", "more_than_one"]))
def test_the_change_decides_as_in_whole_numbers(before, now, cycles):
    protocol = parse_protocol(f'[pet]\neortc_cycles = "{cycles}"')
    fallen = 20 * now <= 17 * before if cycles == "one" else 4 * now < 3 * before
    expected = "PMD" if 4 * now > 5 * before else "PMR" if fallen else "SMD"
    seen = case(str(Decimal(now) / 100), str(Decimal(before) / 100))
    assert decide_target(seen, protocol).category == expected


def test_the_overall_table_is_total_and_every_row_decides():
    for key in product(
        (*eortc_pet.TARGET_RESPONSES, "NA"), eortc_pet.NON_TARGET_RESPONSES, NewLesion
    ):
        assert len({row.overall for row in eortc_pet.OVERALL if row.takes(*key)}) == 1, key
    assert {row.id for row in eortc_pet.ROWS.values()} == {row.id for row in eortc_pet.OVERALL}


# -------------------------------------------------------------------------------- over a course


def mean(value: object, **more: object) -> dict[str, object]:
    return {"suv_mean": value, **more}


def assess(baseline, follow_up, protocol="", facts=None, **more):
    return assess_by("eortc_pet", rows(BL=baseline, F1=follow_up, **more), facts, protocol)


def follow_up(*args, **more):
    return row_of(assess(*args, **more), "F1")


def test_the_baseline_has_empty_responses_and_its_uptake():
    row = assess({"T1": mean(10)}, {"T1": mean(10)}).assessments[0]
    assert (row.target_response, row.overall_response, row.sum_of_diameters_mm) == ("", "", None)
    assert "baseline: suv_mean 10 over T1" in text(row)


def test_a_response_has_its_numbers():
    row = follow_up({"T1": mean(10)}, {"T1": mean("7.4")})
    assert (row.target_response, row.overall_response) == ("PMR", "PMR")
    assert row.change_from_baseline_pct == Decimal("-26.00")
    assert "suv_mean 7.4 is -26.00 % from 10 at baseline" in text(row)


def test_progression_is_against_the_baseline_not_the_lowest():
    result = assess({"T1": mean(10)}, {"T1": mean(5)}, F2={"T1": mean(12)})
    assert [row.overall_response for row in result.assessments] == ["", "PMR", "SMD"]


def test_the_maximum_serves_where_not_every_target_has_a_mean():
    row = follow_up(
        {"T1": {"suv_mean": 5, "suv_max": 10}, "T2": {"suv_max": 10}},
        {"T1": {"suv_mean": 9, "suv_max": 5}, "T2": {"suv_max": 5}},
    )
    assert (row.overall_response, row.change_from_baseline_pct) == ("PMR", Decimal("-50.00"))


def test_two_kinds_of_uptake_never_meet():
    row = follow_up({"T1": {"suv_mean": 5, "suv_max": 10}}, {"T1": {"suv_max": 5}})
    assert row.overall_response == "NE"
    assert "no suv_mean; suv_max is not the measure of this patient" in text(row)
    mixed = follow_up({"T1": mean(5), "T2": {"suv_max": 9}}, {"T1": mean(5), "T2": {"suv_max": 9}})
    assert mixed.overall_response == "NE"
    assert "the uptake is not complete: T2" in text(mixed)


def test_a_target_that_alone_rose_is_warned_of():
    row = follow_up({"T1": mean(10), "T2": mean(10)}, {"T1": mean(13), "T2": mean(10)})
    assert row.overall_response == "SMD"
    assert "warning: T1 alone rose by more than 25 %" in text(row)


@pytest.mark.parametrize(("length", "category"), [("24", "SMD"), ("24.01", "PMD"), (None, "SMD")])
def test_growth_in_extent_is_progression(length, category):
    row = follow_up({"T1": mean(10, diameter_mm=20)}, {"T1": mean(10, diameter_mm=length)})
    assert row.overall_response == category


def test_growth_in_extent_is_said_in_millimetres():
    row = follow_up({"T1": mean(10, diameter_mm=20)}, {"T1": mean(9, diameter_mm=25)})
    assert "T1 is 25 mm long, more than 20 % over 20 mm" in text(row)


@pytest.mark.parametrize(
    ("state", "overall"), [("UNEQUIVOCAL", "PMD"), ("EQUIVOCAL", "PMR"), ("NOT_EVALUABLE", "NE")]
)
def test_new_uptake(state, overall):
    row = follow_up({"T1": mean(10)}, {"T1": mean(5), "N1": state})
    assert row.overall_response == overall


def test_equivocal_uptake_called_later_dates_progression_back():
    result = assess(
        {"T1": mean(10)},
        {"T1": mean(9), "N1": "EQUIVOCAL"},
        F2={"T1": mean(9), "N1": "UNEQUIVOCAL"},
    )
    assert row_of(result, "F1", 1).overall_response == "PMD"
    assert "EORTC99.NEW.BACKDATED" in ids(row_of(result, "F1", 1))


@pytest.mark.parametrize(
    ("seen", "said", "overall"),
    [
        ("ABSENT", "", "CMR"),
        ("ABSENT", "false", "PMR"),
        (mean(1), "true", "CMR"),
        (mean(1), "", "PMR"),
    ],
)
def test_complete_is_a_readers_word(seen, said, overall):
    facts = {"F1": {"metabolic_complete": said}}
    assert follow_up({"T1": mean(10)}, {"T1": seen}, facts=facts).overall_response == overall


@pytest.mark.parametrize(
    ("non_target", "overall"),
    [("ABSENT", "CMR"), ("PRESENT", "PMR"), ("UNEQUIVOCAL_PROGRESSION", "PMD")],
)
def test_complete_targets_with_non_target_lesions(non_target, overall):
    row = follow_up({"T1": mean(10), "P1": "PRESENT"}, {"T1": "ABSENT", "P1": non_target})
    assert (row.target_response, row.overall_response) == ("CMR", overall)


def test_a_decrease_the_paper_leaves_open_is_said_so():
    row = follow_up({"T1": mean(10)}, {"T1": mean(8)})
    assert row.overall_response == "SMD"
    assert "which the paper leaves open" in text(row)


def test_a_target_without_a_row_is_not_evaluable_unless_progression_is_plain():
    baseline = {"T1": mean(10), "T2": mean(5)}
    assert "T2 (not assessed: no row)" in text(follow_up(baseline, {"T1": mean(5)}))
    row = follow_up(baseline, {"T1": mean(19)})
    assert row.overall_response == "PMD"
    assert "without T2 (not assessed: no row), which can only add" in text(row)


def test_a_time_point_that_was_not_read_is_not_evaluable():
    read = [*rows(BL={"T1": mean(8)}), nothing_read("F1", 56)]
    row = row_of(assess_by("eortc_pet", read), "F1")
    assert (row.target_response, row.new_lesion, row.overall_response) == ("NE", "NE", "NE")
    assert "nothing was read (moved)" in text(row)


def test_without_a_target_only_progression_can_be_said():
    result = assess({"P1": "PRESENT"}, {"P1": "ABSENT"}, F2={"P1": "UNEQUIVOCAL_PROGRESSION"})
    assert [row.overall_response for row in result.assessments] == ["", "NE", "PMD"]


def merge(lesion: str, into: str) -> LesionReading:
    return LesionReading(
        "F1", day(56), lesion, Role.TARGET, state=LesionState.MERGED, merged_into=into
    )


@pytest.mark.parametrize(("into", "overall"), [("T1", "SMD"), ("P1", "NE"), ("T3", "NE")])
def test_a_merged_target_has_the_uptake_of_the_whole(into, overall):
    read = rows(BL={"T1": mean(5), "T2": mean(5), "T3": mean(5)}, F1={"T1": mean(5)})
    if into != "T3":
        read += rows(BL={}, F1={"T3": mean(5)})
    row = row_of(assess_by("eortc_pet", [*read, merge("T2", into)]), "F1")
    assert row.overall_response == overall


def test_a_target_treated_on_study_says_nothing_of_the_drug():
    seen = mean(2, intervention=Intervention.RESECTED, diameter_mm=90)
    row = follow_up({"T1": mean(8, diameter_mm=20)}, {"T1": seen})
    assert row.target_response == "NE"
    assert "T1 (resected on study)" in text(row)


@given(st.randoms(use_true_random=False), st.integers(1, 200), st.integers(0, 200))
def test_the_order_of_rows_never_matters(chance: random.Random, before, now):
    read = rows(
        BL={"T1": mean(before), "T2": mean(3), "P1": "PRESENT"},
        F1={"T1": mean(now), "T2": mean(3), "P1": "ABSENT", "N1": "EQUIVOCAL"},
        F2={"T1": mean(now), "T2": mean(now), "P1": "ABSENT", "N1": "UNEQUIVOCAL"},
    )
    expected = assess_by("eortc_pet", read)
    assert assess_by("eortc_pet", chance.sample(read, len(read))) == expected
