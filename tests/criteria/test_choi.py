"""Choi criteria: the rules on values, and the densities over a course."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from itertools import product

import pytest
from courses import assess, ids, overall, reading, row_of, text

from response.criteria import choi
from response.criteria.recist11 import TargetCase
from response.model import AssessedTimePoint
from response.protocol import Choi as Options

MODIFIED = "[choi]\nmodified = true"


def size(total, baseline="100", nadir="100", complete=True, all_normal=False):
    known = [None if value is None else Decimal(value) for value in (total, baseline, nadir)]
    return TargetCase(known[0], complete, all_normal, known[1], known[2])


def density(now, baseline=100):
    known = None if now is None else Fraction(str(now))
    return choi.Density(None if now is None else Fraction(baseline), known)


def decide(seen, dense, modified=False):
    return choi.decide_target(choi.ChoiCase(seen, dense), Options(modified=modified))


def said(name, number, lesion, mm, hu=None, **more):
    extra = {} if hu is None else {"density_hu": Decimal(str(hu))}
    return reading(name, number, lesion, mm, extra=extra, **more)


def series(*seen):
    """One target: (length, density) 56 days apart."""
    return [said(f"W{8 * n}", 56 * n, "T1", mm, hu) for n, (mm, hu) in enumerate(seen)]


def follow(rows, protocol="", **more):
    return assess(rows, protocol, criterion="choi", **more)


# ------------------------------------------------------------------------- the target table


@pytest.mark.parametrize(
    ("total", "hu", "literal", "modified"),
    [
        ("90", 100, "PR", "SD"),
        ("90.1", 100, "SD", "SD"),
        ("100", 85, "PR", "SD"),
        ("100", "85.1", "SD", "SD"),
        ("90", 85, "PR", "PR"),
        ("109.9", 100, "SD", "SD"),
        ("110", 100, "PD", "PD"),
        ("110", "85.1", "PD", "PD"),
        ("110", 85, "PR", "SD"),
        ("90", None, "PR", "NE"),
        ("100", None, "NE", "SD"),
        ("110", None, "NE", "NE"),
    ],
)
def test_size_and_density_at_their_boundaries(total, hu, literal, modified):
    assert decide(size(total), density(hu)).category == literal
    assert decide(size(total), density(hu), modified=True).category == modified


def test_growth_over_the_nadir_outweighs_a_sum_still_below_baseline():
    assert decide(size("60", nadir="40"), density(100)).category == "PD"
    assert decide(size("60", nadir="40"), density(85)).category == "PR"
    assert decide(size("0.1", nadir="0"), density(100)).category == "PD"


def test_every_target_rule_is_reached():
    hit = [
        decide(size("0", all_normal=True), density(None)),
        decide(size("50", complete=False), density(50)),
        decide(size("100"), density(None)),
        decide(size("110"), density(100)),
        decide(size("90"), density(100)),
        decide(size("90"), density(85), modified=True),
        decide(size("100"), density(100)),
    ]
    assert [rule.id for rule in hit] == [rule.id for rule in choi.TARGET_RULES]
    anything = choi.ChoiCase(size("100"), density(None))
    assert choi.TARGET_RULES[-1].holds(anything, Options())


def test_without_a_baseline_sum_there_is_nothing_to_compare_with():
    assert decide(size("50", None, None), density(50)).id == "CHOI.TARGET.NE"


def test_an_unknown_density_gives_only_what_every_density_would():
    totals = [str(total) for total in range(1, 200, 3)]
    for total, nadir, modified in product(totals, ("40", "100"), (True, False)):
        seen = size(total, nadir=nadir)
        possible = {decide(seen, density(hu), modified).category for hu in (1, 85, 86, 200)}
        expected = possible.pop() if len(possible) == 1 else "NE"
        assert decide(seen, density(None), modified).category == expected


@pytest.mark.parametrize(
    ("now", "baseline", "pct"), [(50, 60, "-16.66"), (85, 100, "-15.00"), (None, 1, None)]
)
def test_a_change_of_density_is_cut_toward_zero(now, baseline, pct):
    shown = choi.change_of_density_pct(density(now, baseline))
    assert shown == (None if pct is None else Decimal(pct))


# ------------------------------------------------------------------------- over a course


def test_a_lighter_tumour_responds_though_it_does_not_shrink():
    row = row_of(follow(series((100, 60), (105, 50))), "W8")
    assert (row.overall_response, row.change_from_baseline_pct) == ("PR", Decimal("5.00"))
    assert "mean density 50 HU is -16.66 % from 60 HU of the same targets" in text(row)
    assert overall(follow(series((100, 60), (105, 50)), MODIFIED)) == ["SD"]


def test_the_density_of_several_targets_is_their_plain_mean():
    rows = [said("BL", 0, "T1", 80, 100), said("BL", 0, "T2", 20, 40)]
    rows += [said("W8", 56, "T1", 80, 90), said("W8", 56, "T2", 20, 29)]
    row = row_of(follow(rows), "W8")
    assert row.overall_response == "PR"
    assert "mean density 59.5 HU is -15.00 % from 70 HU" in text(row)


@pytest.mark.parametrize("gone", ["ABSENT", "TOO_SMALL", 0])
def test_a_target_that_cannot_be_measured_is_left_out_then_and_now(gone):
    rows = [said("BL", 0, "T1", 80, 100), said("BL", 0, "T2", 5, 10)]
    rows += [said("W8", 56, "T1", 80, 84), said("W8", 56, "T2", gone)]
    assert "mean density 84 HU is -16.00 % from 100 HU" in text(row_of(follow(rows), "W8"))


def test_the_density_of_a_split_lesion_is_the_mean_of_its_parts():
    rows = series((50, 100))
    rows += [said("W8", 56, "T1", 25, hu, part=part) for part, hu in (("a", 90), ("b", 79))]
    assert "mean density 84.5 HU is -15.50 %" in text(row_of(follow(rows), "W8"))


def test_three_parts_are_compared_exactly():
    rows = series((60, 100))
    rows += [
        said("W8", 56, "T1", 20, hu, part=part) for part, hu in (("a", 85), ("b", 85), ("c", 85))
    ]
    assert overall(follow(rows)) == ["PR"]


@pytest.mark.parametrize(
    ("then", "now", "why"),
    [
        (None, 80, "the density of T1 is not given at baseline"),
        (80, None, "the density of T1 is not given here"),
        (10, 5, "the density at baseline is not above 10 HU"),
        (-20, -40, "the density at baseline is not above 10 HU"),
    ],
)
def test_what_hangs_on_a_density_that_is_not_known_is_not_evaluable(then, now, why):
    row = row_of(follow(series((100, then), (100, now))), "W8")
    assert (row.target_response, row.overall_response) == ("NE", "NE")
    assert "CHOI.TARGET.NE.DENSITY" in ids(row)
    assert why in text(row)


def test_from_which_density_on_per_cent_count_may_be_chosen():
    rows = series((100, 10), (100, 5))
    assert overall(follow(rows, "[choi]\nminimum_baseline_hu = 9.9")) == ["PR"]


def test_what_the_size_decides_alone_does_not_ask_for_the_density():
    row = row_of(follow(series((100, 60), (90, None))), "W8")
    assert row.overall_response == "PR"
    assert "density not known, and not asked" in text(row)


def test_without_a_target_left_that_could_have_a_density_the_size_decides():
    rows = [said("BL", 0, "T1", 20, 60), said("W8", 56, "T1", "TOO_SMALL")]
    row = row_of(follow(rows), "W8")
    assert row.overall_response == "PR"
    assert "no target is left that could have a density" in text(row)


def test_a_complete_response_and_a_target_that_was_not_assessed_are_as_in_recist():
    assert overall(follow(series((20, 60), ("ABSENT", None)))) == ["CR"]
    missing = [said("BL", 0, "T1", 20, 60), said("BL", 0, "T2", 20, 60), said("W8", 56, "T1", 40)]
    row = row_of(follow(missing), "W8")
    assert "CHOI.TARGET.NE" in ids(row)
    assert "T2 (not assessed: no row)" in text(row)


@pytest.mark.parametrize("nodule", ["N1", "P1"])
def test_a_new_or_growing_nodule_inside_a_tumour_is_progression(nodule):
    rows = series((100, 60), (80, 40))
    called = "UNEQUIVOCAL" if nodule == "N1" else "UNEQUIVOCAL_PROGRESSION"
    if nodule == "P1":
        rows.append(reading("W0", 0, "P1", "PRESENT"))
    row = row_of(follow([*rows, reading("W8", 56, nodule, called)]), "W8")
    assert (row.target_response, row.overall_response) == ("PR", "PD")
    assert all(name.startswith("CHOI.") for name in ids(row))


def test_worsening_symptoms_leave_sd_with_a_word():
    noted = (
        AssessedTimePoint(
            "W8", reading("W8", 56, "T1", 1).date, facts={"clinical_progression": "true"}
        ),
    )
    row = row_of(follow(series((100, 60), (100, 60)), said=noted), "W8")
    assert row.overall_response == "SD"
    assert "CHOI.SYMPTOMS" in ids(row)
