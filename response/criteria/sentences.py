"""The reasons of RECIST 1.1, in sentences: the numbers a rule saw, and the row that decided."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Any

import response.criteria.recist11 as rules
from response.best_response import CR, NE, PD
from response.criteria.course import ReadTimePoint
from response.model import Assessment, LesionReading, Reason
from response.model.draft import make_quickly
from response.terms import LesionState, NewLesion


@dataclass(frozen=True, slots=True)
class Words:
    """How a criterion speaks of its sum, and of a complete response of the targets."""

    sum: str = "sum"
    gone: str = "every target is gone, or a node below 10 mm"


RECIST = Words()
_make_reason = make_quickly(Reason)


def per_cent(fraction: Decimal) -> str:
    """A threshold as a sentence prints it.

    Examples
    --------
    >>> per_cent(Decimal("0.20"))
    '20 %'
    """
    return f"{fraction * 100:.0f} %"


def length(value: Decimal) -> str:
    """A length as given: its own digits, no exponent.

    Examples
    --------
    >>> length(Decimal("43.50")), length(Decimal("1E+2"))
    ('43.50', '100')
    """
    text = str(value)
    return format(value, "f") if "E" in text else text


def change(total: Decimal, reference: Decimal, pct: Decimal | None) -> str:
    """A change in per cent (where there is one) and in millimetres, with their signs."""
    grown = length(total - reference)
    in_mm = f"{grown} mm" if grown[0] == "-" else f"+{grown} mm"
    if pct is None:
        return in_mm
    share = str(pct)
    return f"{share} % and {in_mm}" if share[0] == "-" else f"+{share} % and {in_mm}"


def target(
    rule: rules.TargetRule[Any, Any],
    seen: rules.TargetsSeen,
    read: ReadTimePoint,
    words: Words = RECIST,
) -> Reason:
    """Why the target response is what it is."""
    case, nadir, category = seen.case, seen.nadir, rule.category
    total = length(case.total)
    if category == NE:
        return _make_reason(rule.id, not_evaluable(case, seen.missing, read))
    if category == CR:
        return _make_reason(rule.id, f"CR: {words.gone} ({words.sum} {total} mm)")
    assert nadir is not None
    if category == PD:
        missing = seen.missing
        part = f"; without {', '.join(missing)}, which can only add" if missing else ""
        text = f"PD: {words.sum} {total} mm is {over_nadir(seen, nadir)}{part}"
        return _make_reason(rule.id, text)
    changes = f"{from_baseline(seen)}, {over_nadir(seen, nadir)}"
    return _make_reason(rule.id, f"{category}: {words.sum} {total} mm is {changes}")


def over_nadir(seen: rules.TargetsSeen, nadir: rules.Nadir) -> str:
    """How a sum compares with the nadir."""
    changed = change(seen.case.total, nadir.total, seen.from_nadir)
    return changed + _nadir(length(nadir.total), nadir.date)


@lru_cache(maxsize=4096)
def _nadir(total: str, date: dt.date) -> str:
    return f" over the nadir of {total} mm on {date}"


def from_baseline(seen: rules.TargetsSeen) -> str:
    """How a sum compares with that of the baseline."""
    baseline = seen.case.baseline
    assert baseline is not None
    changed = change(seen.case.total, baseline, seen.from_baseline)
    return f"{changed} from the baseline of {length(baseline)} mm"


def not_evaluable(case: rules.TargetCase, missing: Sequence[str], read: ReadTimePoint) -> str:
    """Why the targets could not be evaluated."""
    if not read.evaluable:
        return f"NE: {nothing_read(read)}"
    if not missing:
        return "NE: the baseline sum is not complete, so there is nothing to compare with"
    known = f"; the assessed targets add up to {length(case.total)} mm" if case.total else ""
    return f"NE: not all targets were assessed: {', '.join(missing)}{known}"


def treated(reading: LesionReading, stays_out: bool, prefix: str) -> Reason:
    """What was done to a lesion on study, and what that means for it."""
    assert reading.intervention is not None
    means = "not evaluable from here on" if stays_out else "counted as it is"
    done = reading.intervention.lower()
    return Reason(f"{prefix}.TREATED", f"{reading.lesion} was {done} on study: {means}")


@lru_cache(maxsize=64)
def response_kept(kept: bool, prefix: str = rules.PREFIX) -> Reason:
    """A01: what the letter and the committee's FAQ say differs here."""
    if kept:
        return Reason(
            f"{prefix}.A01.KEPT",
            "PR is kept: the sum is no longer 30 % below baseline but not PD "
            "(pr_persistence; by the letter of the paper SD)",
        )
    return Reason(
        f"{prefix}.A01.LITERAL",
        "SD by the letter of the paper; the EORTC FAQ goes on with PR until PD (pr_persistence)",
    )


def by_state(
    table: tuple[rules.StateRule, ...],
    states: Mapping[str, LesionState],
    labels: Mapping[str, str],
) -> tuple[rules.StateRule, Reason]:
    """The row that decides on non-target or new lesions, and why.

    ``labels`` names lesions otherwise than by their name: with the reason they were not assessed.
    """
    rule, names = table[-1], list[str]()
    for rule in table:
        names = [labels.get(name, name) for name, state in states.items() if state is rule.state]
        if names:
            break
    names.sort()
    return rule, _state(rule.id, rule.text, *names)


def none_new(table: tuple[rules.StateRule, ...]) -> Reason:
    """No new lesion was seen: the last row of a table on new lesions."""
    return _state(table[-1].id, table[-1].text)


@lru_cache(maxsize=4096)
def _state(row_id: str, text: str, *names: str) -> Reason:
    return Reason(row_id, text.format(", ".join(names)))


def nothing_read(read: ReadTimePoint) -> str:
    """Why nothing is known of a time point."""
    return f"nothing was read ({read.reason})" if read.reason else "nothing was read"


def overall(row: rules.OverallRow, target: str, non_target: str, new: NewLesion) -> Reason:
    """Which row of the table gave the overall response."""
    text = (
        f"{row.overall}: target {target}, non-target {non_target}, new lesion {new} ({row.source})"
    )
    return _make_reason(row.id, text)


def small_new(lesion: str, length_mm: Decimal, limit: Decimal, prefix: str) -> Reason:
    """A new lesion smaller than the criterion asks: the reader's call stands."""
    text = (
        f"warning: new lesion {lesion} is {length(length_mm)} mm, and counts from {limit} mm on; "
        f"the reader's call stands"
    )
    return Reason(f"{prefix}.NEW.SMALL", text)


def back_dated(
    lesion: str, row: Assessment, read: ReadTimePoint, prefix: str = rules.PREFIX
) -> Reason:
    """R1-51."""
    return Reason(
        f"{prefix}.NEW.BACKDATED",
        f"PD: new lesion {lesion}, equivocal at {row.time_point} on {row.date}, was unequivocal at "
        f"{read.time_point} on {read.date}: progression dates from the scan that first showed it",
    )


def returned_after_cr(
    choice: str,
    returned: Sequence[str],
    complete: Sequence[Assessment],
    prefix: str = rules.PREFIX,
) -> Reason:
    """A07: what is made of disease after a complete response."""
    names = ", ".join(returned)
    since = complete[-1]
    seen = f"{names} came back after the complete response at {since.time_point} on {since.date}"
    if choice == "pd":
        return Reason(f"{prefix}.AFTER_CR.PD", f"PD: {seen}")
    if choice == "warn":
        return Reason(f"{prefix}.AFTER_CR.WARN", f"{seen}; the response is left (cr_then_disease)")
    return Reason(
        f"{prefix}.AFTER_CR.RECODE", f"{seen}; that response is recoded (cr_then_disease)"
    )


def recoded(
    becomes: str, returned: Sequence[str], read: ReadTimePoint, prefix: str = rules.PREFIX
) -> Reason:
    """A07, on the row that was a complete response."""
    return Reason(
        f"{prefix}.AFTER_CR.RECODED",
        f"{becomes} instead of CR: {', '.join(returned)} was seen again at {read.time_point} on "
        f"{read.date} (cr_then_disease)",
    )
