"""How sure a category is: the closed form, the simulation, and that they agree."""

from __future__ import annotations

import csv
import math
from dataclasses import replace
from decimal import Decimal

import pytest
from click.testing import CliRunner
from courses import course, day
from hypothesis import given, settings
from hypothesis import strategies as st

from response.assess import assess_subject, build_course
from response.certainty import BY_LENGTH, compute_certainty
from response.cli import main
from response.closed_form import categories_of_sums
from response.criteria import CRITERIA
from response.measured_again import SAMPLES, simulate
from response.model import Reader, SubjectFacts
from response.protocol import Protocol, parse_protocol
from response.terms import Intervention

FACTS = SubjectFacts("S1", treatment_start=day(0))
FIVE_PERCENT = "[repeatability]\nwithin_lesion_cv_pct = 5"


def certainties(rows, protocol="", criterion="recist11"):
    chosen = parse_protocol(protocol)
    made = assess_subject("S1", Reader(), rows, FACTS, chosen, criterion=criterion)
    return compute_certainty(
        build_course("S1", Reader(), rows, FACTS), made.assessments, chosen, criterion
    )


def normal_below(z):
    return math.erfc(-z / math.sqrt(2)) / 2


# ------------------------------------------------------------------------- the closed form


def test_a_sum_on_the_boundary_of_response_is_a_coin_toss():
    (found,) = certainties(course(BL={"T1": 100}, W8={"T1": 70}), FIVE_PERCENT)
    assert found.overall_response == "PR"
    assert found.probability == pytest.approx(0.5, abs=1e-3)
    assert found.alternatives == pytest.approx({"SD": 0.5}, abs=1e-3)
    assert found.borderline
    assert not found.simulated


@pytest.mark.parametrize("now", [50, 60, 65, 75, 85])
def test_response_is_the_normal_probability_of_a_difference(now):
    """PR where c - 0.7 B <= 0: one normal variable; progression is out of reach."""
    (found,) = certainties(course(BL={"T1": 100}, W8={"T1": now}), FIVE_PERCENT)
    spread = math.hypot(0.05 * now, 0.7 * 5)
    response = normal_below((70 - now) / spread)
    odds = {found.overall_response: found.probability} | dict(found.alternatives)
    assert odds.get("PR", 0) == pytest.approx(response, abs=1e-4)


def test_progression_is_the_normal_probability_of_a_difference():
    (found,) = certainties(course(BL={"T1": 100}, W8={"T1": 126}), FIVE_PERCENT)
    spread = math.hypot(0.05 * 126, 1.2 * 5)
    assert found.overall_response == "PD"
    assert found.probability == pytest.approx(normal_below(6 / spread), abs=1e-3)


def test_of_small_sums_the_five_millimetres_decide():
    found = categories_of_sums((10, 0.5), [], (15, 0.5))
    assert found["PD"] == pytest.approx(0.5, abs=1e-3)


def test_errors_of_several_lesions_average_out():
    one = certainties(course(BL={"T1": 100}, W8={"T1": 64}), FIVE_PERCENT)[0]
    four = certainties(
        course(BL={f"T{n}": 25 for n in range(4)}, W8={f"T{n}": 16 for n in range(4)}), FIVE_PERCENT
    )[0]
    assert four.probability > one.probability > 0.5


def test_a_nadir_that_might_be_at_another_visit_makes_progression_likelier():
    alone = categories_of_sums((100, 5), [(50, 2.5)], (58, 2.9))
    twice = categories_of_sums((100, 5), [(50, 2.5), (51, 2.5)], (58, 2.9))
    assert twice["PD"] > alone["PD"] + 0.02


@given(
    st.floats(5, 200), st.floats(0.5, 10), st.floats(1, 300), st.floats(0.5, 10),
    st.lists(st.tuples(st.floats(1, 200), st.floats(0.5, 10)), max_size=4),
)  # fmt: skip
def test_the_probabilities_of_all_categories_add_up_to_one(mean, sd, now, sd_now, earlier):
    found = categories_of_sums((mean, sd), earlier, (now, sd_now))
    assert sum(found.values()) == pytest.approx(1, abs=1e-9)
    assert min(found.values()) >= -1e-12


def test_a_certain_progression_by_a_new_lesion_stays_certain():
    rows = course(BL={"T1": 100}, W8={"T1": 70, "N1": "UNEQUIVOCAL"})
    (found,) = certainties(rows)
    assert (found.overall_response, found.probability) == ("PD", pytest.approx(1))
    assert found.target_probability == pytest.approx(0.5, abs=1e-3)
    assert not found.borderline


def test_all_targets_gone_is_certain():
    (found,) = certainties(course(BL={"T1": 20}, W8={"T1": "ABSENT"}))
    assert (found.overall_response, found.probability, found.simulated) == ("CR", 1.0, False)


def test_a_threshold_of_the_protocol_says_what_is_borderline():
    rows = course(BL={"T1": 100}, W8={"T1": 64})
    (found,) = certainties(rows)
    exact = found.probability
    for limit, borderline in ((exact - 0.01, False), (exact + 0.01, True)):
        (again,) = certainties(rows, f"[repeatability]\nborderline_below = {limit:.4f}")
        assert again.borderline is borderline


# --------------------------------------------------------------------------- the simulation


@settings(max_examples=15, deadline=None)
@given(
    st.lists(st.floats(8, 60), min_size=1, max_size=4),
    st.lists(st.floats(0.5, 1.5), min_size=1, max_size=3),
)
def test_the_closed_form_is_what_the_rules_say_of_lengths_measured_again(lengths, factors):
    visits = {"BL": {f"T{n}": round(mm, 1) for n, mm in enumerate(lengths)}}
    for number, factor in enumerate(factors):
        visits[f"W{number}"] = {f"T{n}": round(mm * factor, 1) for n, mm in enumerate(lengths)}
    rows = course(**visits)
    counted = simulate(build_course("S1", Reader(), rows, FACTS), Protocol(), "recist11")
    for found in certainties(rows):
        assert not found.simulated
        odds = {found.overall_response: found.probability} | dict(found.alternatives)
        for category in ("PR", "SD", "PD"):
            share = odds.get(category, 0.0)
            error = 4.5 * math.sqrt(max(share * (1 - share), 1 / SAMPLES) / SAMPLES)
            assert counted[found.time_point].overall.get(category, 0) == pytest.approx(
                share, abs=error
            )


@settings(max_examples=10, deadline=None)
@given(st.lists(st.floats(7, 14), min_size=1, max_size=2), st.floats(15, 30))
def test_where_only_nodes_are_left_the_closed_form_is_what_the_rules_say(nodes, before):
    first = {f"L{n}": round(before, 1) for n in range(len(nodes))}
    now = {f"L{n}": round(mm, 1) for n, mm in enumerate(nodes)}
    rows = course(BL={"T1": 12, **first}, W8={"T1": "ABSENT", **now})
    counted = simulate(build_course("S1", Reader(), rows, FACTS), Protocol(), "recist11")
    (found,) = certainties(rows)
    assert not found.simulated
    odds = {found.overall_response: found.probability} | dict(found.alternatives)
    for category in ("CR", "PR", "SD", "PD"):
        share = odds.get(category, 0.0)
        error = 4.5 * math.sqrt(max(share * (1 - share), 1 / SAMPLES) / SAMPLES)
        assert counted["W8"].overall.get(category, 0) == pytest.approx(share, abs=error)


@pytest.mark.parametrize(
    "rows",
    [
        course(BL={"L1": 20, "L2": 20, "L3": 20}, W8={"L1": 9.8, "L2": 9, "L3": 8}),
        course(BL={"L1": 20}, W8={"L1": 9}, W16={"L1": 12}),
        course(BL={"T1": 20, "T2": 20}, W8={"T1": 30, "T2": "NOT_EVALUABLE"}),
    ],
    ids=["three nodes about to be normal", "after what may have been CR", "an incomplete sum"],
)
def test_where_the_closed_form_does_not_apply_the_course_is_measured_again(rows):
    found = certainties(rows)[-1]
    assert found.simulated
    assert 0 < found.probability <= 1
    assert found.probability + sum(found.alternatives.values()) == pytest.approx(1, abs=2e-3)


def test_a_node_at_ten_millimetres_is_normal_half_of_the_time():
    (found,) = certainties(
        course(BL={"T1": 30, "L1": 20}, W8={"T1": "ABSENT", "L1": 10}), FIVE_PERCENT
    )
    assert dict(found.alternatives)["CR"] == pytest.approx(0.5, abs=1e-3)


def test_the_same_question_gets_the_same_answer():
    rows = course(BL={"L1": 20}, W8={"L1": 9.6})
    assert certainties(rows) == certainties(rows)


def test_an_option_that_looks_back_is_simulated():
    rows = course(BL={"T1": 50}, W8={"T1": 30}, W16={"T1": 35.5})
    found = certainties(rows, '[rules]\npr_persistence = "eortc_carry_forward"')
    assert all(one.simulated for one in found)
    assert found[1].overall_response == "PR"


def test_a_row_of_a_time_point_that_is_not_read_any_more_says_nothing():
    rows = course(BL={"T1": 50}, W8={"T1": 30}, W16={"T1": 30})
    made = assess_subject("S1", Reader(), rows, FACTS, Protocol())
    fewer = build_course("S1", Reader(), rows[:2], FACTS)
    found = compute_certainty(fewer, made.assessments, Protocol(), "recist11")
    assert [one.time_point for one in found] == ["W8"]


def test_nothing_is_said_where_no_length_decides():
    assert certainties(course(BL={"P1": "PRESENT"}, W8={"P1": "ABSENT"})) == ()
    rows = course(BL={"T1": 50}, W8={"T1": 30})
    with_suv = [replace(row, extra={"sul_peak": Decimal(5)}) for row in rows]
    made = assess_subject("S1", Reader(), rows, FACTS, Protocol())
    read = build_course("S1", Reader(), with_suv, FACTS)
    assert compute_certainty(read, made.assessments, Protocol(), "percist10") == ()


@pytest.mark.parametrize("criterion", sorted(BY_LENGTH & set(CRITERIA)))
def test_every_criterion_of_lengths_can_be_asked(criterion):
    extra = {"viable_diameter_mm": Decimal(30), "short_diameter_mm": Decimal(30)}
    rows = [replace(row, extra=extra) for row in course(BL={"T1": 50}, W8={"T1": 60})]
    (found,) = certainties(rows, criterion=criterion)
    assert found.probability + sum(found.alternatives.values()) == pytest.approx(1, abs=2e-3)


def test_a_lesion_treated_on_study_leaves_the_closed_form():
    rows = course(BL={"T1": 50, "T2": 20}, W8={"T1": 40, "T2": 20})
    assert not certainties(rows)[0].simulated
    rows[-1] = replace(rows[-1], intervention=Intervention.IRRADIATED)
    assert certainties(rows)[0].simulated


# ------------------------------------------------------------------------- from the command line

TABLE = """\
subject,time_point,date,lesion,role,diameter_mm,state
S1,BL,2025-01-01,T1,TARGET,50,
S1,W8,2025-02-26,T1,TARGET,34.5,
S2,BL,2025-01-01,P1,NON_TARGET,,PRESENT
S2,W8,2025-02-26,P1,NON_TARGET,,ABSENT
"""


def test_a_table_of_certainty_is_written_only_when_asked(tmp_path):
    table = tmp_path / "lesions.csv"
    table.write_text(TABLE, encoding="utf-8")
    command = ["assess-table", str(table), "--out", str(tmp_path)]
    assert CliRunner().invoke(main, command).exit_code == 0
    assert not (tmp_path / "certainty.csv").exists()
    before = (tmp_path / "assessments.csv").read_bytes()
    assert CliRunner().invoke(main, [*command, "--certainty"]).exit_code == 0
    assert (tmp_path / "assessments.csv").read_bytes() == before
    with (tmp_path / "certainty.csv").open(encoding="utf-8", newline="") as file:
        (row,) = csv.DictReader(file)
    assert (row["subject"], row["time_point"], row["overall_response"]) == ("S1", "W8", "PR")
    assert 0.5 < float(row["probability"]) < 0.6
    assert (row["borderline"], row["method"]) == ("true", "closed form")
    assert row["alternatives"].startswith("SD 0.4")
