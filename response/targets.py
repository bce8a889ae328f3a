"""Proposes targets at baseline (RECIST 1.1, sections 3 and 4.2): a reader has the last word.

The largest measurable lesions first, so many in all and so many in one organ.

Examples
--------
>>> large = BaselineLesion("L1", "liver", False, Decimal("31.0"), Decimal("20.0"), 5.0)
>>> small = BaselineLesion("L2", "liver", False, Decimal("8.0"), Decimal("6.0"), 5.0)
>>> for lesion, proposal in propose_targets([large, small]).items():
...     print(lesion, proposal.role, "-", proposal.reason)
L1 TARGET - 31.0 mm: measurable, among the largest (1 of at most 5 targets)
L2 NON_TARGET - not measurable: 8.0 mm is below 10 mm
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from response.criteria.lesions import NODE_NORMAL_BELOW_MM
from response.criteria.organs import is_bone, name_organ
from response.criteria.recist11 import MEASURABLE_MM, MEASURABLE_NODE_MM
from response.protocol import Targets
from response.terms import Role

THICK_SLICE_MM = Decimal(5)
"""R1-02: above this slice thickness the smallest measurable diameter is …"""

THICKNESS_FACTOR = 2
"""… this many times the slice thickness."""


@dataclass(frozen=True, slots=True)
class BaselineLesion:
    """A lesion at baseline: its size in millimetres, and its role where somebody gave it one.

    ``on_pet`` says that it was marked on the PET alone.
    """

    lesion: str
    organ: str
    node: bool
    longest_diameter_mm: Decimal
    short_axis_mm: Decimal
    slice_thickness_mm: float | None = None
    given_role: Role | None = None
    on_pet: bool = False

    @property
    def counting_mm(self) -> Decimal:
        """What would count in the sum: the short axis of a node, else the longest diameter."""
        return self.short_axis_mm if self.node else self.longest_diameter_mm


@dataclass(frozen=True, slots=True)
class Proposal:
    """A role and why; no role for what is not recorded at all."""

    role: Role | None
    reason: str


def propose_targets(
    lesions: Iterable[BaselineLesion], limits: Targets | None = None
) -> dict[str, Proposal]:
    """Propose a role for every lesion, by name of the lesion.

    Roles already given are kept and count toward the limits. Of two lesions of one size, the one
    whose name sorts first comes first.
    """
    allowed = limits or Targets()
    ordered = sorted(lesions, key=lambda one: (-one.counting_mm, one.lesion))
    proposals = {}
    candidates = []
    for one in ordered:
        settled = _settle(one)
        if settled is None:
            candidates.append(one)
        else:
            proposals[one.lesion] = settled
    chosen = [one for one in ordered if one.given_role is Role.TARGET]
    proposals.update(_choose(candidates, chosen, allowed))
    return {name: proposals[name] for name in sorted(proposals)}


def _settle(one: BaselineLesion) -> Proposal | None:
    """The role that needs no choice; ``None`` for a lesion that may be a target."""
    size = f"{one.counting_mm} mm"
    if one.given_role is not None:
        return Proposal(one.given_role, "given by a reader")
    if one.on_pet:
        return Proposal(Role.NON_TARGET, "marked on the PET alone, which measures no diameters")
    if one.node and one.short_axis_mm < NODE_NORMAL_BELOW_MM:
        return Proposal(None, f"not recorded: a node with a short axis of {size} is normal")
    if one.node and one.short_axis_mm < MEASURABLE_NODE_MM:
        text = f"pathological but not measurable: short axis {size} is below {MEASURABLE_NODE_MM}"
        return Proposal(Role.NON_TARGET, f"{text} mm")
    if one.node:
        return None
    limit, why = _smallest_measurable(one.slice_thickness_mm)
    if one.longest_diameter_mm < limit:
        return Proposal(Role.NON_TARGET, f"not measurable: {size} is below {limit} mm{why}")
    if is_bone(one.organ):
        text = "bone: measurable only by a soft-tissue component, which a reader must say"
        return Proposal(Role.NON_TARGET, text)
    return None


def _smallest_measurable(slice_thickness_mm: float | None) -> tuple[Decimal, str]:
    if slice_thickness_mm is None:
        return MEASURABLE_MM, ""
    thickness = Decimal(str(slice_thickness_mm))
    if thickness <= THICK_SLICE_MM:
        return MEASURABLE_MM, ""
    return THICKNESS_FACTOR * thickness, f", twice the slice thickness of {thickness} mm"


def _choose(
    candidates: Sequence[BaselineLesion], chosen: Sequence[BaselineLesion], limits: Targets
) -> dict[str, Proposal]:
    """Take candidates, largest first, as long as the limits allow."""
    total = len(chosen)
    in_organ = Counter(_organ(one, limits) for one in chosen)
    proposals = {}
    for one in candidates:
        organ = _organ(one, limits)
        if total >= limits.max_total:
            text = f"measurable, but there are {limits.max_total} targets already"
            proposals[one.lesion] = Proposal(Role.NON_TARGET, text)
        elif organ and in_organ[organ] >= limits.max_per_organ:
            text = f"measurable, but there are {limits.max_per_organ} targets in {organ} already"
            proposals[one.lesion] = Proposal(Role.NON_TARGET, text)
        else:
            total += 1
            in_organ[organ] += 1
            proposals[one.lesion] = Proposal(Role.TARGET, _why_target(one, organ, total, limits))
    return proposals


def _organ(one: BaselineLesion, limits: Targets) -> str:
    return name_organ(one.organ, node=one.node, nodes_one_organ=limits.nodes_one_organ)


def _why_target(one: BaselineLesion, organ: str, number: int, limits: Targets) -> str:
    text = (
        f"{one.counting_mm} mm: measurable, among the largest "
        f"({number} of at most {limits.max_total} targets)"
    )
    if not organ:
        text += (
            f"; organ unknown, so the limit of {limits.max_per_organ} in an organ was not applied"
        )
    if one.slice_thickness_mm is None and not one.node:
        text += f"; slice thickness unknown, taken as at most {THICK_SLICE_MM} mm"
    return text
