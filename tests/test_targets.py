"""The proposal of targets at baseline."""

from __future__ import annotations

import random
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from response.protocol import Targets
from response.targets import BaselineLesion, propose_targets
from response.terms import Role


def lesion(name, organ="liver", size="20", *, node=False, thickness=5.0, given_role=None):
    longest, short = ("40", size) if node else (size, "5")
    return BaselineLesion(
        name, organ, node, Decimal(longest), Decimal(short), thickness, given_role
    )


def roles(*lesions, **limits):
    return {name: one.role for name, one in propose_targets(lesions, Targets(**limits)).items()}


@pytest.mark.parametrize(("size", "role"), [("10", Role.TARGET), ("9.9", Role.NON_TARGET)])
def test_a_lesion_is_measurable_from_10_mm(size, role):
    assert roles(lesion("A", size=size)) == {"A": role}


@pytest.mark.parametrize(
    ("size", "thickness", "role"),
    [
        ("14.9", 7.5, Role.NON_TARGET),
        ("15", 7.5, Role.TARGET),
        ("10", 5.0, Role.TARGET),
        ("10", None, Role.TARGET),
    ],
)
def test_in_thick_slices_a_lesion_is_measurable_from_twice_the_thickness(size, thickness, role):
    assert roles(lesion("A", size=size, thickness=thickness)) == {"A": role}


@pytest.mark.parametrize(
    ("short_axis", "role"),
    [("15", Role.TARGET), ("14.9", Role.NON_TARGET), ("10", Role.NON_TARGET), ("9.9", None)],
)
def test_a_node_counts_by_its_short_axis(short_axis, role):
    assert roles(lesion("A", size=short_axis, node=True)) == {"A": role}


def test_at_most_two_in_an_organ_and_five_in_all_the_largest_first():
    lesions = [lesion(f"L{n}", size=str(50 - n)) for n in range(3)]
    lesions += [lesion(f"U{n}", "left lung" if n else "RIGHT LUNG", str(30 - n)) for n in range(3)]
    lesions += [lesion(f"N{n}", f"chain {n}", str(25 - n), node=True) for n in range(2)]
    chosen = {name for name, role in roles(*lesions).items() if role is Role.TARGET}
    assert chosen == {"L0", "L1", "U0", "U1", "N0"}


def test_nodes_are_one_organ_unless_the_protocol_says_otherwise():
    nodes = [lesion(f"N{n}", f"chain {n}", "20", node=True) for n in range(3)]
    assert list(roles(*nodes).values()).count(Role.TARGET) == 2
    assert list(roles(*nodes, nodes_one_organ=False).values()).count(Role.TARGET) == 3


def test_the_cap_of_an_organ_cannot_be_applied_to_one_that_is_not_known():
    proposals = propose_targets([lesion(f"A{n}", "") for n in range(3)])
    assert {one.role for one in proposals.values()} == {Role.TARGET}
    assert "organ unknown" in proposals["A0"].reason


def test_bone_is_no_target_unless_a_reader_says_so():
    assert roles(lesion("A", "Vertebra L3")) == {"A": Role.NON_TARGET}
    assert roles(lesion("A", "Vertebra L3", given_role=Role.TARGET)) == {"A": Role.TARGET}


def test_roles_given_are_kept_and_count_toward_the_limits():
    given_two = [lesion(name, size="12", given_role=Role.TARGET) for name in "YZ"]
    assert roles(lesion("A", size="50"), *given_two) == {
        "A": Role.NON_TARGET,
        "Y": Role.TARGET,
        "Z": Role.TARGET,
    }
    assert roles(lesion("A", given_role=Role.NON_TARGET))["A"] is Role.NON_TARGET


def test_of_equal_lesions_the_first_by_name_is_taken():
    assert roles(lesion("B"), lesion("A"), max_total=1) == {"A": Role.TARGET, "B": Role.NON_TARGET}


@given(st.lists(st.integers(50, 400), max_size=9), st.randoms(use_true_random=False))
def test_the_order_of_lesions_never_matters(tenths, chance: random.Random):
    lesions = [
        lesion(f"L{n}", ("liver", "lung", "")[n % 3], str(Decimal(size) / 10), node=n % 4 == 0)
        for n, size in enumerate(tenths)
    ]
    shuffled = list(lesions)
    chance.shuffle(shuffled)
    assert propose_targets(shuffled) == propose_targets(lesions)
    assert list(roles(*lesions).values()).count(Role.TARGET) <= 5
