"""The step from one time point to the next as a graph: pairs, merges, splits, and what is left.

First the best one-to-one answer over all lesions and marks, repeated with the registration error
that neighbours share taken out; then merges and splits among what that left over, on evidence of
place and volume. One lesion shrinking away beside a growing one is not a merge: a merged mark
covers the place of the lesion that lost its own. Likewise a part of a split lies in the earlier
lesion's extent, else it is something new beside it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from response.geometry import Points
from response.match import limits
from response.match.assignment import Assignment, assign
from response.match.candidates import Candidate, Expected, find_candidates, pair_cost, size_cost
from response.match.extent import Shape

Pair = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Wishes:
    """What was said of pairs (lesion, mark), by position.

    ``forced`` belong together, ``forbidden`` do not in any way. ``own`` are marks with a lesion of
    their own: the pair may be a split, but the mark is not that lesion.
    """

    forced: frozenset[Pair] = frozenset()
    forbidden: frozenset[Pair] = frozenset()
    own: frozenset[Pair] = frozenset()


@dataclass(frozen=True, slots=True)
class Edge:
    """Lesion and mark that belong together, by position, and how sure that is."""

    lesion: int
    mark: int
    confidence: float
    forced: bool = False


@dataclass(frozen=True, slots=True)
class Graph:
    """What became of the lesions at one time point.

    ``pairs`` is one-to-one; ``merges`` are further lesions of a paired mark, ``splits`` further
    marks of a paired lesion. The confidences are those of having no partner, for every lesion and
    mark. ``touched`` holds, for a lesion without a mark, the marks at its place.
    """

    pairs: tuple[Edge, ...]
    merges: tuple[Edge, ...]
    splits: tuple[Edge, ...]
    lone_lesions: Mapping[int, float]
    lone_marks: Mapping[int, float]
    touched: Mapping[int, tuple[int, ...]]
    shifts: Points


def build_graph(
    lesions: Sequence[Expected],
    shapes: Sequence[Shape],
    wishes: Wishes,
) -> Graph:
    """Join lesions and marks.

    Parameters
    ----------
    lesions, shapes
        The lesions where they are expected and the marks, in this time point's space.
    wishes
        What persons and readers said of pairs (lesion, mark).
    """
    shifts = np.zeros((len(lesions), 3))
    for last in (*[False] * (limits.ROUNDS - 1), True):
        candidates = find_candidates(lesions, shapes, shifts)
        answer = _assign(lesions, shapes, candidates, wishes)
        if not last:
            shifts = _shared_error(lesions, shapes, {**answer.pairs, **dict(wishes.forced)})
    return _complete(_Scene(lesions, shapes, candidates, shifts, wishes), answer)


@dataclass(frozen=True, slots=True, eq=False)
class _Scene:
    lesions: Sequence[Expected]
    shapes: Sequence[Shape]
    candidates: Sequence[Candidate]
    shifts: Points
    wishes: Wishes

    def centre(self, lesion: int) -> Points:
        return np.asarray(self.lesions[lesion].extent.centroid + self.shifts[lesion])


def _assign(
    lesions: Sequence[Expected],
    shapes: Sequence[Shape],
    candidates: Sequence[Candidate],
    wishes: Wishes,
) -> Assignment:
    """Solve the one-to-one problem for everything a person has not settled."""
    settled_lesions = {i for i, _ in wishes.forced}
    settled_marks = {j for _, j in wishes.forced}
    refused = wishes.forbidden | wishes.own
    gone = [limits.GONE_AGAIN_COST if x.gone else limits.GONE_COST for x in lesions]
    worst = limits.NEW_COST + limits.COUNTED_MARGIN
    costs = {
        (c.lesion, c.mark): c.cost
        for c in candidates
        if (c.lesion, c.mark) not in refused
        and c.lesion not in settled_lesions
        and c.mark not in settled_marks
        and c.cost < gone[c.lesion] + worst
    }
    return assign(costs, gone, [limits.NEW_COST] * len(shapes))


def _shared_error(
    lesions: Sequence[Expected], shapes: Sequence[Shape], pairs: Mapping[int, int]
) -> Points:
    """Estimate per lesion the error of its place from its neighbours' (never from its own)."""
    shifts = np.zeros((len(lesions), 3))
    if len(pairs) < 2:
        return shifts
    found = np.array(sorted(pairs))
    centres = np.array([lesions[i].extent.centroid for i in found])
    errors = np.array([shapes[pairs[i]].centroid for i in found]) - centres
    ratios = [
        shapes[pairs[i]].mark.volume_mm3 / lesions[i].extent.volume_mm3 for i in found.tolist()
    ]
    believed = np.exp(-np.abs(np.log(ratios)))
    for i, lesion in enumerate(lesions):
        if not lesion.findable:
            continue
        apart = np.linalg.norm(centres - lesion.extent.centroid, axis=1)
        weights = believed * np.exp(-((apart / limits.NEIGHBOUR_REACH_MM) ** 2) / 2)
        weights[found == i] = 0.0
        shifts[i] = weights @ errors / (weights.sum() + limits.NEIGHBOUR_PRIOR)
    return shifts


def _complete(scene: _Scene, answer: Assignment) -> Graph:
    forced = sorted(scene.wishes.forced)
    first_forced = _one_to_one(forced)
    pairs = [Edge(i, j, 1.0, True) for i, j in first_forced] + [
        Edge(i, j, answer.lesion_confidence[i]) for i, j in answer.pairs.items()
    ]
    paired_lesions, paired_marks = {e.lesion for e in pairs}, {e.mark for e in pairs}
    extra = [pair for pair in forced if pair not in first_forced]
    merges = [Edge(i, j, 1.0, True) for i, j in extra if i not in paired_lesions]
    splits = [Edge(i, j, 1.0, True) for i, j in extra if i in paired_lesions]
    merges += _find_merges(scene, pairs, paired_lesions | {e.lesion for e in merges})
    splits += _find_splits(scene, pairs, paired_marks | {e.mark for e in splits})
    linked = paired_lesions | {e.lesion for e in merges}
    return Graph(
        tuple(sorted(pairs, key=lambda e: e.lesion)),
        tuple(merges),
        tuple(splits),
        {i: c for i, c in answer.lesion_confidence.items() if i not in linked},
        answer.mark_confidence,
        _touched(scene, linked),
        scene.shifts,
    )


def _one_to_one(forced: Sequence[Pair]) -> list[Pair]:
    """Choose from the forced pairs those that stand one to one; the rest merge or split."""
    chosen: list[Pair] = []
    for lesion, mark in forced:
        if all(lesion != i and mark != j for i, j in chosen):
            chosen.append((lesion, mark))
    return chosen


def _find_merges(scene: _Scene, pairs: Sequence[Edge], taken: Collection[int]) -> list[Edge]:
    """Find lesions without a mark whose place lies in another lesion's mark."""
    partner = {edge.mark: edge.lesion for edge in pairs}
    best: dict[int, Candidate] = {}
    for c in scene.candidates:
        lone = c.lesion not in taken and not scene.lesions[c.lesion].gone
        lone = lone and (c.lesion, c.mark) not in scene.wishes.forbidden | scene.wishes.own
        if lone and c.mark in partner and c.covered >= limits.MERGE_COVERED:
            best[c.lesion] = max(best.get(c.lesion, c), c, key=lambda x: (x.covered, -x.mark))
    merges = []
    for mark in sorted({c.mark for c in best.values()}):
        joining = [c for c in best.values() if c.mark == mark]
        together = [partner[mark], *(c.lesion for c in joining)]
        volume = sum(scene.lesions[i].extent.volume_mm3 for i in together)
        plausible = scene.shapes[mark].mark.volume_mm3 >= limits.FUSED_VOLUME * volume
        odds = _merge_odds(scene, partner[mark], together, mark)
        merges += [
            Edge(c.lesion, mark, _overlap_confidence(c.covered, odds, plausible)) for c in joining
        ]
    return merges


def _merge_odds(scene: _Scene, one: int, together: Sequence[int], mark: int) -> float:
    """Return how much better (nats) the mark fits all lesions together than the one alone."""
    shape = scene.shapes[mark]
    volumes = np.array([scene.lesions[i].extent.volume_mm3 for i in together])
    centres = np.array([scene.centre(i) for i in together])
    joint = np.asarray(volumes @ centres / volumes.sum())
    now = shape.mark.volume_mm3
    alone = pair_cost(scene.lesions[one], scene.centre(one), shape.centroid, now)
    fused = pair_cost(scene.lesions[one], joint, shape.centroid, now)
    alone_size = size_cost(now / scene.lesions[one].extent.volume_mm3)
    return alone - fused + alone_size - size_cost(now / float(volumes.sum()))


def _find_splits(scene: _Scene, pairs: Sequence[Edge], taken: Collection[int]) -> list[Edge]:
    """Find marks without a lesion that lie in the earlier extent of a lesion with a mark."""
    partner = {edge.lesion: edge.mark for edge in pairs if not scene.lesions[edge.lesion].gone}
    best: dict[int, Candidate] = {}
    for c in scene.candidates:
        lone = c.mark not in taken and c.lesion in partner
        lone = lone and (c.lesion, c.mark) not in scene.wishes.forbidden
        if lone and c.contained >= limits.SPLIT_CONTAINED:
            best[c.mark] = max(best.get(c.mark, c), c, key=lambda x: (x.contained, -x.lesion))
    splits = []
    for lesion in sorted({c.lesion for c in best.values()}):
        leaving = [c for c in best.values() if c.lesion == lesion]
        parts = [partner[lesion], *(c.mark for c in leaving)]
        volume = sum(scene.shapes[j].mark.volume_mm3 for j in parts)
        before = scene.lesions[lesion].extent.volume_mm3
        odds = _split_odds(scene, lesion, partner[lesion], parts)
        plausible = volume >= limits.FUSED_VOLUME * before
        splits += [
            Edge(lesion, c.mark, _overlap_confidence(c.contained, odds, plausible)) for c in leaving
        ]
    return splits


def _split_odds(scene: _Scene, lesion: int, one: int, parts: Sequence[int]) -> float:
    """Return how much better (nats) all parts together fit the lesion than the one alone."""
    volumes = np.array([scene.shapes[j].mark.volume_mm3 for j in parts])
    joint = np.asarray(volumes @ [scene.shapes[j].centroid for j in parts] / volumes.sum())
    expected, centre = scene.lesions[lesion], scene.centre(lesion)
    alone = pair_cost(
        expected, centre, scene.shapes[one].centroid, scene.shapes[one].mark.volume_mm3
    )
    return alone - pair_cost(expected, centre, joint, float(volumes.sum()))


def _overlap_confidence(overlap: float, odds: float, plausible: bool) -> float:
    """Return the confidence in a merge or split from its overlap and the odds of its volumes."""
    certainty = min(overlap / limits.CLEAR_OVERLAP, 1.0) * limits.CONFIDENT
    if overlap >= limits.CLEAR_OVERLAP and odds > 0:
        certainty += (
            (1 - limits.CONFIDENT) * (overlap - limits.CLEAR_OVERLAP) / (1 - limits.CLEAR_OVERLAP)
        )
    elif odds < 0:
        certainty = min(certainty, limits.CONFIDENT * 0.9)
    return certainty if plausible else certainty / 2


def _touched(scene: _Scene, linked: Collection[int]) -> dict[int, tuple[int, ...]]:
    """Return, for every lesion without a mark, the marks that lie at its place."""
    touched: dict[int, tuple[int, ...]] = {}
    for c in scene.candidates:
        if c.lesion not in linked and c.covered >= limits.TOUCHED:
            touched[c.lesion] = (*touched.get(c.lesion, ()), c.mark)
    return touched
