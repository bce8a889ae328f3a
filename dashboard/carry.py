"""Where a lesion's place lies in a scan that has no record of it: carried by the registrations.

For looking only: it answers "was it there before?", and nothing is measured or matched on it.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable, Container, Sequence
from dataclasses import dataclass

import numpy as np

from response.model import Point, Registration
from response.register import Transform


@dataclass(frozen=True, slots=True)
class CarriedPlace:
    """A place in another scan, and how far it can be believed."""

    scan_id: str
    place: Point
    expected_error_mm: float
    trusted: bool


Step = tuple[Registration, bool]
"""A registration, and whether it is gone forwards (earlier to later)."""


def find_steps(
    registrations: Sequence[Registration], start: str, goals: Container[str]
) -> tuple[Step, ...] | None:
    """Return the shortest way over registrations from a scan to one of the goals, or None."""
    steps: dict[str, list[tuple[str, Step]]] = defaultdict(list)
    for registration in registrations:
        if registration.transform_path:
            steps[registration.from_scan_id].append((registration.to_scan_id, (registration, True)))
            steps[registration.to_scan_id].append(
                (registration.from_scan_id, (registration, False))
            )
    seen = {start}
    waiting: deque[tuple[str, tuple[Step, ...]]] = deque([(start, ())])
    while waiting:
        scan_id, way = waiting.popleft()
        if scan_id in goals:
            return way
        for onward, step in steps[scan_id]:
            if onward not in seen:
                seen.add(onward)
                waiting.append((onward, (*way, step)))
    return None


def carry_place(
    place: Point, way: Sequence[Step], load: Callable[[str], Transform]
) -> CarriedPlace | None:
    """Carry a place (LPS mm) along a way; None for a way of no steps.

    Parameters
    ----------
    place
        In the scan where the way begins.
    way
        From :func:`find_steps`.
    load
        Returns the transform of a registration's ``transform_path``.
    """
    if not way:
        return None
    points = np.array([place], dtype=np.float64)
    for registration, forwards in way:
        transform = load(registration.transform_path)
        points = transform.map_points(points) if forwards else transform.map_points_back(points)
    last, forwards = way[-1]
    x, y, z = (float(v) for v in points[0])
    return CarriedPlace(
        scan_id=last.to_scan_id if forwards else last.from_scan_id,
        place=(x, y, z),
        expected_error_mm=float(sum(r.expected_error_mm for r, _ in way)),
        trusted=all(r.trusted for r, _ in way),
    )
