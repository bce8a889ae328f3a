"""Which marks might be which lesions, and what each pairing costs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, hypot, inf, log

import numpy as np

from response.geometry import Points
from response.match import limits
from response.match.extent import Extent, Shape, equivalent_radius_mm


@dataclass(frozen=True, slots=True, eq=False)
class Expected:
    """A lesion where it is expected at this time point.

    ``error_mm`` bounds how far off that place may be, ``likely_mm`` is what 95 of 100 keep to;
    ``gone`` says that it had resolved. ``scale`` is how much larger the errors of this step turned
    out than was likely.
    """

    extent: Extent
    error_mm: float
    likely_mm: float
    gone: bool = False
    scale: float = 1.0

    @property
    def sigma_mm(self) -> float:
        """Likely spread of the place's error along one axis."""
        likely = min(self.likely_mm * self.scale, limits.ERROR_CEILING_MM)
        return max(likely, limits.ERROR_FLOOR_MM) / limits.BOUND_IN_SIGMAS

    @property
    def reach_mm(self) -> float:
        """How far from its place it is looked for."""
        return min(max(self.error_mm, limits.LEAST_REACH_MM), limits.ERROR_CEILING_MM)

    @property
    def slack_mm(self) -> float:
        """How far outside an outline a point still counts as inside."""
        return limits.INSIDE_SLACK * limits.BOUND_IN_SIGMAS * self.sigma_mm

    @property
    def findable(self) -> bool:
        """Whether the registration gave it a place at all."""
        return bool(np.isfinite(self.extent.centroid).all())


@dataclass(frozen=True, slots=True)
class Candidate:
    """A lesion and a mark near each other, by their positions in the lists compared.

    ``covered`` is the part of the lesion's expected extent that lies in the mark, ``contained`` the
    part of the mark that lies in the lesion's expected extent. ``surprise`` is the squared
    distance of the centres over its expected spread.
    """

    lesion: int
    mark: int
    covered: float
    contained: float
    cost: float
    surprise: float


def is_astray(candidate: Candidate, lesion: Expected) -> bool:
    """Tell whether a pair lies beyond the likely error and does not overlap either.

    A lesion that had resolved is not said to be back from nearness alone: it has to overlap.
    """
    overlap = max(candidate.covered, candidate.contained)
    far = candidate.surprise > limits.BOUND_IN_SIGMAS**2
    return overlap < limits.OVERLAPPING and (far or lesion.gone)


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
    lows = np.array([shape.low - shape.half_mm.max() for shape in shapes]).reshape(-1, 3)
    highs = np.array([shape.high + shape.half_mm.max() for shape in shapes]).reshape(-1, 3)
    for i, (lesion, shift) in enumerate(zip(lesions, shifts, strict=True)):
        if not lesion.findable:
            continue
        # Boxes first, all marks at once: the trees are asked only where they may say something.
        points, wide = lesion.extent.points + shift, lesion.reach_mm + lesion.extent.reach_mm
        gaps = np.maximum(lows - points.max(axis=0), points.min(axis=0) - highs)
        for j in np.flatnonzero((gaps <= wide).all(axis=1)).tolist():
            candidate = _compare(i, lesion, j, shapes[j], shift)
            if candidate is not None:
                found.append(candidate)
    return tuple(found)


def _compare(i: int, lesion: Expected, j: int, shape: Shape, shift: Points) -> Candidate | None:
    to_mark = shape.distances_mm(lesion.extent.points + shift)
    if to_mark.min() > lesion.reach_mm:
        return None
    to_lesion = lesion.extent.distances_mm(shape.sample - shift)
    covered = float((to_mark <= lesion.slack_mm).mean())
    contained = float((to_lesion <= lesion.slack_mm).mean())
    volume, centre = shape.mark.volume_mm3, lesion.extent.centroid + shift
    place = min(
        place_cost(lesion, centre, shape.centroid, volume), overlap_cost(max(covered, contained))
    )
    cost = place + size_cost(volume / lesion.extent.volume_mm3)
    return Candidate(
        i, j, covered, contained, cost, surprise(lesion, centre, shape.centroid, volume)
    )


def spread_mm(lesion: Expected, volume_mm3: float, sigma_mm: float) -> float:
    """Return how far (sigma, one axis) the centre of a mark of this volume may be off.

    The spread is that of the registration (``sigma_mm``), of the outline, and of where in the
    earlier extent a remainder may lie.
    """
    before, now = lesion.extent.radius_mm, equivalent_radius_mm(volume_mm3)
    shape = hypot(limits.SHAPE_SIGMA * (before - now), limits.OUTLINE_SIGMA * max(before, now))
    return hypot(sigma_mm, shape)


def surprise(lesion: Expected, centre: Points, place: Points, volume_mm3: float) -> float:
    """Return the squared distance of two centres over its likely spread."""
    squared = float(((place - centre) ** 2).sum())
    return squared / spread_mm(lesion, volume_mm3, lesion.sigma_mm) ** 2


def place_cost(lesion: Expected, centre: Points, place: Points, volume_mm3: float) -> float:
    """Return the cost (nats) of something of this place and volume being the lesion.

    The error of the place is mostly that of a good registration, with heavy tails, and for a share
    of the lesions that of one gone astray.
    """
    sigma, nu = lesion.sigma_mm, limits.TAIL_FREEDOM
    near = spread_mm(lesion, volume_mm3, sigma)
    far = spread_mm(lesion, volume_mm3, max(sigma, limits.ASTRAY_SIGMA_MM))
    squared = float(((place - centre) ** 2).sum())
    reference = limits.REFERENCE_SIGMA_MM
    good = (1 + squared / near**2 / nu) ** (-(nu + 3) / 2) * (reference / near) ** 3
    astray = exp(-squared / far**2 / 2) * (reference / far) ** 3
    likely = (1 - limits.ASTRAY_SHARE) * good + limits.ASTRAY_SHARE * astray
    return -log(max(likely, limits.LEAST_LIKELY))


def overlap_cost(overlap: float) -> float:
    """Return the cost (nats) of a pair that lies one in the other, wherever the centres are.

    Large lesions that merge or part move their centre further than any registration error.
    """
    if overlap < limits.OVERLAPPING:
        return inf
    return limits.OVERLAP_COST + limits.OVERLAP_SLOPE * (1 - overlap)


def size_cost(ratio: float) -> float:
    """Return the cost (nats) of a change of volume by this factor."""
    return min((log(ratio) / limits.SIZE_SIGMA) ** 2 / 2, limits.SIZE_COST_CEILING)
