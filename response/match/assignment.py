"""The best one-to-one answer over all candidates, and how close the second best is."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from math import exp, inf

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

Costs = NDArray[np.float64]
FORBIDDEN = 1e6
"""A cost no answer takes if there is any other; finite, because the solver needs it so."""

CERTAIN = 50.0
"""Odds (nats) claimed where there is no second answer at all."""


@dataclass(frozen=True, slots=True)
class Assignment:
    """One-to-one links and, for every lesion and mark, the confidence in what it was given.

    ``pairs`` maps lesion to mark; the confidences are in [0, 1].
    """

    pairs: Mapping[int, int]
    lesion_confidence: Mapping[int, float]
    mark_confidence: Mapping[int, float]


def assign(
    costs: Mapping[tuple[int, int], float],
    gone_costs: Sequence[float],
    new_costs: Sequence[float],
) -> Assignment:
    """Find the cheapest one-to-one answer.

    Parameters
    ----------
    costs
        Cost (nats) of each pair (lesion, mark) that is possible.
    gone_costs
        Per lesion, the cost of leaving it without a mark.
    new_costs
        Per mark, the cost of leaving it without a lesion.

    Examples
    --------
    >>> answer = assign({(0, 0): 1.0, (0, 1): 0.5, (1, 1): 0.2}, [4.0, 4.0], [5.0, 5.0])
    >>> answer.pairs
    {0: 0, 1: 1}
    """
    pairs: dict[int, int] = {}
    lesion_confidence = dict.fromkeys(range(len(gone_costs)), 1.0)
    mark_confidence = dict.fromkeys(range(len(new_costs)), 1.0)
    for lesions, marks in _groups(costs, len(gone_costs), len(new_costs)):
        table = _table(costs, lesions, marks, gone_costs, new_costs)
        best, chosen = _solve(table)
        links = {i: j for i, j in chosen.items() if i < len(lesions) and j < len(marks)}
        pairs.update({lesions[i]: marks[j] for i, j in links.items()})
        for i, lesion in enumerate(lesions):
            margin = _margin(table, best, _without_lesion_answer(i, links.get(i), len(marks)))
            lesion_confidence[lesion] = _probability(margin)
        taken = {j: i for i, j in links.items()}
        for j, mark in enumerate(marks):
            if j in taken:
                mark_confidence[mark] = lesion_confidence[lesions[taken[j]]]
            else:
                margin = _margin(table, best, _without_new(j, len(lesions)))
                mark_confidence[mark] = _probability(margin)
    return Assignment(dict(sorted(pairs.items())), lesion_confidence, mark_confidence)


def _groups(
    pairs: Collection[tuple[int, int]], lesions: int, marks: int
) -> list[tuple[list[int], list[int]]]:
    """Split the candidates into groups that have nothing to do with each other."""
    if not pairs:
        return []
    rows, columns = np.array(sorted(pairs)).T
    size = lesions + marks
    graph = coo_matrix((np.ones(len(rows)), (rows, columns + lesions)), shape=(size, size))
    _, group = connected_components(graph, directed=False)
    return [
        (
            [i for i in range(lesions) if group[i] == number],
            [j for j in range(marks) if group[lesions + j] == number],
        )
        for number in sorted(set(group[rows]))
    ]


def _table(
    costs: Mapping[tuple[int, int], float],
    lesions: Sequence[int],
    marks: Sequence[int],
    gone_costs: Sequence[float],
    new_costs: Sequence[float],
) -> Costs:
    """Return the square table: pairs, each lesion's own way out, each mark's own way out."""
    n, m = len(lesions), len(marks)
    table = np.full((n + m, n + m), FORBIDDEN)
    for a, i in enumerate(lesions):
        for b, j in enumerate(marks):
            table[a, b] = costs.get((i, j), FORBIDDEN)
        table[a, m + a] = gone_costs[i]
    for b, j in enumerate(marks):
        table[n + b, b] = new_costs[j]
    table[n:, m:] = 0.0
    return table


def _solve(table: Costs) -> tuple[float, dict[int, int]]:
    rows, columns = linear_sum_assignment(table)
    chosen = {int(i): int(j) for i, j in zip(rows, columns, strict=True)}
    return float(table[rows, columns].sum()), chosen


Forbid = Callable[[Costs], None]


def _without_lesion_answer(i: int, mark: int | None, marks: int) -> Forbid:
    """Forbid what the lesion was given: its mark, or having none."""

    def forbid(table: Costs) -> None:
        table[i, marks + i if mark is None else mark] = FORBIDDEN

    return forbid


def _without_new(j: int, lesions: int) -> Forbid:
    """Forbid that the mark has no lesion."""

    def forbid(table: Costs) -> None:
        table[lesions + j, j] = FORBIDDEN

    return forbid


def _margin(table: Costs, best: float, forbid: Forbid) -> float:
    """Return how much worse (nats) the best answer is that differs here."""
    changed = table.copy()
    forbid(changed)
    second, _ = _solve(changed)
    return inf if second >= FORBIDDEN / 2 else second - best


def _probability(margin: float) -> float:
    """Return the odds of the best against the second answer as a probability."""
    return 1.0 / (1.0 + exp(-min(max(margin, 0.0), CERTAIN)))
