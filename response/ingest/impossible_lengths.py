"""Lengths of one lesion on one scan that cannot both be true: the shorter one is the longer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal

from response.ingest.csv_table import Problem
from response.ingest.measurement_rows import Columns, describe

LYMPH_NODE = "lymph node"
DIAMETER, LONGEST, SHORT, VIABLE = (
    "diameter_mm",
    "longest_diameter_mm",
    "short_diameter_mm",
    "viable_diameter_mm",
)


def find_impossible_lengths(part: Columns) -> list[Problem]:
    """Rows whose lengths contradict each other: a typing error, or two columns swapped.

    Of a node ``diameter_mm`` is the short axis; it, and ``short_diameter_mm``, are compared with
    ``longest_diameter_mm`` where that is given. Of any other lesion ``diameter_mm`` is the longest
    unless that is given.
    """
    if not any(part.extra):
        return []
    nodes = _find_nodes(part)
    problems = []
    rows = zip(
        part.numbers, part.time_point, part.lesion, part.diameter_mm, part.extra, strict=True
    )
    for number, time_point, lesion, diameter, extra in rows:
        said = extra if diameter is None else {DIAMETER: diameter, **extra}
        where = describe(part.subject, time_point, lesion)
        for shorter, longer in _choose_pairs(said, node=nodes[lesion]):
            problems.append(
                (
                    number,
                    f"{where}{shorter} is {said[shorter]}, longer than {longer}, {said[longer]}: "
                    "correct the one that is wrong",
                )
            )
    return problems


def _choose_pairs(said: Mapping[str, Decimal], *, node: bool) -> Iterable[tuple[str, str]]:
    """The pairs, the shorter one first, that contradict each other."""
    longest = LONGEST if LONGEST in said or node else DIAMETER
    pairs = [(SHORT, longest), *([(DIAMETER, LONGEST)] if node else [(VIABLE, DIAMETER)])]
    for shorter, longer in pairs:
        if shorter in said and longer in said and said[shorter] > said[longer]:
            yield shorter, longer


def _find_nodes(part: Columns) -> dict[str, bool]:
    """Which lesions are nodes: what a row says, else the organ."""
    nodes: dict[str, bool] = {}
    for lesion, node in zip(part.lesion, part.node, strict=True):
        if node is not None:
            nodes.setdefault(lesion, node)
    organs: dict[str, bool] = {}
    for lesion, organ in zip(part.lesion, part.organ, strict=True):
        organs[lesion] = organs.get(lesion, False) or LYMPH_NODE in organ.casefold()
    return organs | nodes
