"""The reasons of iRECIST, in sentences: which iUPD waits, what grew by how much, and until when."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence

import response.criteria.irecist as rules
import response.criteria.sentences as sentences
from response.best_response import CR, PD
from response.criteria.course import ReadTimePoint
from response.criteria.fold import Judged
from response.criteria.irecist_block import Block, Point
from response.model import Assessment, Reason
from response.protocol import Protocol

BY_TARGET = frozenset({"IRECIST.FURTHER.TARGET", "IRECIST.FURTHER.OTHER_TARGET"})
BY_NON_TARGET = frozenset({"IRECIST.FURTHER.NON_TARGET", "IRECIST.FURTHER.OTHER_NON_TARGET"})


def decided(
    row: rules.Row,
    overall: str,
    point: Point,
    block: Block | None,
    confirmed: Assessment | None,
    evidence: Sequence[Reason],
    judged: Judged,
    told: Sequence[Reason],
) -> Reason:
    """What decided the overall response."""
    said = "; ".join(reason.text for reason in evidence)
    since = f"the iUPD at {block.first.time_point} on {block.first.date}" if block else ""
    if confirmed is not None:
        text = f"progression was confirmed at {confirmed.time_point} on {confirmed.date}"
    elif row.id in ("IRECIST.FIRST.IUPD", "IRECIST.FIRST.NEW"):
        text = "; ".join(_causes(point, judged, told))
    elif row.id in _WAITING:
        text = _WAITING[row.id].format(since=since, said=said)
    else:
        text = f"target {judged.target}, non-target {judged.non_target}"
    return Reason(row.id, f"{overall}: {text} ({row.source})")


_WAITING = {
    "IRECIST.WAITING.ICPD": "{said}: this confirms {since}",
    "IRECIST.WAITING.EARLY": "{said}, but the scan is too early to confirm {since}",
    "IRECIST.WAITING.LATE": "{said}, but too late to confirm {since}: an iUPD of its own",
    "IRECIST.WAITING.SAME": "no further progression since {since}",
    "IRECIST.WAITING.NE": "whether {since} is confirmed cannot be said",
    "IRECIST.WAITING.RESET": "{said}: {since} no longer counts",
    "IRECIST.WAITING.NEW": "nothing changed since {since}",
}


def _causes(point: Point, judged: Judged, told: Sequence[Reason]) -> Iterable[str]:
    if judged.target == PD:
        yield next(r.text for r in judged.reasons if r.text.startswith("PD: ")).removeprefix("PD: ")
    if judged.non_target == PD:
        yield f"unequivocal progression of {', '.join(sorted(point.progressed))}"
    if point.base == PD:
        yield from (r.text.removeprefix("PD: ") for r in told if r.text.startswith("PD: "))
    if point.new_lesions:
        yield f"new lesion {', '.join(sorted(point.new_lesions))}"
    yield from point.regrown


def new_beside(named: str, point: Point, row: rules.Row) -> list[Reason]:
    """That known new lesions are still there beside a response (I-07)."""
    if row.overall != rules.OWN or not point.seen.present:
        return []
    there = ", ".join(sorted(point.seen.present))
    text = f"known new lesions that did not progress do not prevent a response: {there}"
    if named != point.base:
        text = (
            f"{rules.CODES[CR]} of the baseline disease, but new lesions are still there: {there}"
        )
    return [Reason("IRECIST.NEW.BESIDE", text)]


def confirmation(
    row: rules.Row, block: Block | None, point: Point, protocol: Protocol
) -> list[Reason]:
    """When an iUPD can be confirmed, or a warning where it was late (I-03, A10)."""
    options = protocol.irecist
    if row.overall == rules.IUPD:
        waits = block is not None and row.id != "IRECIST.WAITING.LATE"
        start = block.first.date if block and waits else point.date
        since = start + dt.timedelta(days=options.icpd_min_days)
        best = start + dt.timedelta(days=options.icpd_warn_days)
        text = f"a scan from {since} on can confirm the iUPD of {start}, best by {best}"
        if options.icpd_max_days:
            text += f", not after {start + dt.timedelta(days=options.icpd_max_days)}"
        return [Reason("IRECIST.CONFIRMATION.WINDOW", text), *_early_exception(row)]
    if row.id == "IRECIST.WAITING.ICPD" and block is not None:
        days = (point.date - block.first.date).days
        if days > options.icpd_warn_days:
            text = (
                f"warning: confirmed {days} days after the iUPD, "
                f"later than {options.icpd_warn_days} (A10)"
            )
            return [Reason("IRECIST.CONFIRMATION.LATE", text)]
    return []


def _early_exception(row: rules.Row) -> list[Reason]:
    """I-03: the one way to an early confirmation is a person's to take."""
    if row.id != "IRECIST.WAITING.EARLY":
        return []
    text = (
        "warning: an early scan made for a new symptom that shows a further new lesion may "
        "confirm; that is for the reader to decide (I-03)"
    )
    return [Reason("IRECIST.CONFIRMATION.EARLY", text)]


def alongside(overall: str) -> Reason:
    """What RECIST 1.1 by itself says of the time point (I-01)."""
    return Reason("IRECIST.RECIST11", f"RECIST 1.1 by itself says {overall}")


def clinical(status: str) -> list[Reason]:
    """The clinical status: whether to treat on is asked with it, the category is not (I-13)."""
    if not status:
        return []
    text = f"clinical status: {status}; it does not change the category"
    return [Reason("IRECIST.CLINICAL", text)]


def back_dated(lesion: str, row: Assessment, read: ReadTimePoint) -> Reason:
    """R1-51, in iRECIST's words."""
    text = sentences.back_dated(lesion, row, read).text
    return Reason("IRECIST.NEW.BACKDATED", rules.IUPD + text.removeprefix("PD"))
