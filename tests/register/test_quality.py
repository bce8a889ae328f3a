"""The trust gate: each doubt alone is enough, and the fallback is the last step still sound."""

from __future__ import annotations

from dataclasses import replace

import pytest

from response.register.figures import Figures
from response.register.quality import NO_SCALE, judge

GOOD = Figures(
    start_shift_mm=12.0,
    rotation_deg=2.0,
    overlap=0.98,
    similarity_rigid=0.6,
    similarity=0.95,
    local_similarity=0.97,
    folded_fraction=0.0,
    bend_p95_mm=12.0,
    bend_max_mm=22.0,
    disagreement_median_mm=2.0,
    disagreement_p95_mm=4.5,
    back_residual_mm=0.0,
    mirror_gain=-0.2,
)


def test_good_figures_are_trusted() -> None:
    verdict = judge(GOOD)
    assert verdict.trusted
    assert verdict.keep == "deformable"


def test_a_long_way_between_the_scans_is_trusted_and_said() -> None:
    verdict = judge(replace(GOOD, start_shift_mm=1200.0))
    assert verdict.trusted
    assert "1200 mm" in verdict.reason


def test_a_rigid_step_that_fits_better_than_bending_is_trusted() -> None:
    verdict = judge(replace(GOOD, similarity_rigid=0.99, similarity=0.93))
    assert (verdict.keep, verdict.trusted) == ("rigid", True)


def test_a_rigid_step_is_not_trusted_for_being_better_than_a_failure() -> None:
    verdict = judge(replace(GOOD, similarity_rigid=0.6, similarity=0.3))
    assert (verdict.keep, verdict.trusted) == ("rigid", False)


@pytest.mark.parametrize(
    ("figure", "value", "keep", "word"),
    [
        ("start_shift_mm", 5000.0, "deformable", "5000 mm apart"),
        ("mirror_gain", 0.2, "deformable", "orientation"),
        ("overlap", 0.1, "deformable", "10%"),
        ("similarity_rigid", 0.05, "centre", "rigid step"),
        ("rotation_deg", 80.0, "centre", "80 degrees"),
        ("folded_fraction", 0.02, "rigid", "folds"),
        ("similarity", 0.65, "rigid", "after bending"),
        ("similarity", 0.55, "rigid", "after bending"),
        ("local_similarity", 0.3, "rigid", "local correlation"),
        ("bend_p95_mm", 70.0, "rigid", "bent by 70 mm"),
        ("disagreement_median_mm", 9.0, "rigid", "two methods differ"),
        ("back_residual_mm", 4.0, "rigid", "there and back"),
    ],
)
def test_one_doubt_is_enough(figure: str, value: float, keep: str, word: str) -> None:
    verdict = judge(replace(GOOD, **{figure: value}))
    assert not verdict.trusted
    assert verdict.keep == keep
    assert word in verdict.reason


def test_without_an_absolute_scale_less_likeness_is_asked_for() -> None:
    brain = replace(GOOD, similarity=0.57, local_similarity=0.88, similarity_rigid=0.35)
    assert not judge(brain).trusted
    assert judge(brain, demands=NO_SCALE).trusted


def test_figures_that_are_not_numbers_are_not_trusted() -> None:
    assert not judge(replace(GOOD, similarity=float("nan"))).trusted


def test_an_engine_that_gave_up_leaves_the_rigid_step() -> None:
    verdict = judge(GOOD, "ANTs ended with status 1")
    assert (verdict.keep, verdict.trusted) == ("rigid", False)
    assert "status 1" in verdict.reason


def test_doubt_widens_the_expected_error() -> None:
    trusted = judge(GOOD).expected_error_mm
    assert judge(replace(GOOD, disagreement_p95_mm=9.0)).expected_error_mm > trusted
    assert judge(replace(GOOD, mirror_gain=0.2)).expected_error_mm > trusted
    assert judge(replace(GOOD, rotation_deg=80.0)).expected_error_mm > trusted
