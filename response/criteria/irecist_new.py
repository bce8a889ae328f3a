"""New lesions in iRECIST: which are measured as targets, what they add up to, which are known.

A new lesion with a diameter is a new target lesion, up to the protocol's number in all and in one
organ; the others are new non-target lesions (I-09). Their sum stands by itself: it is never added
to that of the baseline targets.

What counts as growth of a new non-target lesion: a diameter larger than at the iUPD by however
little, or the state ``UNEQUIVOCAL_PROGRESSION``. The same state said again, ``UNEQUIVOCAL``, says
only that the lesion is there.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from response.criteria.baseline import organ_of
from response.criteria.fold import Here
from response.criteria.irecist import GROWTH_STATE
from response.criteria.lesions import NODE_NORMAL_BELOW_MM, ZERO, judge_new
from response.criteria.recist11 import (
    MEASURABLE_MM,
    MEASURABLE_NODE_MM,
    Nadir,
    TargetCase,
    has_progressed,
)
from response.criteria.sentences import length
from response.model import LesionReading, Reason
from response.protocol import Targets
from response.terms import LesionState, Role


@dataclass(frozen=True, slots=True)
class NewSeen:
    """What a time point shows of new lesions.

    ``present`` are unequivocal and there; ``sizes`` every one that was measured (gone: 0 mm),
    millimetres; ``targets`` those followed as new targets by now; ``grown`` new non-targets that
    a reader says grew; ``normal`` nodes below 10 mm; ``missing`` why known ones say nothing here.
    """

    present: frozenset[str]
    equivocal: frozenset[str]
    gone: frozenset[str]
    targets: frozenset[str]
    sizes: Mapping[str, Decimal]
    grown: frozenset[str]
    normal: frozenset[str]
    missing: tuple[str, ...]
    reasons: tuple[Reason, ...] = ()

    @property
    def target_sizes(self) -> dict[str, Decimal]:
        """The diameters of new targets, millimetres."""
        return {name: mm for name, mm in self.sizes.items() if name in self.targets}


_NONE: frozenset[str] = frozenset()
NOTHING_NEW = NewSeen(_NONE, _NONE, _NONE, _NONE, {}, _NONE, _NONE, ())
"""No new lesion here or before."""


@dataclass(slots=True)
class NewLesions:
    """The new lesions of a course so far.

    ``acknowledged`` were there when a response was assigned after an iUPD: they count as
    progression only anew (I-08). ``organs`` are those of the new targets.
    """

    organs: dict[str, str] = field(default_factory=dict)
    others: set[str] = field(default_factory=set)
    acknowledged: frozenset[str] = frozenset()
    sums: list[Nadir] = field(default_factory=list)

    def observe(self, here: Here) -> NewSeen:
        """Take up a time point that has been judged, and give what it shows."""
        called, read = here.history.called, here.read
        rows = {
            lesion: readings
            for lesion, readings in read.lesions.items()
            if readings[0].role is Role.NEW
        }
        if not rows and not called:
            return NOTHING_NEW
        states = {lesion: judge_new(rows[lesion], called.get(lesion)) for lesion in sorted(rows)}
        sizes = {lesion: _size(rows[lesion]) for lesion in states}
        present = [name for name, state in states.items() if state is LesionState.UNEQUIVOCAL]
        reasons = self._choose(present, sizes, rows, here.protocol.targets)
        known = [name for name in called if called[name] is LesionState.UNEQUIVOCAL]
        unseen = [name for name in known if states.get(name, LesionState.NOT_EVALUABLE) is
                  LesionState.NOT_EVALUABLE]  # fmt: skip
        unmeasured = [name for name in present if name in self.organs and sizes[name] is None]
        return NewSeen(
            present=frozenset(present),
            equivocal=_in_state(states, LesionState.EQUIVOCAL),
            gone=_in_state(states, LesionState.ABSENT),
            targets=frozenset(self.organs),
            sizes={name: mm for name, mm in sizes.items() if mm is not None},
            grown=frozenset(
                name for name in present if name not in self.organs and _is_said_to_grow(rows[name])
            ),
            normal=frozenset(
                name
                for name in present
                if rows[name][0].node
                and (sizes[name] or NODE_NORMAL_BELOW_MM) < NODE_NORMAL_BELOW_MM
            ),
            missing=(
                *(f"{name} (not assessed)" for name in sorted(unseen)),
                *(f"{name} (not measured)" for name in unmeasured),
            ),
            reasons=tuple(reasons),
        )

    def _choose(
        self,
        present: Sequence[str],
        sizes: Mapping[str, Decimal | None],
        rows: Mapping[str, Sequence[LesionReading]],
        limits: Targets,
    ) -> list[Reason]:
        """Take measured new lesions as new targets: the largest first, up to the limits."""
        measured = {
            name: mm
            for name in present
            if (mm := sizes[name]) is not None and name not in self.organs.keys() | self.others
        }
        reasons = []
        for name in sorted(measured, key=lambda name: (-measured[name], name)):
            first = rows[name][0]
            organ = organ_of(first, limits.nodes_one_organ)
            full = organ and Counter(self.organs.values())[organ] >= limits.max_per_organ
            if full or len(self.organs) >= limits.max_total:
                self.others.add(name)
                reasons.append(_one_too_many(name, limits))
                continue
            self.organs[name] = organ
            self.sums.clear()
            reasons += _warn_of_size(name, measured[name], first.node)
        return reasons

    def keep_sum(self, seen: NewSeen, here: Here) -> None:
        """Keep the sum of new targets where it is complete: it may be their nadir (I-08)."""
        if self.organs and self.organs.keys() <= seen.sizes.keys():
            total = sum(seen.target_sizes.values(), ZERO)
            self.sums.append(Nadir(total, here.read.date, here.read.time_point))

    def find_progressed(self, seen: NewSeen, here: Here) -> list[str]:
        """Known new lesions that meet RECIST's PD by themselves, in words (I-08)."""
        earlier = [one for one in self.sums if one.date < here.read.date]
        known = seen.grown & self.acknowledged
        words = [f"new non-target {name} progressed" for name in sorted(known)]
        if not earlier:
            return words
        nadir = min(earlier, key=lambda one: one.total)
        total = sum(seen.target_sizes.values(), ZERO)
        complete = self.organs.keys() <= seen.sizes.keys()
        case = TargetCase(total, complete, False, None, nadir.total)
        if has_progressed(case, here.protocol.rules):
            words.insert(
                0,
                f"the sum of new targets is {length(total)} mm, +{length(total - nadir.total)} mm "
                f"over its nadir of {length(nadir.total)} mm on {nadir.date}",
            )
        return words


def _in_state(states: Mapping[str, LesionState], wanted: LesionState) -> frozenset[str]:
    return frozenset(name for name, state in states.items() if state is wanted)


def _size(readings: Sequence[LesionReading]) -> Decimal | None:
    """Its diameter over all parts, millimetres; ``None`` where a part is not measured."""
    total = ZERO
    for reading in readings:
        if reading.state is LesionState.ABSENT:
            continue
        if reading.diameter_mm is None:
            return None
        total += reading.diameter_mm
    return total


def _is_said_to_grow(readings: Sequence[LesionReading]) -> bool:
    return any(reading.state is GROWTH_STATE for reading in readings)


def _one_too_many(name: str, limits: Targets) -> Reason:
    text = (
        f"{name} is followed as a new non-target lesion: the protocol allows {limits.max_total} "
        f"new targets, {limits.max_per_organ} in one organ (I-09)"
    )
    return Reason("IRECIST.NEW.TOO_MANY", text)


def _warn_of_size(name: str, size: Decimal, node: bool) -> list[Reason]:
    limit = MEASURABLE_NODE_MM if node else MEASURABLE_MM
    if size >= limit:
        return []
    what = "a node" if node else "a lesion"
    text = f"warning: new target {name} is {length(size)} mm; {what} is measurable from {limit} mm"
    return [Reason("IRECIST.NEW.MEASURABLE", text)]
