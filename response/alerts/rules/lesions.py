"""Alerts of single lesions: new ones, those that are seen again, matches in doubt. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from response.alerts.rules.case import About, Case, Grade, make_alert
from response.alerts.rules.lesion_news import News, Told, read_table_news, read_tracking_news
from response.chosen_rows import group_rows
from response.model import Alert, Finding, Reader, Tracking
from response.terms import Audience, Event, Role, Severity

LESION = "lesion"
"""The story of one lesion."""

WAITS = "waits for a reader's call"
"""What is said of a new lesion that nobody called yet."""

_GRAVE = Grade(Severity.HIGH, Audience.CLINICIAN, lasting=True)
_ASKING = Grade(Severity.LOW, Audience.READER, lasting=False)
_NEWCOMER = (Event.NEW, Event.NEWLY_IMAGED)


def find_lesion_news(case: Case) -> Iterator[Alert]:
    """New lesions (R1-50 to R1-52), and lesions that are seen again after they were gone (R1-55).

    They alert whether or not a criterion makes progression of them; an equivocal one says that it
    waits for a reader's call. Under surveillance, where the baseline was read and shows no lesion,
    the first that is seen has a rule of its own; ours.
    """
    picture = case.picture
    confirmed = case.find_confirmed()
    start = picture.subject.facts.treatment_start
    for told in (
        *(read_tracking_news(one) for one in picture.trackings),
        *(read_table_news(one, start) for one in picture.readings),
    ):
        first = _first_day(told)
        for news in told.news:
            begins = not news.again and told.clear and news.sight.date == first
            provisional = _is_provisional(news, confirmed)
            yield _tell(case, news, _name_rule(news, begins=begins), provisional=provisional)


def _first_day(told: Told) -> object:
    return min((one.sight.date for one in told.news if not one.again), default=None)


def _name_rule(news: News, *, begins: bool) -> str:
    if news.again:
        return "reappeared"
    return "first_lesion" if begins else "new_lesion"


def _is_provisional(news: News, confirmed: frozenset[tuple[Reader, str]]) -> bool:
    """Whether no person stands behind it: a match that nobody called or confirmed."""
    if news.sight.doubted:
        return True
    stood = (news.reader, news.sight.time_point) in confirmed
    return news.matched and not (news.called or stood)


def _tell(case: Case, news: News, rule: str, *, provisional: bool) -> Alert:
    sight = news.sight
    about = About(
        time_point=sight.time_point,
        date=sight.date,
        episode=sight.time_point,
        story=LESION,
        reader=news.reader,
        lesion=news.lesion,
        lesion_name=news.name,
    )
    size = "" if sight.diameter_mm is None else f", {sight.diameter_mm} mm"
    known = sight.diameter_mm is not None
    return make_alert(
        case,
        rule,
        _GRAVE,
        about,
        text=f"{news.name} {_say(news)} at {sight.time_point} on {sight.date}{size}{_ask(news)}",
        suggestion=_suggest(case, news),
        numbers={"diameter_mm": str(sight.diameter_mm)} if known else None,
        provisional=provisional,
        untrusted=news.matched and case.reached_untrusted(sight.time_point),
    )


def _say(news: News) -> str:
    if news.again:
        if news.sight.node:
            return "was gone or below 10 mm and is pathological again"
        return "was gone and is seen again"
    return "is seen where no earlier scan shows its place" if news.sight.elsewhere else "is new"


def _ask(news: News) -> str:
    if news.again or news.called:
        return ""
    word = "" if news.matched and news.sight.state is None else "equivocal, "
    return f": {word}{WAITS}"


def _suggest(case: Case, news: News) -> str:
    waits = case.protocol.criterion.name == "irecist"
    if news.again:
        return (
            "seen again is progression after a complete response, or where the sum or an "
            "unequivocal call says so (RECIST 1.1); a reader looks at both scans"
        )
    if news.called and waits:
        return "an unequivocal new lesion is iUPD, to be confirmed by the next scan (iRECIST)"
    if news.called:
        return "an unequivocal new lesion is progression (RECIST 1.1, section 4.3.5)"
    if waits:
        return (
            "a reader's call: unequivocal is iUPD, to be confirmed by the next scan (iRECIST); "
            "equivocal is looked at again on the next scan"
        )
    return (
        "a reader's call: unequivocal is progression; equivocal is looked at again on the next "
        "scan, and progression then dates from here (RECIST 1.1, section 4.3.5)"
    )


# --------------------------------------------------------------------------------------- matches


def find_doubted_matches(case: Case) -> Iterator[Alert]:
    """Matches of lesions that a person has to look at; ours. New lesions have their own alerts."""
    for tracking in case.picture.trackings:
        lesions = {x.tracking_uid for x in tracking.lesions if x.role is not Role.REFERENCE}
        for (_name, uid), rows in sorted(group_rows(tracking.findings).items()):
            doubted = next((row for row in rows if row.needs_review), None)
            if doubted is not None and uid in lesions and not _is_news(tracking, doubted):
                yield _ask_for_match(case, doubted)


def _is_news(tracking: Tracking, finding: Finding) -> bool:
    """Whether a doubt is that of a lesion that alerts by itself: new, or seen again."""
    role = next(x.role for x in tracking.lesions if x.tracking_uid == finding.tracking_uid)
    start = next(
        (f.date for f in tracking.findings if f.time_point == tracking.baseline_time_point), None
    )
    if start is not None and finding.date <= start:
        return False
    new = finding.event in _NEWCOMER and role in (Role.NEW, None)
    return new or finding.event is Event.REAPPEARED


def _ask_for_match(case: Case, finding: Finding) -> Alert:
    about = About(
        time_point=finding.time_point,
        date=finding.date,
        episode=finding.time_point,
        reader=finding.reader,
        lesion=finding.tracking_uid,
        lesion_name=finding.tracking_id,
    )
    what = finding.event.value.replace("_", " ")
    why = f": {finding.reason}" if finding.reason else ""
    return make_alert(
        case,
        "match_review",
        _ASKING,
        about,
        text=f"{finding.tracking_id} {what} at {finding.time_point} on {finding.date}{why}",
        suggestion="confirm the match, or link the lesion to the right one",
        provisional=True,
        untrusted=case.reached_untrusted(finding.time_point),
    )
