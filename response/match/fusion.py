"""Merges and splits among what the one-to-one answer left over, on evidence of place and volume.

One lesion shrinking away beside a growing one is not a merge: a merged mark covers the place of the
lesion that lost its own, and holds the volume of both. A part of a split lies in the extent of the
earlier lesion, else it is something new beside it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import numpy as np

from response.geometry import Points
from response.match import limits
from response.match.candidates import Candidate, Expected, place_cost, size_cost
from response.match.edges import Edge, Scene


def unpair_fused(scene: Scene, pairs: Sequence[Edge]) -> list[Edge]:
    """Take back pairs of a lesion that is mostly in another's mark and has but a piece of its own.

    Such a lesion merges and parts at once: the merge and the split are then found one by one.
    """
    mark_of = {edge.lesion: edge.mark for edge in pairs}
    taken = set(mark_of.values())
    overlaps = {(c.lesion, c.mark): c for c in scene.candidates}

    def is_piece(edge: Edge) -> bool:
        own = overlaps.get(edge.pair)
        piece = scene.shapes[edge.mark].mark.volume_mm3
        return (
            not edge.forced
            and own is not None
            and own.contained >= limits.SPLIT_CONTAINED
            and piece < limits.PIECE * scene.lesions[edge.lesion].extent.volume_mm3
        )

    def is_fused(edge: Edge) -> bool:
        return any(
            c.lesion == edge.lesion
            and c.mark != edge.mark
            and c.mark in taken
            and c.covered >= limits.MERGE_COVERED
            and c.contained >= limits.FUSED_SHARE
            for c in scene.candidates
        )

    return [edge for edge in pairs if not (is_piece(edge) and is_fused(edge))]


def find_merges(scene: Scene, pairs: Sequence[Edge], taken: Collection[int]) -> list[Edge]:
    """Find lesions without a mark (not in ``taken``) whose place lies in another lesion's mark."""
    partner = {edge.mark: edge.lesion for edge in pairs}
    refused = scene.wishes.forbidden | scene.wishes.own
    best: dict[int, Candidate] = {}
    for c in scene.candidates:
        lone = c.lesion not in taken and not scene.lesions[c.lesion].gone
        allowed = c.mark in partner and (c.lesion, c.mark) not in refused
        if lone and allowed and c.covered >= limits.MERGE_COVERED:
            best[c.lesion] = max(best.get(c.lesion, c), c, key=lambda x: (x.covered, -x.mark))
    merges = []
    for mark in sorted({c.mark for c in best.values()}):
        joining = [c for c in best.values() if c.mark == mark]
        together = [partner[mark], *(c.lesion for c in joining)]
        volume = sum(scene.lesions[i].extent.volume_mm3 for i in together)
        if scene.shapes[mark].mark.volume_mm3 >= limits.FUSED_VOLUME * volume:
            odds = _merge_odds(scene, together, mark)
            merges += [Edge(c.lesion, mark, _confidence(c.covered, odds)) for c in joining]
    return merges


def find_splits(scene: Scene, links: Mapping[int, int], taken: Collection[int]) -> list[Edge]:
    """Find marks without a lesion (not in ``taken``) that lie in the extent of one with a mark.

    ``links`` holds lesion → its mark.
    """
    best: dict[int, Candidate] = {}
    for c in scene.candidates:
        lone = c.mark not in taken and (c.lesion, c.mark) not in scene.wishes.forbidden
        there = c.lesion in links and not scene.lesions[c.lesion].gone
        if lone and there and c.contained >= limits.SPLIT_CONTAINED:
            best[c.mark] = max(best.get(c.mark, c), c, key=lambda x: (x.contained, -x.lesion))
    splits = []
    for lesion in sorted({c.lesion for c in best.values()}):
        leaving = [c for c in best.values() if c.lesion == lesion]
        odds = _split_odds(scene, lesion, [links[lesion], *(c.mark for c in leaving)])
        splits += [Edge(lesion, c.mark, _confidence(c.contained, odds)) for c in leaving]
    return splits


def _merge_odds(scene: Scene, together: Sequence[int], mark: int) -> float:
    """Return how much better (nats) a mark fits all lesions together than the first alone."""
    shape, first = scene.shapes[mark], scene.lesions[together[0]]
    volumes = np.array([scene.lesions[i].extent.volume_mm3 for i in together])
    joint = np.asarray(volumes @ [scene.centre(i) for i in together] / volumes.sum())
    now = shape.mark.volume_mm3
    alone = place_cost(first, scene.centre(together[0]), shape.centroid, now)
    fused = place_cost(first, joint, shape.centroid, now)
    sizes = size_cost(now / volumes[0]) - size_cost(now / float(volumes.sum()))
    return alone - fused + sizes


def _split_odds(scene: Scene, lesion: int, parts: Sequence[int]) -> float:
    """Return how much better (nats) all parts together fit the lesion than the first alone."""
    volumes = np.array([scene.shapes[j].mark.volume_mm3 for j in parts])
    joint = np.asarray(volumes @ [scene.shapes[j].centroid for j in parts] / volumes.sum())
    expected, centre = scene.lesions[lesion], scene.centre(lesion)
    alone = _whole_cost(expected, centre, scene.shapes[parts[0]].centroid, float(volumes[0]))
    return alone - _whole_cost(expected, centre, joint, float(volumes.sum()))


def _whole_cost(lesion: Expected, centre: Points, place: Points, volume_mm3: float) -> float:
    cost = place_cost(lesion, centre, place, volume_mm3)
    return cost + size_cost(volume_mm3 / lesion.extent.volume_mm3)


def _confidence(overlap: float, odds: float) -> float:
    """Return the overlap, less where place and volume fit one lesion alone better."""
    return overlap if odds >= 0 else overlap * limits.AGAINST_ODDS
