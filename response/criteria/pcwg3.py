"""PCWG3 for prostate cancer: soft tissue by RECIST 1.1, bone by counting new lesions (2+2).

Scher et al., J Clin Oncol 2016;34:1402-1418; the combined table as admiralonco's PCWG3 article
prints it after PharmaSUG 2024, DS-287. This module holds bone and the table; soft tissue and what
the two say together are ``pcwg3_course.py``.

Two facts of a time point (``--time-points``) speak of its bone scan:

- ``bone_new_lesions``: how many lesions this scan shows that the **baseline** bone scan did not
  show. It is a total since baseline, not since the scan before.
- ``bone_lesions``: how many lesions this scan shows at all; 0 is *no evidence of disease* (NED).
  At baseline, 0 says that bone had no disease: a scan without a new lesion is NED from then on.

A time point without such a fact has no bone scan: bone is NE there, not *no new lesions*.

**The flare window.** The first post-treatment scan, if within ``flare_days`` of the start, is
compared with baseline: two new lesions or more are PDu, and the next scan at least
``confirmation_min_days`` later confirms it by two more (four in all), else it was a flare
(NON-PD). That first scan is the reference from then on. **After it**, two lesions more than the
reference are PDu, confirmed if they are still there on a scan that much later. A first scan after
the window is compared with baseline, which stays the reference (ours). A scan that comes too early
to confirm neither confirms nor refutes (ours). What is confirmed stays PD (ours).

Examples
--------
>>> day = dt.date(2025, 1, 1)
>>> scans = [BoneScan("W8", day + dt.timedelta(56), 2), BoneScan("W16", day + dt.timedelta(112), 4)]
>>> [(c.time_point, c.code, c.as_of.month) for c in follow_bone(scans, day, Pcwg3())]
[('W8', 'PDu', 2), ('W8', 'PD', 4), ('W16', 'PD', 4)]
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from response.best_response import CR, NE, NED, NON_CR_NON_PD, PD, PR, SD
from response.model import Reason
from response.protocol import Pcwg3
from response.vocabulary import RECIST, Vocabulary

CITATION = "PCWG3: Scher et al., J Clin Oncol 2016;34:1402-1418"

PDU, NON_PD = "PDu", "NON-PD"
"""Progression that waits for confirmation; neither progression nor free of disease."""

NEW_LESIONS = 2
"""The 2+2 rule: so many new lesions are progression, and so many more confirm it."""

VOCABULARY = Vocabulary({**RECIST.means, PDU: SD})
"""PDu that was never resolved counts as SD, or as PD where the protocol says so."""

BONE_CODES = (PD, PDU, NON_PD, NED, NE)
SOFT_CODES = (CR, PR, SD, PD, NE, NON_CR_NON_PD, NED)


# ---------------------------------------------------------------------------------------- bone


@dataclass(frozen=True, slots=True)
class BoneScan:
    """A bone scan after baseline: lesions new since baseline, and whether it shows none at all.

    ``new`` is ``None`` where there was no scan, or it could not be counted; ``why`` says so.
    """

    time_point: str
    date: dt.date
    new: int | None
    clear: bool = False
    why: str = ""


class BoneCall(NamedTuple):
    """What bone is at a time point, as of a date; ``seen_at`` is the time point that told."""

    time_point: str
    code: str
    as_of: dt.date
    seen_at: str
    reason: Reason


@dataclass(slots=True)
class _Bone:
    """What the scans so far leave for the next one; counts are of lesions new since baseline."""

    start: dt.date
    options: Pcwg3
    reference: int = 0
    reference_name: str = "baseline"
    first: BoneScan | None = None
    flare: bool = False
    pending: list[BoneScan] = field(default_factory=list)
    confirmed: BoneScan | None = None


def follow_bone(scans: Iterable[BoneScan], start: dt.date, options: Pcwg3) -> list[BoneCall]:
    """What bone is at each time point, and what later scans make of it, in order.

    Parameters
    ----------
    scans
        One for each time point after baseline, by date.
    start
        Start of treatment: the flare window counts from here.
    """
    bone, calls = _Bone(start, options), list[BoneCall]()
    for scan in scans:
        calls += _judge(bone, scan)
    return calls


def _judge(bone: _Bone, scan: BoneScan) -> Iterator[BoneCall]:
    if scan.new is None:
        yield _call(scan, NE, "PCWG3.BONE.NE", f"bone NE: {scan.why or 'no bone scan'}")
    elif bone.confirmed is not None:
        date = bone.confirmed.date
        text = f"bone PD: progression of {date} was confirmed; it stays"
        yield _call(scan, PD, "PCWG3.BONE.PD.STAYS", text)
    elif bone.pending:
        yield from _judge_pending(bone, scan, scan.new)
    elif bone.first is None:
        yield _judge_first(bone, scan, scan.new)
    else:
        yield _judge_later(bone, scan, scan.new)


def _judge_first(bone: _Bone, scan: BoneScan, new: int) -> BoneCall:
    """The first post-treatment scan: within the flare window it becomes the reference."""
    bone.first = scan
    days, window = (scan.date - bone.start).days, bone.options.flare_days
    if days > window:
        return _judge_later(bone, scan, new)
    bone.reference, bone.reference_name = new, f"{scan.time_point} on {scan.date}"
    if new < NEW_LESIONS:
        return _not_progressed(scan, f"{_new(new)} since baseline, in the flare window")
    bone.pending, bone.flare = [scan], True
    text = (
        f"bone PDu: {_new(new)} since baseline on the first scan, day {days} of the flare window "
        f"of {window}: {NEW_LESIONS} more have to confirm it"
    )
    return _call(scan, PDU, "PCWG3.BONE.PDU.FLARE", text)


def _judge_later(bone: _Bone, scan: BoneScan, new: int) -> BoneCall:
    """A scan after the flare window, against the reference."""
    more = new - bone.reference
    if more < NEW_LESIONS:
        return _not_progressed(scan, f"{_new(more)} since {bone.reference_name}")
    bone.pending, bone.flare = [scan], False
    text = f"bone PDu: {_new(more)} since {bone.reference_name}: they have to persist"
    return _call(scan, PDU, "PCWG3.BONE.PDU", text)


def _judge_pending(bone: _Bone, scan: BoneScan, new: int) -> Iterator[BoneCall]:
    """A scan after PDu: it confirms, refutes, or comes too early for either."""
    first, asked = bone.pending[0], bone.options.confirmation_min_days
    days = (scan.date - first.date).days
    more = new - bone.reference
    if days < asked:
        yield _judge_early(bone, scan, new, days)
        return
    if more >= NEW_LESIONS:
        bone.confirmed = first
        how = f"{_new(more)} more" if bone.flare else f"{_new(more)} since {bone.reference_name}"
        told = f"{how} at {scan.time_point} on {scan.date}, {days} days after {first.date}"
        for one in bone.pending:
            text = f"bone PD: confirmed by {told}; progression dates from {first.date}"
            yield _call(one, PD, "PCWG3.BONE.PD", text, scan)
        yield _call(scan, PD, "PCWG3.BONE.PD.CONFIRMS", f"bone PD: confirmed by {told}")
        return
    row, what = ("FLARE", "a flare") if bone.flare else ("REFUTED", "not confirmed")
    for one in bone.pending:
        text = (
            f"bone NON-PD: {what}: {_new(more)} since {bone.reference_name} at "
            f"{scan.time_point} on {scan.date}"
        )
        yield _call(one, NON_PD, f"PCWG3.BONE.NON_PD.{row}", text, scan)
    bone.pending = []
    yield _not_progressed(scan, f"{_new(more)} since {bone.reference_name}")


def _judge_early(bone: _Bone, scan: BoneScan, new: int, days: int) -> BoneCall:
    """A scan too early to confirm (ours): PDu where it, too, shows the new lesions."""
    asked = bone.options.confirmation_min_days
    more = new if bone.flare else new - bone.reference
    since = "baseline" if bone.flare else bone.reference_name
    told = (
        f"{_new(more)} since {since}, {days} days after PDu: too early to tell, {asked} are asked"
    )
    if more < NEW_LESIONS:
        return _not_progressed(scan, told)
    bone.pending.append(scan)
    return _call(scan, PDU, "PCWG3.BONE.PDU.EARLY", f"bone PDu: {told}")


def _not_progressed(scan: BoneScan, told: str) -> BoneCall:
    if scan.clear:
        return _call(scan, NED, "PCWG3.BONE.NED", "bone NED: no lesion on the bone scan")
    return _call(scan, NON_PD, "PCWG3.BONE.NON_PD", f"bone NON-PD: {told}")


def _call(
    scan: BoneScan, code: str, row_id: str, text: str, seen: BoneScan | None = None
) -> BoneCall:
    seen = seen or scan
    return BoneCall(scan.time_point, code, seen.date, seen.time_point, Reason(row_id, text))


def _new(count: int) -> str:
    """A count of new lesions in words; fewer than the reference had is none."""
    count = max(count, 0)
    return f"{count} new lesion{'' if count == 1 else 's'}"


# -------------------------------------------------------------------------- the combined table


@dataclass(frozen=True, slots=True)
class CombinedRow:
    """One row: the soft tissue and bone responses it takes, and the overall one it gives.

    ``targets`` says whether there have to be target lesions at baseline (``None``: either way).
    """

    id: str
    soft: tuple[str, ...]
    bone: tuple[str, ...]
    overall: str
    targets: bool | None = None

    def takes(self, soft: str, bone: str, targets: bool) -> bool:
        """Whether this row speaks of the combination."""
        met = self.targets is None or self.targets is targets
        return soft in self.soft and bone in self.bone and met


_NOT_PD = (NON_PD, PDU, NED, NE)
_NOT_CLEAR = (NON_PD, PDU, NE)

COMBINED = (
    CombinedRow("PCWG3.T1.1", (PD,), BONE_CODES, PD),
    CombinedRow("PCWG3.T1.2", SOFT_CODES, (PD,), PD),
    CombinedRow("PCWG3.T1.3", (NE,), _NOT_PD, NE),
    CombinedRow("PCWG3.T1.4", (NED,), (NON_PD,), NON_CR_NON_PD),
    CombinedRow("PCWG3.T1.5", (NED,), (PDU,), PDU),
    CombinedRow("PCWG3.T1.6", (NED,), (NED,), NE),
    CombinedRow("PCWG3.T1.7", (NED,), (NE,), NE),
    CombinedRow("PCWG3.T1.8", (SD,), _NOT_PD, SD),
    CombinedRow("PCWG3.T1.9", (NON_CR_NON_PD,), _NOT_PD, NON_CR_NON_PD),
    CombinedRow("PCWG3.T1.10", (PR,), _NOT_PD, PR),
    CombinedRow("PCWG3.T1.11", (CR,), _NOT_CLEAR, PR, targets=True),
    CombinedRow("PCWG3.T1.12", (CR,), _NOT_CLEAR, NON_CR_NON_PD, targets=False),
    CombinedRow("PCWG3.T1.13", (CR,), (NED,), CR),
)
"""In the order they are asked. PDu is the overall response only where bone is all there is."""


def combine(soft: str, bone: str, targets: bool) -> CombinedRow:
    """The row that decides on soft tissue and bone together."""
    return next(row for row in COMBINED if row.takes(soft, bone, targets))
