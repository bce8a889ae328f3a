"""One subject on one day, as the rules of alerts read it, and the alerts they make of it. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, replace

from response.alerts.facts import Picture, restrict
from response.alerts.rules.identity import make_alert_id
from response.alerts.settings import AlertSettings
from response.endpoints import select_effective
from response.export.report_data import NAMES
from response.model import Alert, Reader
from response.protocol import Protocol
from response.terms import Audience, Severity, Status

AHEAD = dt.timedelta(days=1)
"""So far after the clinic's day a scan may be dated: where it was made it is tomorrow already."""


@dataclass(frozen=True, slots=True)
class Case:
    """A subject, the day that is looked at, and the choices of the trial or clinic."""

    picture: Picture
    today: dt.date
    protocol: Protocol

    @property
    def settings(self) -> AlertSettings:
        """The choices of ``[alerts]``."""
        return self.protocol.alerts

    def until_today(self) -> Case:
        """The same without what is dated in the future: it was not scanned or assessed yet."""
        return replace(self, picture=restrict(self.picture, self.today + AHEAD))

    def is_over(self) -> bool:
        """Whether the subject has died or begun another therapy by this day."""
        facts = self.picture.subject.facts
        ends = (facts.death_date, facts.new_therapy_date)
        return any(end is not None and end <= self.today for end in ends)

    def find_confirmed(self) -> frozenset[tuple[Reader, str]]:
        """Find the time points that a person confirmed, by reader."""
        return frozenset(
            (row.reader, row.time_point)
            for result in self.picture.results
            for row in select_effective(result.assessments)
            if row.status is Status.CONFIRMED
        )

    def date_of(self, time_point: str) -> dt.date:
        """The day of a time point; of one that is not known, the last scan or today."""
        days = {one.time_point: one.date for one in self.picture.scanned}
        return days.get(time_point, max(days.values(), default=self.today))

    def reached_untrusted(self, time_point: str) -> bool:
        """Whether a time point was reached by a registration that is not trusted."""
        registrations = self.picture.registrations
        return any(one.to_time_point == time_point for one in registrations if not one.trusted)

    def rests_on_untrusted(self, after: dt.date, until: dt.date) -> bool:
        """Whether an untrusted registration leads to a time point in ``(after, until]``."""
        return any(
            after < self.date_of(one.to_time_point) <= until
            for one in self.picture.registrations
            if not one.trusted
        )


@dataclass(frozen=True, slots=True)
class About:
    """What an alert is about: where the fact was seen, by whom, and how it is told apart.

    Of the alerts of one ``story`` the newer replaces the older. ``lesion`` and ``lesion_name`` are
    a lesion's ``tracking_uid`` and readable name (the name twice, where a table names it).
    """

    time_point: str
    date: dt.date
    episode: str
    story: str = ""
    reader: Reader | None = None
    criterion: str = ""
    line: str = ""
    lesion: str = ""
    lesion_name: str = ""


@dataclass(frozen=True, slots=True)
class Grade:
    """How grave an alert of a rule is, whom it is for, and whether its fact lasts."""

    severity: Severity
    audience: Audience
    lasting: bool


def make_alert(
    case: Case,
    rule: str,
    grade: Grade,
    about: About,
    *,
    text: str,
    suggestion: str,
    numbers: Mapping[str, str] | None = None,
    provisional: bool = False,
    untrusted: bool = False,
) -> Alert:
    """Put an alert together; its name follows from what it is about.

    Its text names the criterion where that is not the protocol's own.
    """
    subject = case.picture.subject
    if about.criterion not in ("", case.protocol.criterion.name):
        text = f"by {NAMES.get(about.criterion, about.criterion)}: {text}"
    return Alert(
        alert_id=make_alert_id(
            rule,
            subject.key,
            reader=about.reader,
            criterion=about.criterion,
            line=about.line,
            lesion=about.lesion,
            episode=about.episode,
        ),
        rule=rule,
        severity=grade.severity,
        audience=grade.audience,
        date=about.date,
        text=text,
        suggestion=suggestion,
        subject=subject.subject,
        subject_key=subject.key,
        reader=about.reader,
        criterion=about.criterion,
        line=about.line,
        time_point=about.time_point,
        tracking_uid=about.lesion,
        tracking_id=about.lesion_name,
        numbers=dict(numbers or {}),
        provisional=provisional,
        untrusted=untrusted,
        lasting=grade.lasting,
        thread=_name_thread(case, about),
    )


def _name_thread(case: Case, about: About) -> str:
    """The name of a story of one subject, as told by one reader of one lesion."""
    if not about.story:
        return ""
    reader = about.reader or Reader("", "")
    told = (case.picture.subject.key, reader.evaluator, reader.evaluator_id)
    return "|".join((about.story, *told, about.criterion, about.line, about.lesion))
