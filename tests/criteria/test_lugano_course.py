"""Lugano 2014 over a course: PET-CT where a Deauville score is given, else CT."""

from __future__ import annotations

import random
from decimal import Decimal

import pytest
from courses import day, ids, row_of, text
from hypothesis import given
from hypothesis import strategies as st
from uptake_courses import assess_by, nothing_read, rows

from response.errors import InputError
from response.model import LesionReading
from response.terms import Intervention, LesionState, Role


def size(longest: object, short: object, **more: object) -> dict[str, object]:
    return {"diameter_mm": longest, "short_diameter_mm": short, **more}


def suv(value: object) -> dict[str, object]:
    return size(20, 20, suv_max=value)


def assess(baseline, *later, facts=None, protocol="", extra=()):
    seen = {f"F{n}": lesions for n, lesions in enumerate(later, 1)}
    return assess_by("lugano", [*rows(BL=baseline, **seen), *extra], facts, protocol)


def overall(result):
    return [row.overall_response for row in result.assessments[1:] if row.as_of == row.date]


NODE = {"L1": size(30, 20)}


# -------------------------------------------------------------------------------------------- CT


def test_the_baseline_has_empty_responses_and_its_sum():
    row = assess({"L1": size(30, 20), "T1": size(20, 10)}, NODE).assessments[0]
    assert (row.target_response, row.overall_response, row.sum_of_diameters_mm) == ("", "", None)
    assert "baseline: sum of products 800 mm2 of L1, T1" in text(row)


@pytest.mark.parametrize(
    ("seen", "category"),
    [
        (size(15, 15), "CR"),
        (size(20, 15), "PR"),
        (size(20, "15.1"), "SD"),
        ("TOO_SMALL", "CR"),
        ("ABSENT", "CR"),
        (size(40, "22.5"), "PD"),
        ("NOT_EVALUABLE", "NE"),
        (30, "NE"),
        (0, "CR"),
        (size(0, 0), "CR"),
        (size(16, 0), "NE"),
    ],
)
def test_a_node_on_ct(seen, category):
    row = row_of(assess(NODE, {"L1": seen}), "F1")
    assert (row.target_response, row.overall_response) == (category, category)
    assert "LUGANO14.BY.CT" in ids(row)


def test_a_node_given_by_its_short_axis_says_its_longest_diameter_beside_it():
    """RECIST writes a node's short axis into diameter_mm."""
    node = {"L1": size(20, 20, longest_diameter_mm=30)}
    assert "sum of products 600 mm2 of L1" in text(assess(node, node).assessments[0])


def test_a_response_has_its_numbers():
    row = row_of(assess(NODE, {"L1": size(20, 15)}), "F1")
    assert "PR: sum of products 300 mm2 is -50.00 % from 600 at baseline" in text(row)
    assert (row.change_from_baseline_pct, row.change_from_nadir_pct) == (Decimal(-50), Decimal(-50))


def test_an_extranodal_lesion_too_small_to_measure_is_still_there():
    assert overall(assess({"T1": size(20, 20)}, {"T1": "TOO_SMALL"})) == ["PR"]


def test_one_lesion_is_compared_with_its_own_smallest():
    result = assess(
        {"L1": size(40, 40), "L2": size(30, 30)},
        {"L1": size(20, 10), "L2": size(30, 30)},
        {"L1": size(25, 12), "L2": size(30, 30)},
    )
    row = row_of(result, "F2")
    assert row.overall_response == "PD"
    assert "L1 is 25 x 12 mm (300 mm2), +50.00 % over 20 x 10 mm (200 mm2)" in text(row)
    assert row.change_from_nadir_pct == Decimal("9.09")


def test_scans_of_one_date_are_no_smallest_for_each_other():
    read = rows(BL=NODE) + rows(days=56, X={}, F1={"L1": size(16, 10)})
    read += rows(days=56, X={}, F2={"L1": size(25, 12)})
    assert overall(assess_by("lugano", read)) == ["PR", "PR"]


def test_a_lesion_that_was_gone_and_is_back_is_progression():
    row = row_of(assess({"T1": size(20, 20)}, {"T1": "ABSENT"}, {"T1": size(6, 6)}), "F2")
    assert row.overall_response == "PD"
    assert "T1 was gone and is 6 x 6 mm (36 mm2)" in text(row)


def test_a_missing_target_is_named_and_other_growth_is_still_progression():
    baseline = {"L1": size(20, 10), "L2": size(20, 10)}
    row = row_of(assess(baseline, {"L1": size(10, 10)}), "F1")
    assert (row.target_response, row.overall_response) == ("NE", "NE")
    assert "L2 (not assessed: no row)" in text(row)
    assert overall(assess(baseline, {"L1": size(25, 12)})) == ["PD"]


def test_a_baseline_without_the_second_diameter_is_not_evaluable():
    result = assess({"L1": 30}, {"L1": size(20, 10)})
    assert "the sum of products is not complete: L1 (short_diameter_mm is not given)" in text(
        result.assessments[0]
    )
    assert overall(result) == ["NE"]


def test_small_and_many_targets_are_warned_of():
    few = assess(
        {"L1": size(15, 10), "T1": size(10, 10), "T2": size("10.01", 10)}, NODE
    ).assessments[0]
    assert "target L1 is 15 mm at baseline; a node is measurable above 15 mm" in text(few)
    assert "target T1 is 10 mm at baseline; an extranodal lesion" in text(few)
    assert "T2 is" not in text(few)
    many = assess({f"L{n}": size(20, 20) for n in range(7)}, NODE).assessments[0]
    assert "7 targets; the paper follows up to 6" in text(many)


def test_parts_of_a_lesion_are_added():
    parts = [r for part in "12" for r in rows(BL={}, F1={"L1": size(15, 10, part=part)})]
    assert row_of(assess(NODE, extra=parts), "F1").change_from_baseline_pct == Decimal(-50)
    unknown = rows(BL={}, F1={"L1": size(15, 10, part="1")})
    unknown += rows(BL={}, F1={"L1": {"diameter_mm": 9, "part": "2"}})
    assert overall(assess(NODE, extra=unknown)) == ["NE"]


def merged(name: str, number: int, into: str) -> LesionReading:
    return LesionReading(
        name, day(number), "L2", Role.TARGET, node=True, state=LesionState.MERGED, merged_into=into
    )


def test_nodes_that_join_are_compared_with_both_together():
    baseline = {"L1": size(20, 15), "L2": size(20, 15)}
    join = merged("F1", 56, "L1")
    result = assess(baseline, {"L1": size(40, 15)}, {"L1": size(40, 25)}, extra=[join])
    assert overall(result) == ["SD", "PD"]
    shrunk = assess(
        baseline, {"L1": size(40, 15)}, {"L1": size(20, 20)}, {"L1": size(25, 24)}, extra=[join]
    )
    assert overall(shrunk) == ["SD", "SD", "PD"]
    lost = assess(baseline, {"L1": size(20, 15)}, extra=[merged("F1", 56, "P1")])
    assert overall(lost) == ["NE"]


def test_a_node_never_measured_that_joins_leaves_nothing_to_compare_with():
    baseline = {"L1": size(20, 15), "L2": 20}
    result = assess(baseline, {"L1": size(80, 80)}, extra=[merged("F1", 56, "L1")])
    assert overall(result) == ["NE"]


def test_a_target_treated_on_study_says_nothing_of_the_drug():
    seen = {"L1": size(10, 10, intervention=Intervention.RESECTED)}
    assert "L1 (resected on study)" in text(row_of(assess(NODE, seen), "F1"))


# --------------------------------------------------------------------- non-measured, new, organs


@pytest.mark.parametrize(
    ("said", "overall_response"),
    [
        ("ABSENT", "CR"),
        ("PRESENT", "PR"),
        ("NOT_EVALUABLE", "PR"),
        ("UNEQUIVOCAL_PROGRESSION", "PD"),
    ],
)
def test_non_measured_lesions_with_complete_targets(said, overall_response):
    result = assess({**NODE, "P1": "PRESENT"}, {"L1": "ABSENT", "P1": said})
    assert overall(result) == [overall_response]


@pytest.mark.parametrize(
    ("seen", "category"),
    [
        (size(15, 12, node=True), "CR"),
        (size(16, 12, node=True), "NON-CR/NON-PD"),
        ({"diameter_mm": 14, "node": True}, "NON-CR/NON-PD"),
        (size(14, 12), "NON-CR/NON-PD"),
    ],
)
def test_a_non_measured_node_is_normal_up_to_15_mm_in_both_diameters(seen, category):
    result = assess({**NODE, "P1": {"state": "PRESENT", "node": True}}, {**NODE, "P1": seen})
    assert row_of(result, "F1").non_target_response == category


def test_non_measured_disease_alone():
    result = assess({"P1": "PRESENT"}, {"P1": "PRESENT"}, {"P1": "ABSENT"}, {"P1": "NOT_EVALUABLE"})
    assert overall(result) == ["SD", "CR", "NE"]
    assert [row.target_response for row in result.assessments] == ["", "", "", ""]


@pytest.mark.parametrize(
    ("seen", "new", "overall_response"),
    [
        ("UNEQUIVOCAL", "YES", "PD"),
        ("EQUIVOCAL", "EQUIVOCAL", "SD"),
        ("NOT_EVALUABLE", "NE", "NE"),
        ({"state": "UNEQUIVOCAL", "diameter_mm": 15, "node": True}, "EQUIVOCAL", "SD"),
        ({"state": "UNEQUIVOCAL", "diameter_mm": "15.1", "node": True}, "YES", "PD"),
        ({"state": "UNEQUIVOCAL", "diameter_mm": 8}, "YES", "PD"),
    ],
)
def test_new_lesions_on_ct(seen, new, overall_response):
    row = row_of(assess(NODE, {**NODE, "N1": seen}), "F1")
    assert (row.new_lesion, row.overall_response) == (new, overall_response)


def test_a_small_new_node_beside_another_new_lesion_does_not_matter():
    small = {"state": "UNEQUIVOCAL", "diameter_mm": 12, "node": True}
    row = row_of(assess(NODE, {**NODE, "N1": small, "N2": "UNEQUIVOCAL"}), "F1")
    assert row.overall_response == "PD"
    assert "new node N1 is not above 15 mm" in text(row)


def test_an_equivocal_new_lesion_called_later_dates_progression_back():
    result = assess(NODE, {**NODE, "N1": "EQUIVOCAL"}, {**NODE, "N1": "UNEQUIVOCAL"})
    assert row_of(result, "F1", 1).overall_response == "PD"
    scores = {name: {"deauville": 2} for name in ("F1", "F2")}
    by_pet = assess(NODE, {**NODE, "N1": "EQUIVOCAL"}, {**NODE, "N1": "UNEQUIVOCAL"}, facts=scores)
    assert row_of(by_pet, "F1", 1).overall_response == "PMD"
    assert by_pet.summary.progression_date == day(56)


@pytest.mark.parametrize(
    ("baseline", "now", "overall_response"),
    [(150, 120, "CR"), (150, 135, "PR"), (150, 145, "SD"), (150, 161, "PD"), (150, "", "NE")],
)
def test_the_spleen_with_complete_targets(baseline, now, overall_response):
    facts = {"BL": {"spleen_length_mm": baseline}, "F1": {"spleen_length_mm": now}}
    result = assess(NODE, {"L1": "ABSENT"}, facts=facts)
    assert overall(result) == [overall_response]


def test_how_long_a_normal_spleen_is_may_be_chosen():
    facts = {"BL": {"spleen_length_mm": 150}, "F1": {"spleen_length_mm": 145}}
    protocol = "[lugano]\nspleen_normal_mm = 160"
    assert overall(assess(NODE, {"L1": "ABSENT"}, facts=facts, protocol=protocol)) == ["CR"]


def test_a_spleen_that_was_normal_in_between_is_recurrent():
    facts = dict(
        zip(("BL", "F1", "F2"), ({"spleen_length_mm": n} for n in (150, 120, 141)), strict=True)
    )
    row = row_of(assess(NODE, NODE, NODE, facts=facts), "F2")
    assert row.overall_response == "PD"
    assert "spleen PD: 141 mm, at baseline 150 mm; normal up to 130 mm" in text(row)


def test_an_enlarged_spleen_alone_is_disease_to_follow():
    facts = {"BL": {"spleen_length_mm": 180}, "F1": {"spleen_length_mm": 125}}
    result = assess({"P1": "PRESENT"}, {"P1": "ABSENT"}, facts=facts)
    assert overall(result) == ["CR"]


@pytest.mark.parametrize(
    ("before", "now", "overall_response"),
    [
        ("involved", "normal", "CR"),
        ("involved", "involved", "PR"),
        ("involved", "", "PR"),
        ("", "", "CR"),
        ("normal", "involved", "PD"),
        ("normal", "", "CR"),
        ("involved", "indeterminate", "PR"),
    ],
)
def test_the_marrow_with_complete_targets(before, now, overall_response):
    facts = {"BL": {"marrow": before}, "F1": {"marrow": now}}
    assert overall(assess(NODE, {"L1": "ABSENT"}, facts=facts)) == [overall_response]


def test_a_word_on_the_marrow_that_nobody_knows_is_refused():
    with pytest.raises(InputError, match="marrow is 'fine': one of normal"):
        assess(NODE, NODE, facts={"F1": {"marrow": "fine"}})


# ---------------------------------------------------------------------------------------- PET-CT


@pytest.mark.parametrize(
    ("score", "value", "category"),
    [
        (1, 9, "CMR"),
        (3, 9, "CMR"),
        (4, "5.9", "PMR"),
        (4, 6, "NMR"),
        (5, 10, "NMR"),
        (5, "10.1", "PMD"),
    ],
)
def test_the_score_and_the_uptake_decide(score, value, category):
    result = assess({"L1": suv(8)}, {"L1": suv(value)}, facts={"F1": {"deauville": score}})
    row = row_of(result, "F1")
    assert row.overall_response == category
    assert "LUGANO14.BY.PET" in ids(row)
    assert row.target_response == "SD"


def test_unchanged_uptake_is_what_the_protocol_says():
    result = assess(
        {"L1": suv(8)},
        {"L1": suv(7)},
        facts={"F1": {"deauville": 4}},
        protocol="[lugano]\nuptake_change_pct = 10",
    )
    assert overall(result) == ["PMR"]


@pytest.mark.parametrize(
    ("first", "now", "category"), [(5, 4, "PMR"), (4, 4, "NMR"), (4, 5, "PMD")]
)
def test_without_uptake_the_scores_are_compared(first, now, category):
    facts = {"BL": {"deauville": first}, "F1": {"deauville": now}}
    assert overall(assess(NODE, NODE, facts=facts)) == [category]


def test_residual_uptake_that_cannot_be_compared_is_not_evaluable():
    row = row_of(assess(NODE, {"L1": "ABSENT"}, facts={"F1": {"deauville": 4}}), "F1")
    assert row.overall_response == "NE"
    assert "neither suv_max of the lesions nor deauville at baseline" in text(row)


def test_progression_on_ct_stands_where_uptake_cannot_be_compared():
    row = row_of(assess(NODE, {"L1": size(60, 40)}, facts={"F1": {"deauville": 5}}), "F1")
    assert row.overall_response == "PD"
    assert "LUGANO14.BY.CT.PD" in ids(row)


def test_a_target_without_uptake_leaves_only_an_increase_to_be_said():
    baseline = {"L1": suv(8), "L2": suv(8)}
    score = {"F1": {"deauville": 5}}
    assert overall(assess(baseline, {"L1": suv(4), "L2": size(20, 20)}, facts=score)) == ["NE"]
    assert overall(assess(baseline, {"L1": suv(12)}, facts=score)) == ["PMD"]
    assert overall(assess(baseline, {"L1": suv(4), "L2": "ABSENT"}, facts=score)) == ["PMR"]


def test_a_score_beside_ct_that_says_otherwise_is_warned_of():
    row = row_of(assess(NODE, {"L1": size(60, 40)}, facts={"F1": {"deauville": 2}}), "F1")
    assert row.overall_response == "CMR"
    assert "warning: PET-CT says CMR, CT PD" in text(row)
    agree = row_of(assess(NODE, {"L1": "ABSENT"}, facts={"F1": {"deauville": 2}}), "F1")
    assert "LUGANO14.DISAGREE" not in ids(agree)


def test_a_small_new_node_that_is_avid_is_progression():
    small = {"state": "UNEQUIVOCAL", "diameter_mm": 9, "node": True}
    row = row_of(assess(NODE, {**NODE, "N1": small}, facts={"F1": {"deauville": 5}}), "F1")
    assert (row.new_lesion, row.overall_response) == ("YES", "PMD")


@pytest.mark.parametrize(
    ("marrow", "category"), [("reduced", "PMR"), ("new", "PMD"), ("normal", "CMR")]
)
def test_the_marrow_on_pet_ct(marrow, category):
    facts = {"BL": {"marrow": "involved"}, "F1": {"deauville": 2, "marrow": marrow}}
    assert overall(assess(NODE, {"L1": "ABSENT"}, facts=facts)) == [category]


@pytest.mark.parametrize("score", ["6", "0", "2.5", "X"])
def test_a_score_that_is_none_is_refused(score):
    with pytest.raises(InputError, match="time point F1: deauville is"):
        assess(NODE, NODE, facts={"F1": {"deauville": score}})


# ----------------------------------------------------------------------------------- and the rest


def test_a_time_point_that_was_not_read_is_not_evaluable():
    row = row_of(assess(NODE, extra=[nothing_read("F1", 56)]), "F1")
    assert (row.target_response, row.new_lesion, row.overall_response) == ("NE", "NE", "NE")
    assert "nothing was read (moved)" in text(row)


def test_the_best_response_is_named_in_the_codes_of_the_criterion():
    facts = {"F1": {"deauville": 4}, "F2": {"deauville": 2}}
    result = assess({"L1": suv(8)}, {"L1": suv(4)}, {"L1": suv(1)}, facts=facts)
    assert overall(result) == ["PMR", "CMR"]
    assert result.summary.best_overall_response == "CMR"
    assert result.summary.confirmed_best_overall_response == "PMR"


def test_what_no_person_stands_behind_is_provisional_from_there_on():
    result = assess(NODE, {"L1": size(30, 20, provisional="matched")}, NODE)
    assert [row.status.value for row in result.assessments] == [
        "confirmed",
        "provisional",
        "provisional",
    ]


LENGTHS = st.integers(0, 40)


@given(st.randoms(use_true_random=False), st.lists(LENGTHS, min_size=8, max_size=8))
def test_the_order_of_rows_never_matters(chance: random.Random, mm: list[int]):
    read = rows(
        BL={"L1": size(20, 20), "T1": size(30, 20), "P1": "PRESENT"},
        F1={"L1": size(mm[0], mm[1]), "T1": size(mm[2], mm[3]), "N1": "EQUIVOCAL", "P1": "ABSENT"},
        F2={"L1": size(mm[4], mm[5]), "T1": size(mm[6], mm[7]), "N1": "UNEQUIVOCAL"},
    )
    expected = assess_by("lugano", read)
    assert assess_by("lugano", chance.sample(read, len(read))) == expected
