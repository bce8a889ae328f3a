"""A lesion as it is followed from scan to scan, active or not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import hypot

from response.match import limits
from response.match.candidates import Expected
from response.match.extent import Extent, Shape, carry
from response.match.model import MarkedTimePoint, Step
from response.terms import Role


@dataclass(frozen=True, slots=True, eq=False)
class Followed:
    """What is known of a lesion at the time point that is being looked at.

    ``extent`` is where it is expected there. ``error_mm`` (bound), ``likely_mm`` and ``distrust``
    (why the way is not trusted; empty where it is) sum up the ``steps`` since it was last seen;
    ``modality`` is what it was last seen in, ``marked_on`` all that it was marked on then, and
    ``measured_in`` what it was first marked on. ``born`` and ``label`` are the time point (by
    position) and label of its first mark, ``last_label`` the label of its latest. ``fixed`` says
    that its uid is not of this run's making. ``given`` are the Tracking UIDs that came with its
    marks. ``part_of`` and ``merged_into`` are numbers of other lesions.
    """

    number: int
    uid: str
    fixed: bool
    born: int
    label: int
    last_label: int
    extent: Extent
    modality: str
    measured_in: str
    at_baseline: bool
    target: bool
    steps: int = 0
    error_mm: float = 0.0
    likely_mm: float = 0.0
    distrust: str = ""
    gone: bool = False
    part_of: int | None = None
    merged_into: int | None = None
    given: frozenset[str] = frozenset()
    marked_on: frozenset[str] = frozenset()

    @property
    def root(self) -> int:
        """Number of the lesion that this one counts into: itself, or what it is a part of."""
        return self.number if self.part_of is None else self.part_of

    @property
    def expected(self) -> Expected:
        """The lesion as the graph sees it."""
        factor = limits.UNSEEN_FACTOR if self.steps > 1 else 1.0
        return Expected(self.extent, self.error_mm, self.likely_mm * factor, self.gone)

    def is_called(self, given: str) -> bool:
        """Tell whether a Tracking UID that came with a mark is this lesion's."""
        return given in self.given or given == self.uid

    def seen(self, shape: Shape, time_point: MarkedTimePoint, *, at_baseline: bool) -> Followed:
        """Return the lesion as it is after it was marked."""
        return replace(
            self,
            extent=shape.extent(),
            modality=time_point.modality,
            marked_on=shape.mark.marked_on,
            at_baseline=self.at_baseline or at_baseline,
            target=self.target or shape.mark.role is Role.TARGET,
            steps=0,
            error_mm=0.0,
            likely_mm=0.0,
            distrust="",
            gone=False,
            merged_into=None,
            given=self.given | ({shape.mark.given} if shape.mark.given else frozenset()),
        )


def carry_all(lesions: Sequence[Followed], step: Step) -> tuple[Followed, ...]:
    """Carry every lesion through a step; one that became part of another is carried too."""
    extents = carry([lesion.extent for lesion in lesions], step.forward)
    return tuple(
        replace(
            lesion,
            extent=extent,
            steps=lesion.steps + 1,
            error_mm=hypot(lesion.error_mm, step.expected_error_mm),
            likely_mm=hypot(lesion.likely_mm, _likely_mm(step)),
            distrust=lesion.distrust or _distrust(step),
        )
        for lesion, extent in zip(lesions, extents, strict=True)
    )


def _likely_mm(step: Step) -> float:
    most = limits.LIKELY_ERROR_MM if step.trusted else limits.ERROR_CEILING_MM
    return min(step.expected_error_mm, most)


def _distrust(step: Step) -> str:
    if step.trusted:
        return ""
    return step.reason or "the registration did not pass its checks"
