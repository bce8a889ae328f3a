"""Lesions measured in two dimensions: the product of their diameters, and the smallest so far.

Here ``diameter_mm`` and ``short_diameter_mm`` are the longest diameter and the one perpendicular to
it, nodes included; whichever of the two is larger counts as the longest. A node whose
``diameter_mm`` is its short axis, as RECIST has it, gives the other as ``longest_diameter_mm``.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from response.criteria.frame import Walk, explain_merged, find_whole, why_not
from response.criteria.lesions import NO_ROW, ZERO
from response.model import LesionReading
from response.terms import LesionState

TOO_SMALL_MM = Decimal(5)
"""A lesion still seen but too small to measure counts as 5 x 5 mm."""


@dataclass(frozen=True, slots=True)
class Product:
    """One lesion in two dimensions: millimetres, and square millimetres over all its parts."""

    longest_mm: Decimal
    short_mm: Decimal
    product_mm2: Decimal
    node: bool = False

    @property
    def gone(self) -> bool:
        """Not visible: 0 x 0."""
        return self.longest_mm == ZERO


GONE = Product(ZERO, ZERO, ZERO)


@dataclass(frozen=True, slots=True)
class Measured:
    """The targets of one time point: what is known, and why the rest is not."""

    products: Mapping[str, Product]
    missing: Mapping[str, str]

    @property
    def total(self) -> Decimal:
        """The sum of the products that are known, square millimetres."""
        return sum((one.product_mm2 for one in self.products.values()), ZERO)


def find_longest(reading: LesionReading) -> Decimal | None:
    """The longest diameter of a row, in millimetres."""
    return reading.extra.get("longest_diameter_mm", reading.diameter_mm)


def measure_product(readings: Sequence[LesionReading]) -> tuple[Product | None, str]:
    """The product of a lesion over its parts, or why it is not known.

    Examples
    --------
    >>> row = LesionReading("W8", dt.date(2025, 3, 1), "T1", None, diameter_mm=Decimal(12))
    >>> measure_product([row])
    (None, 'short_diameter_mm is not given')
    """
    if not readings:
        return None, NO_ROW
    parts = [_part(reading) for reading in readings]
    for part, why in parts:
        if part is None:
            return None, why
    known = [part for part, _ in parts if part is not None]
    largest = max(known, key=lambda one: (one.longest_mm, one.short_mm))
    total = sum((one.product_mm2 for one in known), ZERO)
    return Product(largest.longest_mm, largest.short_mm, total, readings[0].node), ""


def _part(reading: LesionReading) -> tuple[Product | None, str]:
    first, second = find_longest(reading), reading.extra.get("short_diameter_mm")
    if first is not None and second is not None:
        if (first == ZERO) is not (second == ZERO):
            return None, "one diameter is 0 mm, the other is not"
        return Product(max(first, second), min(first, second), first * second), ""
    if reading.state is LesionState.ABSENT or ZERO in (first, second):
        return GONE, ""
    if reading.state is LesionState.TOO_SMALL:
        return Product(TOO_SMALL_MM, TOO_SMALL_MM, TOO_SMALL_MM * TOO_SMALL_MM), ""
    if first is not None:
        return None, "short_diameter_mm is not given"
    return None, why_not(reading)


Measure = Callable[[Sequence[LesionReading]], tuple[Product | None, str]]
"""How a lesion is measured over its parts, or why it is not."""


def measure_targets(
    lesions: Mapping[str, tuple[LesionReading, ...]],
    targets: Sequence[str],
    walk: Walk,
    measure: Measure = measure_product,
) -> Measured:
    """All targets; one that is part of another by now adds nothing (R1-24)."""
    products: dict[str, Product] = {}
    missing: dict[str, str] = {}
    for lesion in targets:
        product, why = measure(lesions.get(lesion, ()))
        if lesion in walk.treated:
            missing[lesion] = walk.treated[lesion]
        elif lesion in walk.merged:
            why = explain_merged(walk.merged[lesion], targets)
            if why:
                missing[lesion] = why
        elif product is None:
            missing[lesion] = why
        else:
            products[lesion] = product
    return Measured(products, missing)


@dataclass(slots=True)
class Lowest:
    """The smallest product of each lesion on earlier dates, baseline included."""

    seen: dict[str, Product] = field(default_factory=dict)
    to_come: dict[str, Product] = field(default_factory=dict)
    date: dt.date = dt.date.min

    def begin(self, date: dt.date) -> None:
        """Begin a time point: what earlier dates showed now counts."""
        if date > self.date:
            self.date = date
            for name, product in self.to_come.items():
                self.seen[name] = smaller(self.seen.get(name), product)
            self.to_come = {}

    def add(self, name: str, product: Product) -> None:
        """Remember what this time point shows, for later dates."""
        self.to_come[name] = smaller(self.to_come.get(name), product)


def smaller(first: Product | None, second: Product) -> Product:
    """The smaller product, the earlier of two alike."""
    return second if first is None or second.product_mm2 < first.product_mm2 else first


def name_group(lesion: str, targets: Iterable[str], merged: Mapping[str, str]) -> tuple[str, ...]:
    """A lesion and all that became one with it, by name."""
    if not merged:
        return (lesion,)
    return tuple(sorted(one for one in targets if find_whole(merged, one) == lesion))


def find_lowest(group: Sequence[str], lowest: Lowest) -> Product | None:
    """The smallest a lesion was; for one that others joined, of all together.

    Until then that is the sum of what each was at its smallest, so that joining alone is no
    growth (*ours*). ``None`` where one of them was never measured.
    """
    alone = [lowest.seen.get(one) for one in group]
    known = [one for one in alone if one is not None]
    whole = lowest.seen.get("+".join(group))
    if len(group) == 1 or len(known) < len(alone):
        return whole
    largest = max(known, key=lambda one: (one.longest_mm, one.short_mm))
    total = sum((one.product_mm2 for one in known), ZERO)
    apart = Product(largest.longest_mm, largest.short_mm, total, largest.node)
    return apart if whole is None else smaller(whole, apart)
