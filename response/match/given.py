"""What marks call their own lesions: Tracking UIDs that come with a drawing (PS3.3 C.8.20.2).

A UID that comes back at a later time point is the marker's word that it is the same lesion. One
that is seen at a single time point says nothing: many programs write a fresh one into every file.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from response.match.candidates import Candidate, Expected, is_astray
from response.match.edges import Pair, Wishes
from response.match.extent import Shape
from response.match.followed import Followed
from response.match.model import MarkedTimePoint


def find_recurring(time_points: Sequence[MarkedTimePoint]) -> frozenset[str]:
    """Find the UIDs that marks of several time points carry."""
    seen: dict[str, set[int]] = defaultdict(set)
    for position, time_point in enumerate(time_points):
        for mark in time_point.marks:
            seen[mark.given].add(position)
    return frozenset(uid for uid, positions in seen.items() if uid and len(positions) > 1)


def find_carriers(shapes: Sequence[Shape]) -> dict[str, list[int]]:
    """Find the marks (by position) that carry each UID."""
    carriers: dict[str, list[int]] = defaultdict(list)
    for j, shape in enumerate(shapes):
        if shape.mark.given:
            carriers[shape.mark.given].append(j)
    return dict(carriers)


def add_given(
    wishes: Wishes,
    active: Sequence[Followed],
    shapes: Sequence[Shape],
    settled: Collection[int],
    recurring: Collection[str],
) -> Wishes:
    """Add what the UIDs of marks say to what persons and roles say, which goes before.

    Parameters
    ----------
    wishes
        What was said so far.
    active
        Lesions that are looked for.
    shapes
        The marks.
    settled
        Marks (by position) that persons spoke of.
    recurring
        UIDs that several time points have.
    """
    carriers = find_carriers(shapes)
    claims: dict[int, set[str]] = defaultdict(set)
    for uid in carriers:
        holders = [i for i, x in enumerate(active) if x.is_called(uid)]
        if len(holders) == 1:
            claims[holders[0]].add(uid)
    spoken = {i for i, _ in wishes.forced}
    given = {
        (i, j)
        for i, uids in claims.items()
        if len(uids) == 1 and i not in spoken
        for j in carriers[next(iter(uids))]
        if j not in settled and (i, j) not in wishes.forbidden
    }
    own = {
        (i, j)
        for uid, marks in carriers.items()
        if uid in recurring and not any(x.is_called(uid) for x in active)
        for j in marks
        for i, x in enumerate(active)
        if not x.given.isdisjoint(recurring)
    }
    return replace(
        wishes,
        forced=wishes.forced | given,
        own=wishes.own | (own - wishes.forced),
        given=frozenset(given),
    )


def doubt_given(shapes: Sequence[Shape]) -> dict[int, str]:
    """Say of marks (by position) that share one UID at one time point that they do."""
    return {
        j: "several marks of this time point have its Tracking UID"
        for marks in find_carriers(shapes).values()
        if len(marks) > 1
        for j in marks
    }


def find_contradictions(
    wishes: Wishes,
    found: Mapping[int, int],
    candidates: Sequence[Candidate],
    lesions: Sequence[Expected],
    shapes: Sequence[Shape],
) -> dict[Pair, str]:
    """Say where the places of lesions and marks speak against what their UIDs say.

    Parameters
    ----------
    wishes
        With what UIDs say.
    found
        Lesion → mark as their places alone have it.
    candidates
        The pairs that lie near each other.
    lesions, shapes
        The lesions where they are expected, and the marks.
    """
    near = {
        (c.lesion, c.mark)
        for c in candidates
        if not is_astray(c, lesions[c.lesion]) or lesions[c.lesion].gone
    }
    lesion_of = {j: i for i, j in found.items()}
    said: dict[Pair, str] = {}
    for i, j in wishes.given:
        if found.get(i) == j or not lesions[i].findable:
            continue
        elsewhere = found.get(i)
        if elsewhere is not None and (i, elsewhere) not in wishes.given:
            said[i, j] = f"by its place it would be label {shapes[elsewhere].mark.label}"
        elif j in lesion_of and (lesion_of[j], j) not in wishes.given:
            said[i, j] = "by its place the mark would be another lesion"
        elif (i, j) not in near:
            said[i, j] = "it lies far from where the lesion is expected"
    return said
