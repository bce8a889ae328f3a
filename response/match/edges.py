"""Lesions and marks that belong together: what was said of them, and what was found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from response.geometry import Points
from response.match.candidates import Candidate, Expected
from response.match.extent import Shape

Pair = tuple[int, int]
"""A lesion and a mark, by their positions in the lists compared."""


@dataclass(frozen=True, slots=True)
class Wishes:
    """What was said of pairs.

    ``forced`` belong together, ``forbidden`` do not in any way. ``own`` are marks with a lesion of
    their own: the pair may be a split, but the mark is not that lesion. ``given`` are those of
    ``forced`` that no person said, but the Tracking UID that came with the mark.
    """

    forced: frozenset[Pair] = frozenset()
    forbidden: frozenset[Pair] = frozenset()
    own: frozenset[Pair] = frozenset()
    given: frozenset[Pair] = frozenset()


@dataclass(frozen=True, slots=True)
class Edge:
    """A lesion and a mark that belong together, and how sure that is.

    ``given``: not a person forced it, but the Tracking UID that came with the mark; ``doubt`` is
    what speaks against that.
    """

    lesion: int
    mark: int
    confidence: float
    forced: bool = False
    given: bool = False
    doubt: str = ""

    @property
    def pair(self) -> Pair:
        """The edge without its confidence."""
        return self.lesion, self.mark


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """One time point: lesions where they are expected, marks, and which are near each other.

    ``shifts`` (n, 3) mm is the error that a lesion's neighbours share, added to its place.
    ``doubts`` is what speaks against pairs that Tracking UIDs say.
    """

    lesions: Sequence[Expected]
    shapes: Sequence[Shape]
    candidates: Sequence[Candidate]
    shifts: Points
    wishes: Wishes
    doubts: Mapping[Pair, str]

    def force(self, pair: Pair) -> Edge:
        """Make the edge of a pair that was said to belong together."""
        given = pair in self.wishes.given
        return Edge(*pair, 1.0, True, given, self.doubts.get(pair, ""))

    def centre(self, lesion: int) -> Points:
        """Where the lesion's centre is expected."""
        return np.asarray(self.lesions[lesion].extent.centroid + self.shifts[lesion])
