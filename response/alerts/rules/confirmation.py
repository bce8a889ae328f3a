"""Alerts of progression and response that a scan has to confirm. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from response.alerts.rules.case import About, Case, Grade, make_alert
from response.alerts.rules.progression import rests_on_untrusted
from response.endpoints import select_effective
from response.export.report_data import NAMES
from response.model import Alert, Assessment, SubjectFacts, SubjectResult
from response.outlook import Outlook, Pending, derive_outlooks
from response.terms import Audience, Category, Severity, Status, find_kin

CONFIRMATION = "confirmation"
"""The story of a progression that waits to be confirmed."""

UNREAD = (Category.NE, Category.ND, "")
"""What is said of a scan that answers nothing."""

BONE_PDU = "PCWG3.BONE.PDU"
"""The rows that say of PCWG3 that bone progression waits to be confirmed begin with this."""

_OPEN = Grade(Severity.MEDIUM, Audience.CLINICIAN, lasting=False)
_CLOSING = Grade(Severity.HIGH, Audience.CLINICIAN, lasting=False)
_RESPONSE = Grade(Severity.LOW, Audience.CLINICIAN, lasting=False)


@dataclass(frozen=True, slots=True)
class Window:
    """When a scan can confirm a progression: ``row`` is what it confirms, ``by`` may be open."""

    code: str
    row: Assessment
    opens: dt.date
    closes: dt.date | None


def find_confirmations(case: Case) -> Iterator[Alert]:
    """Progression and response whose confirmation is due and was not scanned.

    Not after death or another therapy, nor so long after that nobody waits for a scan any more.
    What is dated in the future was not scanned or assessed yet.
    """
    case = case.until_today()
    if case.is_over():
        return
    for result in case.picture.results:
        baseline, rows = result.assessments[:1], select_effective(result.assessments[1:])
        if not rows:
            continue
        for pending in find_pending(case, result, rows):
            yield _tell_response(case, rows, pending, baseline)
        window = find_window(case, result, rows)
        if window is not None and _is_due(case, rows[-1], window.opens):
            yield _tell_progression(case, window, rows, baseline)


def _is_due(case: Case, last: Assessment, opens: dt.date) -> bool:
    """Whether a scan is due that was not made: one that nobody has assessed yet was made."""
    archive = opens + dt.timedelta(case.settings.overdue_archive_days)
    made = any(one.date > last.date and one.date >= opens for one in case.picture.scanned)
    return opens <= case.today <= archive and not made


# ------------------------------------------------------------------------------------ progression


def find_window(case: Case, result: SubjectResult, rows: Sequence[Assessment]) -> Window | None:
    """When a scan can confirm the progression that waits for it; ``None``: none waits.

    iRECIST: 4 to 8 weeks (I-03, A10), from the first iUPD of the block on, or from the last scan
    that came late enough to confirm it and left it open; the latter is ours. RANO 2.0 and PCWG3 say
    from when on (Wen 2023: 4 weeks; Scher 2016: 6 weeks) and name no end.
    """
    protocol, criterion = case.protocol, result.summary.criterion
    if criterion == "irecist":
        return _find_irecist(case, result, rows)
    if criterion == "rano2":
        return _open_from(_find_trailing(rows, "PDu"), "PDu", protocol.rano2.confirmation_min_days)
    if criterion == "pcwg3":
        bone = [row for row in rows if _says_bone(row)]
        return _open_from(bone, "bone PDu", protocol.pcwg3.confirmation_min_days)
    return None


def _find_irecist(case: Case, result: SubjectResult, rows: Sequence[Assessment]) -> Window | None:
    if not _find_trailing(rows, "iUPD"):
        return None
    outlook = _look(case, result)
    opens, closes = outlook.confirm_from, outlook.confirm_by
    if opens is None or closes is None:
        return None
    least = dt.timedelta(case.protocol.irecist.icpd_min_days)
    longest = closes - opens
    block = [row for row in rows if row.overall_response == "iUPD" and row.date >= opens - least]
    start = block[0]
    for row in block[1:]:
        if row.date >= start.date + least:
            start = row
    opens = start.date + least
    return Window("iUPD", start, opens, opens + longest)


def _find_trailing(rows: Sequence[Assessment], code: str) -> list[Assessment]:
    """The last rows with a code, whatever was not evaluable between them or after."""
    found: list[Assessment] = []
    for row in reversed(rows):
        if row.overall_response == code:
            found.insert(0, row)
        elif row.overall_response != Category.NE:
            break
    return found


def _says_bone(row: Assessment) -> bool:
    return any(reason.row_id.startswith(BONE_PDU) for reason in row.reasons)


def _open_from(waiting: Sequence[Assessment], code: str, least_days: int) -> Window | None:
    if not waiting:
        return None
    first = waiting[0]
    return Window(code, first, first.date + dt.timedelta(least_days), None)


def _tell_progression(
    case: Case, window: Window, rows: Sequence[Assessment], baseline: Sequence[Assessment]
) -> Alert:
    row, closes = window.row, window.closes
    closing = None if closes is None else closes - dt.timedelta(case.settings.closing_days)
    urgent = closing is not None and case.today >= closing
    began = window.opens if closing is None or not urgent else max(window.opens, closing)
    about = About(
        time_point=row.time_point,
        date=began,
        episode=row.time_point,
        story=CONFIRMATION,
        reader=row.reader,
        criterion=row.criterion,
        line=row.line or "",
    )
    numbers = {"confirm_from": str(window.opens)}
    if closes is not None:
        numbers["confirm_by"] = str(closes)
    until = f"from {window.opens}" + (f" to {closes}" if closes else " on")
    return make_alert(
        case,
        "confirm_progression_closing" if urgent else "confirm_progression",
        _CLOSING if urgent else _OPEN,
        about,
        text=(
            f"{window.code} at {row.time_point} on {row.date} "
            f"{_say_window(case, window, until, rows)}"
        ),
        suggestion=f"{NAMES.get(row.criterion, row.criterion)}: confirm by a scan {until}",
        numbers=numbers,
        provisional=row.status is Status.PROVISIONAL,
        untrusted=rests_on_untrusted(case, row, baseline),
    )


def _say_window(case: Case, window: Window, until: str, rows: Sequence[Assessment]) -> str:
    if window.closes is not None and case.today > window.closes:
        return f"was not confirmed or refuted: the time for it, {until}, is past"
    said = _say_scans(rows, window.row.date, window.opens)
    return f"waits for a scan to confirm it {until}; {said}"


# --------------------------------------------------------------------------------------- response


def find_pending(
    case: Case, result: SubjectResult, rows: Sequence[Assessment]
) -> tuple[Pending, ...]:
    """Responses that a scan can still confirm (R1-71), whose day for it has come.

    A scan that was not evaluable moves no day.
    """
    if not any(find_kin(row.overall_response) in (Category.CR, Category.PR) for row in rows):
        return ()
    pending = [_begin_early(case, one, rows) for one in _look(case, result).pending]
    return tuple(one for one in pending if _is_due(case, rows[-1], one.due_from))


def _begin_early(case: Case, pending: Pending, rows: Sequence[Assessment]) -> Pending:
    """The same from the first day on which a scan could have confirmed it."""
    if _was_read_since(rows, pending.since):
        return pending
    least = case.protocol.best_response.confirmation_min_days
    return replace(pending, due_from=pending.since + dt.timedelta(least))


def _was_read_since(rows: Sequence[Assessment], day: dt.date) -> bool:
    return any(row.date > day and row.overall_response not in UNREAD for row in rows)


def _say_scans(rows: Sequence[Assessment], since: dt.date, opens: dt.date) -> str:
    """What became of the scans that could have confirmed it."""
    made = [row for row in rows if row.date > since and row.date >= opens]
    if not made:
        return "no scan was made yet"
    last = made[-1]
    scan = f"the scan of {last.time_point} on {last.date}"
    unread = last.overall_response in UNREAD
    return f"{scan} {'could not be evaluated' if unread else 'did not confirm it'}"


def _tell_response(
    case: Case, rows: Sequence[Assessment], pending: Pending, baseline: Sequence[Assessment]
) -> Alert:
    row = next(one for one in rows if one.date == pending.since)
    opens = row.date + dt.timedelta(case.protocol.best_response.confirmation_min_days)
    about = About(
        time_point=row.time_point,
        date=pending.due_from,
        episode=f"{row.time_point} {pending.category}",
        reader=row.reader,
        criterion=row.criterion,
        line=row.line or "",
    )
    return make_alert(
        case,
        "confirm_response",
        _RESPONSE,
        about,
        text=(
            f"{pending.category} at {row.time_point} on {row.date} can be confirmed "
            f"since {pending.due_from}; {_say_scans(rows, row.date, opens)}"
        ),
        suggestion=(
            f"{NAMES.get(row.criterion, row.criterion)}: a scan from {pending.due_from} on can "
            f"confirm {pending.category}, where the protocol asks for it"
        ),
        numbers={"confirm_from": str(pending.due_from)},
        provisional=row.status is Status.PROVISIONAL,
        untrusted=rests_on_untrusted(case, row, baseline),
    )


def _look(case: Case, result: SubjectResult) -> Outlook:
    """What would change the category next, after the last time point."""
    facts = case.picture.subject.facts
    line = result.summary.line
    if (facts.line or None) != (line or None):
        facts = SubjectFacts(facts.subject, line=line)
    criterion = result.summary.criterion
    return derive_outlooks(result.assessments, facts, case.protocol, criterion)[-1]
