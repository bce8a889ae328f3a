"""Alerts of what the categories say: progression, and disease that is back. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence

from response.alerts.rules.case import About, Case, Grade, make_alert
from response.alerts.rules.lesion_news import is_clear_table, is_clear_tracking
from response.endpoints import select_effective
from response.explain import deciding_sentences
from response.export.report_data import NAMES
from response.model import Alert, Assessment, Reader, SubjectResult
from response.terms import Audience, Category, Severity, Status, find_kin

GROWTH = "growth"
"""The story of a sum that grows, until it is progression."""

UNCONFIRMED = ("iUPD", "PDu")
"""Progression that waits to be confirmed: that it was confirmed is news."""

GONE = (Category.CR, Category.NED)
THERE = (Category.PR, Category.SD, Category.NON_CR_NON_PD)
_GRAVE = Grade(Severity.HIGH, Audience.CLINICIAN, lasting=True)
_OPEN = Grade(Severity.HIGH, Audience.CLINICIAN, lasting=False)


def find_progressions(case: Case) -> Iterator[Alert]:
    """Progression, and disease that is back after a complete response, by any criterion.

    The first progression of each episode is news, and that it was confirmed (iCPD after iUPD: I-04;
    PD after PDu: Scher 2016, Wen 2023). What was not evaluable in between ends no episode, a better
    category does (the reset of the bar, I-07). After a complete response, or a baseline without
    disease, it is a recurrence, and so is disease that is back without being progression (R1-55,
    R1-62); that two words are used for it is ours. Progression that waits to be confirmed stands
    until an assessment answers it.
    """
    clear = _find_clear(case)
    for result in case.picture.results:
        yield from _of_result(case, result, clear=result.summary.reader in clear)


def _find_clear(case: Case) -> set[Reader]:
    """The readers whose baseline shows no disease."""
    picture = case.picture
    start = picture.subject.facts.treatment_start
    return {one.reader for one in picture.trackings if is_clear_tracking(one)} | {
        one.reader for one in picture.readings if is_clear_table(one, start)
    }


def _of_result(case: Case, result: SubjectResult, *, clear: bool) -> Iterator[Alert]:
    baseline = result.assessments[:1]
    told: set[bool] = set()
    waits: Alert | None = None
    gone = was_gone = clear
    for row in select_effective(result.assessments):
        kin = find_kin(row.overall_response)
        if kin == Category.PD:
            confirmed = row.overall_response not in UNCONFIRMED
            if confirmed:
                waits = None
            if not told or (confirmed and True not in told):
                alert = _tell(case, row, baseline, back=was_gone)
                if confirmed:
                    yield alert
                else:
                    waits = alert
            told.add(confirmed)
            gone = False
        elif kin in THERE:
            if gone and _is_back(row):
                yield _tell(case, row, baseline, back=True)
                gone = False
            told.clear()
            waits = None
        elif kin in GONE:
            gone = was_gone = True
            told.clear()
            waits = None
    if waits is not None:
        yield waits


def _is_back(row: Assessment) -> bool:
    """Whether disease is seen again: not where only a non-target was not evaluable (A27)."""
    unseen = row.non_target_response in ("", Category.NE)
    return not (find_kin(row.target_response) == Category.CR and unseen)


def _tell(case: Case, row: Assessment, baseline: Sequence[Assessment], *, back: bool) -> Alert:
    code = row.overall_response
    about = About(
        time_point=row.time_point,
        date=row.date,
        episode=f"{row.time_point} {code}" if code in UNCONFIRMED else row.time_point,
        story=GROWTH,
        reader=row.reader,
        criterion=row.criterion,
        line=row.line or "",
    )
    said = _say_why(row)
    after = ", after a time without disease" if back else ""
    return make_alert(
        case,
        "recurrence" if back else "progression",
        _OPEN if code in UNCONFIRMED else _GRAVE,
        about,
        text=f"{code} at {row.time_point} on {row.date}{after}: {said}",
        suggestion=_suggest(case, row),
        numbers=describe_sum(row),
        provisional=row.status is Status.PROVISIONAL,
        untrusted=rests_on_untrusted(case, row, baseline),
    )


def _say_why(row: Assessment) -> str:
    """What decided it; of progression that a later scan dated back not the doubt of its day."""
    back = [reason.text for reason in row.reasons if reason.row_id.endswith(".NEW.BACKDATED")]
    doubts = {reason.text for reason in row.reasons if reason.row_id.endswith(".NEW.EQUIVOCAL")}
    known = [text for text in deciding_sentences(row) if not (back and text in doubts)]
    return "; ".join(known or back).removeprefix(f"{row.overall_response}: ")


def _suggest(case: Case, row: Assessment) -> str:
    """What the criterion asks for next, and what a person still has to confirm."""
    asked = f"{NAMES.get(row.criterion, row.criterion)}: {_ask(case, row)}"
    if row.status is Status.PROVISIONAL:
        asked += "; targets, matches and new lesions wait for a person to confirm them"
    return asked


def _ask(case: Case, row: Assessment) -> str:
    protocol, code = case.protocol, row.overall_response
    if code == "iUPD":
        options = protocol.irecist
        first = row.date + dt.timedelta(options.icpd_min_days)
        last = row.date + dt.timedelta(options.icpd_max_days or options.icpd_warn_days)
        return f"confirm by a scan from {first} to {last}"
    if code == "PDu":
        days = protocol.rano2 if row.criterion == "rano2" else protocol.pcwg3
        return f"confirm by a scan from {row.date + dt.timedelta(days.confirmation_min_days)} on"
    if find_kin(code) == Category.PD:
        return "progression; the protocol says what follows"
    return "disease is seen again; a reader looks at both scans"


def describe_sum(row: Assessment) -> dict[str, str]:
    """The figures of an assessment, as far as it has them."""
    known: Iterable[tuple[str, object]] = (
        ("sum_of_diameters_mm", row.sum_of_diameters_mm),
        ("nadir_mm", row.nadir_mm),
        ("change_from_baseline_pct", row.change_from_baseline_pct),
        ("change_from_nadir_pct", row.change_from_nadir_pct),
    )
    return {name: str(value) for name, value in known if value is not None}


def rests_on_untrusted(case: Case, row: Assessment, baseline: Sequence[Assessment]) -> bool:
    """Whether a category that nobody confirmed follows lesions over an untrusted registration."""
    if row.status is not Status.PROVISIONAL or not baseline:
        return False
    return case.rests_on_untrusted(baseline[0].date, row.date)
