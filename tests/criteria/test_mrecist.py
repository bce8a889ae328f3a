"""mRECIST: the rules on values, and the viable sum over a course."""

from __future__ import annotations

from decimal import Decimal
from itertools import product

import pytest
from courses import assess, course, ids, overall, reading, row_of, text

from response.criteria import mrecist
from response.criteria.recist11 import NON_TARGET_RESPONSES, TARGET_RESPONSES, TargetCase
from response.protocol import Protocol, Rules, parse_protocol
from response.terms import LesionState, NewLesion


def viable(name, number, lesion, mm, whole=50, **more):
    extra = {} if mm is None else {"viable_diameter_mm": Decimal(str(mm))}
    return reading(name, number, lesion, whole, extra=extra, **more)


def series(*sums):
    """One target: viable diameters of 56 days apart, the whole lesion always 50 mm."""
    return [viable(f"W{8 * n}", 56 * n, "T1", mm) for n, mm in enumerate(sums)]


def follow(rows, protocol=""):
    return assess(rows, protocol, criterion="mrecist")


def case(total, baseline, nadir, complete=True, all_normal=False):
    told = [None if value is None else Decimal(value) for value in (total, baseline, nadir)]
    return TargetCase(told[0], complete, all_normal, told[1], told[2])


# ------------------------------------------------------------------------- the target table


@pytest.mark.parametrize(
    ("seen", "expected"),
    [
        (case("0", "50", "50", all_normal=True), "CR"),
        (case("24", "50", "20"), "PD"),
        (case("23.9", "50", "20"), "PR"),
        (case("60", "50", "50", complete=False), "PD"),
        (case("20", "50", "50", complete=False), "NE"),
        (case("20", None, None), "NE"),
        (case("35", "50", "50"), "PR"),
        (case("35.1", "50", "50"), "SD"),
        (case("0.1", "50", "0"), "PD"),
        (case("0", "50", "0", complete=False), "NE"),
    ],
)
def test_the_target_rules_at_their_boundaries(seen, expected):
    assert mrecist.decide_target(seen, Protocol()).category == expected


def test_an_absolute_minimum_is_only_asked_where_the_protocol_sets_one():
    grown = case("24", "50", "20")
    strict = parse_protocol("[mrecist]\nabsolute_minimum_mm = 5")
    assert mrecist.decide_target(grown, Protocol()).category == "PD"
    assert mrecist.decide_target(grown, strict).category == "PR"
    assert mrecist.decide_target(case("25", "50", "20"), strict).category == "PD"


def test_progression_of_a_part_of_the_sum_can_be_switched_off():
    part = case("60", "50", "50", complete=False)
    off = parse_protocol("[rules]\npd_from_partial = false")
    assert mrecist.decide_target(part, off).category == "NE"


def test_normal_nodes_that_grow_are_cr_unless_the_protocol_asks_pd_first():
    nodes = case("9", "40", "4", all_normal=True)
    first = parse_protocol("[rules]\nnode_cr_precedence = false")
    assert mrecist.decide_target(nodes, Protocol()).category == "CR"
    assert mrecist.decide_target(nodes, first).category == "PD"


def test_every_target_rule_is_reached():
    seen = [
        case("0", "50", "50", all_normal=True),
        case("60", "50", "50"),
        case("20", "50", "50", complete=False),
        case("20", "50", "50"),
        case("50", "50", "50"),
    ]
    hit = [mrecist.decide_target(one, Protocol()).id for one in seen]
    assert hit == [rule.id for rule in mrecist.TARGET_RULES]
    assert all(mrecist.TARGET_RULES[-1].holds(one, Protocol()) for one in seen)


def test_the_time_point_table_is_that_of_recist_under_its_own_name():
    kinds = product((*TARGET_RESPONSES, "NA"), NON_TARGET_RESPONSES, NewLesion)
    for target, non_target, new in kinds:
        row = mrecist.MRECIST.decide_overall(target, non_target, new, Rules())
        assert row.id.startswith("MRECIST.")
        assert row.takes(target, non_target, new)
        assert "RECIST 1.1" in row.source


# ------------------------------------------------------------------------- the viable diameter


def test_the_viable_diameter_is_added_and_not_the_whole_lesion():
    result = follow(series(40, 28, 27, 33))
    assert [row.sum_of_diameters_mm for row in result.assessments] == [40, 28, 27, 33]
    assert overall(result) == ["PR", "PR", "PD"]
    assert "viable sum 28 mm is -30.00 %" in text(row_of(result, "W8"))
    assert "baseline: viable sum 40 mm of T1" in text(result.assessments[0])


def test_a_target_without_a_viable_diameter_is_not_evaluable_and_says_why():
    row = row_of(follow(series(40, None)), "W8")
    assert (row.target_response, row.overall_response) == ("NE", "NE")
    assert "T1 (no viable diameter is given; that of the whole lesion is another)" in text(row)


def test_without_enhancement_at_baseline_nothing_can_be_compared():
    assert overall(follow(series(None, 20))) == ["NE"]


@pytest.mark.parametrize(
    "gone",
    [
        viable("W8", 56, "T1", 0),
        reading("W8", 56, "T1", "ABSENT"),
        reading("W8", 56, "T1", 0),
    ],
    ids=["no viable part", "absent", "no lesion left"],
)
def test_a_target_that_does_not_enhance_any_more_is_a_complete_response(gone):
    row = row_of(follow([*series(40), gone]), "W8")
    assert (row.target_response, row.sum_of_diameters_mm) == ("CR", 0)
    assert "no target enhances" in text(row)


def test_of_a_node_the_short_axis_is_added():
    rows = [viable("BL", 0, "T1", 40), reading("BL", 0, "L1", 22)]
    rows += [viable("W8", 56, "T1", 0), reading("W8", 56, "L1", "9.9")]
    row = row_of(follow(rows), "W8")
    assert (row.target_response, row.sum_of_diameters_mm) == ("CR", Decimal("9.9"))


def test_enhancement_that_comes_back_from_none_is_progression():
    assert overall(follow(series(40, 0, 1))) == ["CR", "PD"]


def test_sd_after_a_response_says_what_the_committee_would():
    row = row_of(follow(series(100, 70, 80)), "W16")
    assert row.overall_response == "SD"
    assert "MRECIST.A01.LITERAL" in ids(row)


# ------------------------------------------------------------------------- nodes and new lesions


@pytest.mark.parametrize(
    ("organ", "mm", "warned"),
    [
        ("porta hepatis", "19.9", True),
        ("porta hepatis", "20", False),
        ("Hepatic hilum", "19.9", True),
        ("periportal", "19.9", True),
        ("mediastinum", "14.9", True),
        ("mediastinum", "15", False),
        ("lung hilum", "15", False),
    ],
)
def test_a_node_is_malignant_from_15_mm_and_at_the_porta_hepatis_from_20(organ, mm, warned):
    rows = [viable("BL", 0, "T1", 40), reading("BL", 0, "L1", mm, organ=organ)]
    assert ("MRECIST.MEASURABLE" in ids(follow(rows).assessments[0])) is warned


@pytest.mark.parametrize(
    ("mm", "node", "warned"), [("9", False, True), ("10", False, False), ("14", True, True)]
)
def test_a_small_new_lesion_stands_as_called_with_a_warning(mm, node, warned):
    new = reading("W8", 56, "N1", mm, node=node, organ="liver", state=LesionState.UNEQUIVOCAL)
    row = row_of(follow([*series(40, 40), new]), "W8")
    assert row.overall_response == "PD"
    assert ("MRECIST.NEW.SMALL" in ids(row)) is warned


def test_an_atypical_nodule_dates_from_the_scan_that_first_showed_it():
    rows = series(40, 40, 40)
    rows += [reading("W8", 56, "N1", "EQUIVOCAL"), reading("W16", 112, "N1", "UNEQUIVOCAL")]
    result = follow(rows)
    assert [row.overall_response for row in result.assessments] == ["", "SD", "PD", "PD"]
    assert "MRECIST.NEW.BACKDATED" in ids(row_of(result, "W8", 1))


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ("UNEQUIVOCAL_PROGRESSION", "PD"),
        ("NOT_EVALUABLE", "NE"),
        ("PRESENT", "NON-CR/NON-PD"),
        ("ABSENT", "CR"),
    ],
)
def test_non_target_lesions_have_the_codes_of_recist(said, code):
    rows = [*series(40, 40), *course(W0={"P1": "PRESENT"}, W8={"P1": said})]
    assert row_of(follow(rows), "W8").non_target_response == code


def test_a_portal_vein_thrombosis_that_stays_keeps_complete_targets_a_partial_response():
    rows = [*series(40, 0), *course(W0={"P1": "PRESENT"}, W8={"P1": "PRESENT"})]
    assert overall(follow(rows)) == ["PR"]
