"""Which marks might be which lesions, and what each pairing costs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import log

import numpy as np

from response.geometry import Points
from response.match import limits
from response.match.extent import Extent, Shape, equivalent_radius_mm


@dataclass(frozen=True, slots=True, eq=False)
class Expected:
    """A lesion where it is expected at this time point.

    ``error_mm`` bounds how far off that place may be; ``gone`` says that it had resolved.
    """

    extent: Extent
    error_mm: float
    gone: bool = False

    @property
    def sigma_mm(self) -> float:
        """Spread of the place's error along one axis."""
        bounded = min(max(self.error_mm, limits.ERROR_FLOOR_MM), limits.ERROR_CEILING_MM)
        return bounded / limits.BOUND_IN_SIGMAS

    @property
    def findable(self) -> bool:
        """Whether the registration gave it a place at all."""
        return bool(np.isfinite(self.extent.centroid).all())


@dataclass(frozen=True, slots=True)
class Candidate:
    """A lesion and a mark near each other, by their positions in the lists compared.

    ``covered`` is the part of the lesion's expected extent that lies in the mark, ``contained`` the
    part of the mark that lies in the lesion's expected extent.
    """

    lesion: int
    mark: int
    covered: float
    contained: float
    cost: float


def find_candidates(
    lesions: Sequence[Expected], shapes: Sequence[Shape], shifts: Points
) -> tuple[Candidate, ...]:
    """Return every pair of a lesion and a mark that lie near each other.

    Parameters
    ----------
    lesions, shapes
        The lesions where they are expected and the marks, both in this time point's space.
    shifts
        Per lesion, shape ``(n, 3)`` mm: the error its neighbours share, added to its place.
    """
    found = []
    for i, (lesion, shift) in enumerate(zip(lesions, shifts, strict=True)):
        if not lesion.findable:
            continue
        reach = limits.GAP_BOUNDS * limits.BOUND_IN_SIGMAS * lesion.sigma_mm
        centre, points = lesion.extent.centroid + shift, lesion.extent.points + shift
        for j, shape in enumerate(shapes):
            if _clearly_apart(lesion, shape, centre, reach):
                continue
            to_mark = shape.distances_mm(points)
            if to_mark.min() > reach:
                continue
            slack = limits.INSIDE_SLACK * limits.BOUND_IN_SIGMAS * lesion.sigma_mm
            to_lesion = lesion.extent.distances_mm(shape.sample - shift)
            found.append(
                Candidate(
                    i,
                    j,
                    float((to_mark <= slack).mean()),
                    float((to_lesion <= slack).mean()),
                    pair_cost(lesion, centre, shape.centroid, shape.mark.volume_mm3),
                )
            )
    return tuple(found)


def pair_cost(lesion: Expected, centre: Points, place: Points, volume_mm3: float) -> float:
    """Return the cost (nats) of something of this place and volume being the lesion.

    The error of the place follows a heavy-tailed distribution whose spread is that of the
    registration, of the outline, and of where in the earlier extent a remainder may lie.
    """
    before, now = lesion.extent.radius_mm, equivalent_radius_mm(volume_mm3)
    sigma = float(
        np.hypot(
            np.hypot(lesion.sigma_mm, limits.SHAPE_SIGMA * (before - now)),
            limits.OUTLINE_SIGMA * max(before, now),
        )
    )
    squared = float(((place - centre) ** 2).sum()) / sigma**2
    nu = limits.TAIL_FREEDOM
    place_cost = (nu + 3) / 2 * log(1 + squared / nu) + 3 * log(sigma / lesion.sigma_mm)
    return place_cost + size_cost(volume_mm3 / lesion.extent.volume_mm3)


def size_cost(ratio: float) -> float:
    """Return the cost (nats) of a change of volume by this factor."""
    return min((log(ratio) / limits.SIZE_SIGMA) ** 2 / 2, limits.SIZE_COST_CEILING)


def _clearly_apart(lesion: Expected, shape: Shape, centre: Points, reach: float) -> bool:
    """Tell from boxes alone that a pair is too far apart, to spare the trees."""
    offset = centre - lesion.extent.centroid
    low, high = lesion.extent.points.min(axis=0), lesion.extent.points.max(axis=0)
    gap = np.maximum(shape.low - (high + offset), (low + offset) - shape.high)
    return bool((gap > reach + lesion.extent.reach_mm + shape.half_mm.max()).any())
