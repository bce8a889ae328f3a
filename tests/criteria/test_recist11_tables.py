"""RECIST 1.1 as tables: total, unambiguous, and as printed."""

from __future__ import annotations

import csv
from decimal import Decimal
from itertools import product
from pathlib import Path

import pytest

from response.criteria import recist11, sentences
from response.protocol import Rules
from response.terms import LesionState, NewLesion

CASES = Path(__file__).parents[2] / "fixtures" / "cases"
TARGETS = recist11.TARGET_RESPONSES
NON_TARGETS = recist11.NON_TARGET_RESPONSES


def read_cases(name: str) -> list[dict[str, str]]:
    with (CASES / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def case(total: str, baseline_mm: str, nadir_mm: str, **changes: object) -> recist11.TargetCase:
    fields = {"total": Decimal(total), "complete": True, "all_normal": False}
    fields |= {"baseline": Decimal(baseline_mm), "nadir": Decimal(nadir_mm)}
    return recist11.TargetCase(**(fields | changes))


# ------------------------------------------------------------------------- Tables 1 and 2


@pytest.mark.parametrize(
    ("table", "targets"), [(recist11.TABLE_1, TARGETS), (recist11.TABLE_2, (recist11.NA,))]
)
def test_a_table_speaks_of_every_combination_and_never_contradicts_itself(table, targets):
    for target, non_target, new in product(targets, NON_TARGETS, NewLesion):
        overall = {row.overall for row in recist11.find_rows(table, target, non_target, new)}
        assert len(overall) == 1, (target, non_target, new)


@pytest.mark.parametrize("row", read_cases("recist11_timepoint_target.csv"), ids=str)
def test_table_1_is_as_printed(row):
    new = NewLesion(row["new_lesion"])
    decided = recist11.decide_overall(row["target"], row["non_target"], new)
    assert decided.overall == row["overall"]


@pytest.mark.parametrize("row", read_cases("recist11_timepoint_nontarget_only.csv"), ids=str)
def test_table_2_is_as_printed(row):
    new = NewLesion(row["new_lesion"])
    assert recist11.decide_overall("NA", row["non_target"], new).overall == row["overall"]


def test_every_row_of_the_tables_decides_some_combination():
    hit = {row.id for row in recist11.ROWS.values()}
    assert hit == {row.id for row in (*recist11.TABLE_1, *recist11.TABLE_2)}


def test_row_ids_are_given_once():
    rows = [*recist11.TABLE_1, *recist11.TABLE_2, *recist11.TARGET_RULES]
    rows += [*recist11.NON_TARGET_RULES, *recist11.NEW_LESION_RULES]
    ids = [row.id for row in rows]
    assert len(ids) == len(set(ids))


def test_an_equivocal_new_lesion_reads_as_none():
    for target, non_target in product((*TARGETS, "NA"), NON_TARGETS):
        equivocal = recist11.decide_overall(target, non_target, NewLesion.EQUIVOCAL)
        assert equivocal == recist11.decide_overall(target, non_target, NewLesion.NO)


def test_without_a_word_on_new_lesions_only_progression_can_be_said():
    for target, non_target in product((*TARGETS, "NA"), NON_TARGETS):
        row = recist11.decide_overall(target, non_target, NewLesion.NE)
        assert row.overall == ("PD" if "PD" in (target, non_target) else "NE")


# ------------------------------------------------------------------------- target response


@pytest.mark.parametrize("row", read_cases("target_threshold_cases.csv"), ids=str)
def test_the_boundaries_of_pr_and_pd_are_exact(row):
    seen = case(row["visit_sum"], row["baseline_sum"], row["nadir_sum_before_visit"])
    decided = recist11.decide_target(seen, Rules())
    assert decided.category == row["target_response_strict"]


@pytest.mark.parametrize(
    ("seen", "category"),
    [
        (case("0", "50", "50", all_normal=True), "CR"),
        (case("27", "50", "12", all_normal=True), "CR"),
        (case("18", "50", "12"), "PD"),
        (case("80", "50", "50", complete=False), "PD"),
        (case("30", "50", "50", complete=False), "NE"),
        (case("0", "50", "50", complete=False, all_normal=True), "NE"),
        (case("35", "50", "50"), "PR"),
        (case("36", "50", "50"), "SD"),
        (case("36", "50", "50", baseline=None, nadir=None), "NE"),
        (case("0", "50", "50", baseline=None, nadir=None, all_normal=True), "NE"),
    ],
)
def test_target_rules_in_their_order(seen, category):
    assert recist11.decide_target(seen, Rules()).category == category


def test_every_target_rule_is_hit_and_the_last_always_holds():
    seen = [
        case("0", "50", "50", all_normal=True),
        case("60", "50", "50"),
        case("30", "50", "50", complete=False),
        case("30", "50", "50"),
        case("50", "50", "50"),
    ]
    hit = [recist11.decide_target(one, Rules()).id for one in seen]
    assert hit == [rule.id for rule in recist11.TARGET_RULES]
    assert all(recist11.TARGET_RULES[-1].holds(one, Rules()) for one in seen)


def test_only_normal_nodes_growing_is_cr_unless_the_protocol_asks_pd_first():
    nodes = case("27", "50", "12", all_normal=True)
    assert recist11.decide_target(nodes, Rules(node_cr_precedence=True)).category == "CR"
    assert recist11.decide_target(nodes, Rules(node_cr_precedence=False)).category == "PD"


def test_pd_from_a_part_of_the_sum_can_be_switched_off():
    part = case("80", "50", "50", complete=False)
    assert recist11.decide_target(part, Rules(pd_from_partial=False)).category == "NE"


@pytest.mark.parametrize("tenths", range(1, 1001, 7))
def test_every_boundary_of_the_tenth_of_a_millimetre_grid_is_met(tenths):
    """Whole numbers of 0.1 mm: compared as integers, as an independent way to the answer."""
    baseline = Decimal(tenths) / 10
    for now in range(0, 1500, 11):
        total = Decimal(now) / 10
        seen = recist11.TargetCase(total, True, False, baseline, baseline)
        if now - tenths >= 50 and 5 * now >= 6 * tenths:
            expected = "PD"
        elif 10 * now <= 7 * tenths:
            expected = "PR"
        else:
            expected = "SD"
        assert recist11.decide_target(seen, Rules()).category == expected


# ------------------------------------------------------------------------- states


def decide_by_state(table: tuple[recist11.StateRule, ...], states: list[LesionState]) -> str:
    lesions = {f"L{number}": state for number, state in enumerate(states)}
    rule, _ = sentences.by_state(table, lesions, {})
    return rule.category


@pytest.mark.parametrize(
    ("states", "category"),
    [
        ([LesionState.PRESENT, LesionState.UNEQUIVOCAL_PROGRESSION], "PD"),
        ([LesionState.NOT_EVALUABLE, LesionState.PRESENT], "NE"),
        ([LesionState.ABSENT, LesionState.PRESENT], "NON-CR/NON-PD"),
        ([LesionState.ABSENT, LesionState.ABSENT], "CR"),
    ],
)
def test_non_target_rules(states, category):
    assert decide_by_state(recist11.NON_TARGET_RULES, states) == category


@pytest.mark.parametrize(
    ("states", "category"),
    [
        ([LesionState.NOT_EVALUABLE, LesionState.UNEQUIVOCAL], "YES"),
        ([LesionState.NOT_EVALUABLE, LesionState.EQUIVOCAL], "NE"),
        ([LesionState.ABSENT, LesionState.EQUIVOCAL], "EQUIVOCAL"),
        ([LesionState.ABSENT], "NO"),
        ([], "NO"),
    ],
)
def test_new_lesion_rules(states, category):
    assert decide_by_state(recist11.NEW_LESION_RULES, states) == category


# ------------------------------------------------------------------------- percentages


@pytest.mark.parametrize(
    ("total", "reference", "shown"),
    [
        ("107.9999", "90", "19.99"),
        ("108", "90", "20.00"),
        ("70.001", "100", "-29.99"),
        ("9.8", "14", "-30.00"),
        ("32.4", "27", "20.00"),
        ("99.999", "100", "0.00"),
        ("43.5", "35", "24.28"),
    ],
)
def test_a_shown_percentage_never_reaches_a_threshold_the_true_one_did_not(total, reference, shown):
    assert str(recist11.change_pct(Decimal(total), Decimal(reference))) == shown


def test_there_is_no_percentage_over_nothing():
    assert recist11.change_pct(Decimal(5), Decimal(0)) is None
