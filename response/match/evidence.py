"""What may be said of a lesion without a mark and of a mark without a lesion.

Silence is not absence: *resolved* needs the place inside this scan's field, a comparable modality,
a trusted registration all the way since the lesion was last seen, and a reader who vouches that
every lesion is marked (or says of this one that it is absent). *New* is a question to the reader.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from response.geometry import Points, inside_field
from response.match import limits
from response.match.extent import Shape
from response.match.followed import Followed
from response.match.model import MarkedTimePoint, Step
from response.pet import PET
from response.terms import Event, Role

NOT_TRUSTED = "the registration is not trusted"
"""Said of every place that rests on such a registration: no claim is made about it."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """An event, how sure it is, and why."""

    event: Event
    confidence: float
    needs_review: bool
    reason: str


@dataclass(frozen=True, slots=True)
class Occupants:
    """Labels at the place of a lesion that has no mark.

    ``lone`` are marks of no known lesion; ``taking`` are marks of others that cover much of the
    place, ``others`` those that reach into it.
    """

    lone: tuple[int, ...] = ()
    taking: tuple[int, ...] = ()
    others: tuple[int, ...] = ()


def judge_absence(
    lesion: Followed,
    time_point: MarkedTimePoint,
    confidence: float,
    occupants: Occupants,
    *,
    called_absent: bool = False,
) -> Verdict:
    """Say what became of a lesion that has no mark at this time point.

    Parameters
    ----------
    lesion
        Where it is expected here.
    time_point
        The scan and its marks.
    confidence
        How sure it is that none of the marks is this lesion.
    occupants
        The marks at its place all the same.
    called_absent
        Whether the reader says that it is gone.
    """
    unseen = _why_not_imaged(lesion, time_point)
    if unseen is not None:
        return _without_place(unseen) if lesion.distrust else unseen
    close = confidence < limits.CONFIDENT
    if lesion.distrust:
        return _unclear(f"{NOT_TRUSTED}: {lesion.distrust}")
    if occupants.lone:
        return _unclear(f"its place is taken by {_labels(occupants.lone)}, which is not linked")
    if occupants.taking:
        return _unclear(f"{_labels(occupants.taking)} of another lesion covers much of its place")
    if not (time_point.complete or called_absent):
        why = "not marked, and nobody vouches that every lesion is marked"
        return Verdict(Event.NOT_MARKED, confidence, close, _close(why, close))
    if _is_off_series(lesion, time_point, called_absent=called_absent):
        return _unseen_off_series(lesion, time_point, confidence, called_absent=called_absent)
    why = (
        "the reader says it is absent" if called_absent else "no mark where every lesion is marked"
    )
    why += "; its place is in the field of a comparable scan"
    if occupants.others:
        why += f"; {_labels(occupants.others)} reaches into its place"
    review = close or bool(occupants.others)
    return Verdict(Event.RESOLVED, confidence, review, _close(why, close))


def _why_not_imaged(lesion: Followed, time_point: MarkedTimePoint) -> Verdict | None:
    """Return the verdict where this scan cannot say anything of the lesion's place."""
    if not time_point.read:
        return Verdict(Event.NOT_MARKED, 1.0, False, "nobody read this scan")
    if lesion.modality != time_point.modality and not lesion.marked_on & time_point.marked_on:
        why = f"last seen in {lesion.modality}, this is {time_point.modality}: not comparable"
        return Verdict(Event.NOT_IMAGED, 1.0, False, why)
    if not lesion.expected.findable:
        return _unclear("the registration gives its place no position")
    place = lesion.extent.centroid
    if lesion.distrust or shows(time_point, place):
        return None
    edge = bool(inside_field(time_point.grid, time_point.field_box, place[None])[0])
    why = "its place lies at the edge of the field" if edge else "its place is outside the field"
    return Verdict(Event.NOT_IMAGED, limits.UNTRUSTED_CONFIDENCE if edge else 1.0, edge, why)


def _without_place(verdict: Verdict) -> Verdict:
    return replace(verdict, reason=f"{verdict.reason}; its place is not known: {NOT_TRUSTED}")


def _is_off_series(lesion: Followed, time_point: MarkedTimePoint, *, called_absent: bool) -> bool:
    """Tell whether PET alone was read of a lesion measured on CT or MR, or the other way.

    A reader who says that a lesion is absent has looked at every scan that there is.
    """
    looked_at = time_point.scanned_on if called_absent else time_point.marked_on
    read = {time_point.modality, *looked_at}
    return PET not in read if lesion.measured_in == PET else read == {PET}


def _unseen_off_series(
    lesion: Followed, time_point: MarkedTimePoint, confidence: float, *, called_absent: bool
) -> Verdict:
    """Say that what was read shows it no more, which is no word on what it is measured on."""
    close = confidence < limits.CONFIDENT
    event = Event.NOT_IMAGED if called_absent else Event.NOT_MARKED
    said = "the reader says it is absent" if called_absent else "no mark where all is marked"
    why = f"{said} on the {time_point.modality}; the {lesion.measured_in}, on which it is measured"
    return Verdict(event, confidence, close, _close(f"{why}, was not read", close))


def _unclear(why: str) -> Verdict:
    return Verdict(Event.NOT_MARKED, limits.UNTRUSTED_CONFIDENCE, True, why)


def shows(time_point: MarkedTimePoint, place: Points) -> bool:
    """Tell whether a scan's field holds a place ``(3,)`` and a little around it."""
    around = np.vstack([np.zeros(3), np.eye(3), -np.eye(3)]) * limits.EDGE_MM
    return bool(inside_field(time_point.grid, time_point.field_box, place + around).all())


def judge_newcomer(
    shape: Shape,
    position: int,
    time_points: Sequence[MarkedTimePoint],
    steps: Sequence[Step],
    baseline: int,
    confidence: float,
) -> Verdict:
    """Say what a mark is that continues no lesion.

    Parameters
    ----------
    shape
        The mark.
    position
        Of its time point among ``time_points``.
    time_points, steps
        The stream and the ways between successive time points.
    baseline
        Position of the baseline; for a time point before it, all earlier ones are looked at.
    confidence
        How sure it is that the mark is none of the known lesions.
    """
    called = shape.mark.role is Role.NEW and shape.mark.state is not None
    first = baseline if position > baseline else 0
    shown_in, distrust = _earlier_views(shape.centroid, position, time_points, steps, first)
    if not shown_in:
        event, why = Event.NEWLY_IMAGED, "no earlier scan shows its place"
    else:
        event, why = Event.NEW, f"no known lesion at its place, which {shown_in[0]} shows"
        why += _doubt_of(next(tp for tp in time_points if tp.time_point == shown_in[0]))
    if distrust:
        why += f"; {NOT_TRUSTED}: {distrust}"
        confidence = min(confidence, limits.UNTRUSTED_CONFIDENCE)
    why += f"; the reader calls it new ({shape.mark.state})" if called else ""
    return Verdict(event, confidence, not called, _close(why, confidence < limits.CONFIDENT))


def _earlier_views(
    place: Points,
    position: int,
    time_points: Sequence[MarkedTimePoint],
    steps: Sequence[Step],
    first: int,
) -> tuple[list[str], str]:
    """Return the earlier time points whose field holds the place, latest first, and any doubt."""
    shown_in, distrust = [], ""
    for earlier in range(position - 1, first - 1, -1):
        step = steps[earlier]
        place = np.asarray(step.backward(place[None]), dtype=np.float64)[0]
        if not step.trusted:
            distrust = distrust or step.reason or "it did not pass its checks"
        if np.isfinite(place).all() and shows(time_points[earlier], place):
            shown_in.append(time_points[earlier].time_point)
    return shown_in, distrust


def _doubt_of(earlier: MarkedTimePoint) -> str:
    if not earlier.read:
        return "; nobody read that scan: it may have been there before"
    if not earlier.complete:
        return "; not every lesion was marked there: it may have been there before"
    return ""


def _close(why: str, close: bool) -> str:
    return f"{why}; another answer is close" if close else why


def _labels(labels: Sequence[int]) -> str:
    return f"label{'s' if len(labels) > 1 else ''} {', '.join(str(x) for x in sorted(labels))}"
