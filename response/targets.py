"""The baseline target proposal: what a person may then change. Pure.

Source: RECIST 1.1, sections 3 and 4.1-4.2 (RULES R1-02, R1-04, R1-06, R1-10, R1-11).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from response.protocol import Protocol
from response.terms import Role

MEASURABLE_MM = Decimal(10)
"""R1-02: longest diameter of a measurable lesion, at slices of up to 5 mm."""

THIN_SLICE_MM = 5.0
"""R1-02: above this slice thickness a lesion must be twice as long as a slice is thick."""

TARGET_NODE_MM = Decimal(15)
"""R1-04: short axis of a node that may be target."""

PATHOLOGICAL_NODE_MM = Decimal(10)
"""R1-04: short axis of a node that is recorded at all."""


@dataclass(frozen=True, slots=True)
class BaselineLesion:
    """A lesion as marked at baseline; ``given_role`` is what a reader or person said."""

    lesion: str
    organ: str
    node: bool
    longest_diameter_mm: Decimal
    short_axis_mm: Decimal
    slice_thickness_mm: float | None
    given_role: Role | None


@dataclass(frozen=True, slots=True)
class Proposal:
    """A role (``None``: a normal node, not recorded) and why."""

    role: Role | None
    reason: str


def propose_targets(lesions: Iterable[BaselineLesion], protocol: Protocol) -> dict[str, Proposal]:
    """Return a role for every lesion: the largest measurable ones become targets.

    Roles that were given are kept and count toward the limits. A lesion of unknown organ counts
    toward the total only: the limit for each organ cannot be applied to it.

    Examples
    --------
    >>> lesion = BaselineLesion("L1", "liver", False, Decimal("9.9"), Decimal("8"), 3.0, None)
    >>> propose_targets([lesion], Protocol())["L1"]
    Proposal(role=<Role.NON_TARGET: 'NON_TARGET'>, reason='longest diameter 9.9 mm is below 10 mm')
    """
    ordered = sorted(lesions, key=lambda x: (x.given_role is None, -_size(x), x.lesion))
    organs: Counter[str] = Counter()
    made: dict[str, Proposal] = {}
    for lesion in ordered:
        proposal = _propose(lesion, organs, protocol)
        made[lesion.lesion] = proposal
        if proposal.role is Role.TARGET:
            organs[_organ(lesion, protocol)] += 1
    return made


def _size(lesion: BaselineLesion) -> Decimal:
    return lesion.short_axis_mm if lesion.node else lesion.longest_diameter_mm


def _organ(lesion: BaselineLesion, protocol: Protocol) -> str:
    if lesion.node and protocol.targets.nodes_one_organ:
        return "lymph nodes"
    return lesion.organ.strip().casefold() or f"unknown organ of {lesion.lesion}"


def _propose(lesion: BaselineLesion, organs: Counter[str], protocol: Protocol) -> Proposal:
    limits = protocol.targets
    if lesion.given_role is not None:
        return Proposal(lesion.given_role, "given")
    if lesion.node and lesion.short_axis_mm < PATHOLOGICAL_NODE_MM:
        return Proposal(None, f"a node of short axis {lesion.short_axis_mm} mm is normal")
    problem = _unmeasurable(lesion)
    if problem:
        return Proposal(Role.NON_TARGET, problem)
    if organs.total() >= limits.max_total:
        return Proposal(Role.NON_TARGET, f"there are {limits.max_total} larger targets")
    organ = _organ(lesion, protocol)
    if organs[organ] >= limits.max_per_organ:
        return Proposal(Role.NON_TARGET, f"{organ}: {limits.max_per_organ} targets already")
    known = "" if lesion.organ else "; organ unknown, the limit for each organ is not applied"
    return Proposal(Role.TARGET, f"measurable, {_size(lesion)} mm{known}")


def _unmeasurable(lesion: BaselineLesion) -> str:
    """Return why a lesion cannot be a target, or nothing."""
    if lesion.node:
        short = lesion.short_axis_mm
        return "" if short >= TARGET_NODE_MM else f"short axis {short} mm is below 15 mm"
    if lesion.organ.strip().casefold() == "bone":
        return "bone is measurable only in its soft-tissue part, which a reader must say"
    least = MEASURABLE_MM
    if lesion.slice_thickness_mm is not None and lesion.slice_thickness_mm > THIN_SLICE_MM:
        least = max(least, 2 * Decimal(str(lesion.slice_thickness_mm)))
    longest = lesion.longest_diameter_mm
    return "" if longest >= least else f"longest diameter {longest} mm is below {least} mm"
