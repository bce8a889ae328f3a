"""Places carried over registrations to scans that have no record of a lesion."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from dashboard.carry import carry_place, find_steps


class Shift:
    """A transform that moves every point by a fixed step."""

    def __init__(self, step):
        self.step = np.array(step, dtype=float)

    def map_points(self, points):
        return points + self.step

    def map_points_back(self, points):
        return points - self.step


@pytest.fixture
def chain(synthetic):
    """Registrations A → B → C."""
    first = synthetic.registration("S")
    return [
        replace(first, from_scan_id="A", to_scan_id="B", transform_path="ab"),
        replace(first, from_scan_id="B", to_scan_id="C", transform_path="bc", trusted=False),
    ]


SHIFTS = {"ab": Shift((1, 0, 0)), "bc": Shift((0, 10, 0))}


def test_a_place_is_carried_forwards(chain):
    found = carry_place((0, 0, 0), find_steps(chain, "A", {"C"}), SHIFTS.get)
    assert (found.scan_id, found.place) == ("C", (1, 10, 0))


def test_a_place_is_carried_back(chain):
    found = carry_place((0, 0, 0), find_steps(chain, "C", {"A"}), SHIFTS.get)
    assert (found.scan_id, found.place) == ("A", (-1, -10, 0))


def test_a_way_is_trusted_only_if_every_step_is(chain):
    assert carry_place((0, 0, 0), find_steps(chain, "A", {"B"}), SHIFTS.get).trusted
    assert not carry_place((0, 0, 0), find_steps(chain, "A", {"C"}), SHIFTS.get).trusted


def test_expected_errors_add_up(chain):
    found = carry_place((0, 0, 0), find_steps(chain, "A", {"C"}), SHIFTS.get)
    assert found.expected_error_mm == 18


def test_without_a_way_nothing_is_carried(chain):
    assert find_steps(chain, "A", {"Z"}) is None
    assert carry_place((0, 0, 0), (), SHIFTS.get) is None


def test_a_registration_without_a_transform_leads_nowhere(chain):
    broken = [replace(chain[0], transform_path="")]
    assert find_steps(broken, "A", {"B"}) is None
