"""The step from one time point to the next as a graph: pairs, merges, splits, and what is left.

First the best one-to-one answer over all lesions and marks, repeated with the registration error
that neighbours share taken out; then merges and splits among what that left over.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from response.geometry import Points
from response.match import limits
from response.match.assignment import Assignment, assign
from response.match.candidates import Candidate, Expected, find_candidates, is_astray
from response.match.edges import Edge, Pair, Scene, Wishes
from response.match.extent import Shape
from response.match.fusion import find_merges, find_splits, unpair_fused
from response.match.given import find_contradictions


@dataclass(frozen=True, slots=True)
class Graph:
    """What became of the lesions at one time point.

    ``pairs`` is one-to-one; ``merges`` are further lesions of a paired mark, ``splits`` further
    marks of a lesion that has one. ``lone_lesions`` and ``lone_marks`` hold the confidence of
    having no partner. ``touched`` holds, for a lesion without a mark, the marks at its place and
    how far each covers it.
    """

    pairs: tuple[Edge, ...]
    merges: tuple[Edge, ...]
    splits: tuple[Edge, ...]
    lone_lesions: Mapping[int, float]
    lone_marks: Mapping[int, float]
    touched: Mapping[int, Mapping[int, float]]


def build_graph(lesions: Sequence[Expected], shapes: Sequence[Shape], wishes: Wishes) -> Graph:
    """Join lesions and marks.

    Parameters
    ----------
    lesions, shapes
        The lesions where they are expected and the marks, in this time point's space.
    wishes
        What persons, readers and Tracking UIDs said of pairs (lesion, mark).
    """
    shifts = np.zeros((len(lesions), 3))
    free = replace(wishes, forced=wishes.forced - wishes.given)
    for last in (*[False] * (limits.ROUNDS - 1), True):
        candidates = find_candidates(lesions, shapes, shifts)
        answer = _assign(lesions, shapes, candidates, free)
        if not last:
            lesions = _rescale(lesions, candidates, answer.pairs)
            shifts = _shared_error(lesions, shapes, {**answer.pairs, **dict(free.forced)})
    doubts = find_contradictions(wishes, answer.pairs, candidates, lesions, shapes)
    if wishes.given:
        answer = _assign(lesions, shapes, candidates, wishes)
    return _complete(Scene(lesions, shapes, candidates, shifts, wishes, doubts), answer)


def _assign(
    lesions: Sequence[Expected],
    shapes: Sequence[Shape],
    candidates: Sequence[Candidate],
    wishes: Wishes,
) -> Assignment:
    """Solve the one-to-one problem for everything that was not settled."""
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


def _rescale(
    lesions: Sequence[Expected], candidates: Sequence[Candidate], pairs: Mapping[int, int]
) -> list[Expected]:
    """Correct the bound of the step's error by the errors of the pairs found so far."""
    surprises = [c.surprise for c in candidates if pairs.get(c.lesion) == c.mark]
    if len(surprises) < limits.SCALE_PAIRS:
        return list(lesions)
    measured = float(np.median(surprises)) / limits.CHI_SQUARED_3_MEDIAN
    weight = len(surprises) / (len(surprises) + limits.SCALE_PRIOR)
    low, high = limits.SCALE_RANGE
    correction = (weight * measured + 1 - weight) ** 0.5
    return [replace(x, scale=min(max(x.scale * correction, low), high)) for x in lesions]


def _shared_error(
    lesions: Sequence[Expected], shapes: Sequence[Shape], pairs: Mapping[int, int]
) -> Points:
    """Estimate per lesion the error of its place from its neighbours' (never from its own)."""
    shifts = np.zeros((len(lesions), 3))
    found = np.array(sorted(i for i in pairs if lesions[i].findable), dtype=np.intp)
    if len(found) < 2:
        return shifts
    centres = np.array([lesions[i].extent.centroid for i in found])
    errors = np.array([shapes[pairs[i]].centroid for i in found.tolist()]) - centres
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


def _complete(scene: Scene, answer: Assignment) -> Graph:
    """Add merges and splits to the one-to-one answer, and name what is left."""
    first_forced = _one_to_one(sorted(scene.wishes.forced))
    pairs = [scene.force(pair) for pair in first_forced]
    pairs += [Edge(i, j, _pair_confidence(scene, answer, i, j)) for i, j in answer.pairs.items()]
    merges, splits = _fuse(scene, pairs)
    loosened = unpair_fused(scene, pairs)
    if len(loosened) < len(pairs):
        others = _fuse(scene, loosened)
        if {e.lesion for e in pairs} <= {e.lesion for e in (*loosened, *others[0])}:
            pairs, (merges, splits) = loosened, others
    lesions = {e.lesion for e in (*pairs, *merges)}
    marks = {e.mark for e in (*pairs, *splits)}
    return Graph(
        tuple(sorted(pairs, key=lambda e: e.lesion)),
        tuple(merges),
        tuple(splits),
        {i: c for i, c in answer.lesion_confidence.items() if i not in lesions},
        {j: c for j, c in answer.mark_confidence.items() if j not in marks},
        _touched(scene, lesions),
    )


def _pair_confidence(scene: Scene, answer: Assignment, lesion: int, mark: int) -> float:
    """Return how clear the answer is, and no more than its distance allows."""
    margin = answer.lesion_confidence[lesion]
    found = next(c for c in scene.candidates if (c.lesion, c.mark) == (lesion, mark))
    astray = is_astray(found, scene.lesions[lesion])
    return min(margin, limits.ASTRAY_CONFIDENCE) if astray else margin


def _fuse(scene: Scene, pairs: Sequence[Edge]) -> tuple[list[Edge], list[Edge]]:
    """Return merges and splits: those that persons said, and those that are found."""
    lesions, marks = {e.lesion for e in pairs}, {e.mark for e in pairs}
    extra = sorted(scene.wishes.forced - {e.pair for e in pairs})
    merges = [scene.force(pair) for pair in extra if pair[0] not in lesions]
    splits = [scene.force(pair) for pair in extra if pair[0] in lesions]
    merges += find_merges(scene, pairs, lesions | {e.lesion for e in merges})
    links = {e.lesion: e.mark for e in (*pairs, *merges)}
    splits += find_splits(scene, links, marks | {e.mark for e in splits})
    return merges, splits


def _one_to_one(forced: Sequence[Pair]) -> list[Pair]:
    """Choose from the forced pairs those that stand one to one; the rest merge or split."""
    chosen: list[Pair] = []
    for lesion, mark in forced:
        if all(lesion != i and mark != j for i, j in chosen):
            chosen.append((lesion, mark))
    return chosen


def _touched(scene: Scene, linked: Collection[int]) -> dict[int, dict[int, float]]:
    """Return, for every lesion without a mark, mark → how far it covers the lesion's place."""
    touched: dict[int, dict[int, float]] = {}
    for c in scene.candidates:
        if c.lesion not in linked and c.covered >= limits.TOUCHED:
            touched.setdefault(c.lesion, {})[c.mark] = c.covered
    return touched
