"""Title and plain-text body of a message, with identifiers only where the clinic allows. Pure.

A title begins with the gravest severity in brackets, so that it can be read back from a message.
Names come from outside: no control character, line break or change of direction gets through.

Examples
--------
>>> clean("Lesion\\r\\nBcc: all@example.org\\u202e")
'Lesion Bcc: all@example.org'
>>> read_severity("[high] Progression").value
'high'
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from response.alerts.delivery.telling import TOLD_ENDINGS
from response.alerts.ledger import GRAVEST_FIRST
from response.alerts.rules.words import explain_rule, name_rule
from response.alerts.settings import AlertSettings
from response.model import Alert, AlertEvent
from response.terms import AlertChange, Severity

PURPOSE = (
    "Computed from measurements, to be checked by a physician; "
    "not for diagnosis without a physician."
)
PROVISIONAL = "PROVISIONAL: no person has confirmed this yet."
UNTRUSTED = "Rests on a registration that is not trusted."

LISTED = 200
"""So many alerts are written out in one message; the inbox has all."""
LONGEST_TITLE = 140
LONGEST_LINE = 1000

_HOW = {
    AlertChange.REOPENED: "Is open again.",
    AlertChange.UPDATED: "Is graver than it was.",
    AlertChange.ESCALATED: "Nobody has acknowledged it in time.",
    AlertChange.WITHDRAWN: "WITHDRAWN: the facts no longer say so.",
    AlertChange.SUPERSEDED: "SUPERSEDED: another alert took its place.",
}


@dataclass(frozen=True, slots=True)
class News:
    """What one recipient is told of one alert: the alert, and what became of it.

    ``replaces`` are the alerts told before that this one took the place of.
    """

    alert: Alert
    event: AlertEvent
    replaces: tuple[str, ...] = ()

    @property
    def ends(self) -> bool:
        """Whether it takes back what was told before."""
        return self.event.change in TOLD_ENDINGS


def clean(text: str, longest: int = LONGEST_LINE) -> str:
    """Put words from outside on one line: nothing that cannot be printed, not too long."""
    line = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return line if len(line) <= longest else line[: longest - 1] + "…"


def read_severity(title: str) -> Severity:
    """Read the gravest severity back from a title; high where it has none: it is not held back."""
    word = title.removeprefix("[").partition("]")[0]
    return Severity(word) if word in GRAVEST_FIRST else Severity.HIGH


def find_gravest(severities: Iterable[Severity]) -> Severity:
    """Find the gravest of some severities."""
    return min(severities, key=GRAVEST_FIRST.index)


def make_link(settings: AlertSettings, alert_id: str = "") -> str:
    """Make the address of an alert in the dashboard, or of the inbox; empty where none is set."""
    base = clean(settings.link).rstrip("/")
    if not base:
        return ""
    return f"{base}/alerts?alert={alert_id}" if alert_id else f"{base}/alerts"


def write_title(news: Sequence[News], settings: AlertSettings, *, digest: bool = False) -> str:
    """Write the title of a message about some alerts, the gravest first."""
    gravest = find_gravest(one.alert.severity for one in news)
    lead = news[0]
    what = _lead_words(lead, settings)
    if len(news) > 1:
        high = sum(one.alert.severity is Severity.HIGH and not one.ends for one in news)
        count = f"{len(news)} alerts" + (f", {high} high" if high else "")
        what = f"{count}: {what} …"
    return clean(f"[{gravest.value}] {'Daily digest: ' if digest else ''}{what}", LONGEST_TITLE)


def _lead_words(one: News, settings: AlertSettings) -> str:
    words = [name_rule(one.alert.rule)]
    if one.event.change is AlertChange.ESCALATED:
        words.insert(0, "not acknowledged:")
    if one.ends:
        words.insert(0, "withdrawn:" if one.event.change is AlertChange.WITHDRAWN else "replaced:")
    whom = _name_subject(one.alert, settings)
    if whom:
        words.append(f"– {whom}")
    labels = [
        label
        for label, holds in (
            ("provisional", one.alert.provisional),
            ("untrusted registration", one.alert.untrusted),
        )
        if holds and not one.ends
    ]
    return " ".join(words) + (f" ({', '.join(labels)})" if labels else "")


def _name_subject(alert: Alert, settings: AlertSettings) -> str:
    return clean(alert.subject if settings.identifiers else alert.subject_key)


def write_body(news: Sequence[News], settings: AlertSettings, *, digest: bool = False) -> str:
    """Write the plain text of a message about some alerts, in the order given."""
    opening = "What has happened since the last digest." if digest else _count_words(news)
    parts = [opening]
    parts += [_write_item(n, one, settings) for n, one in enumerate(news[:LISTED], start=1)]
    if len(news) > LISTED:
        parts.append(f"And {len(news) - LISTED} more: see the inbox.")
    inbox = make_link(settings)
    if inbox:
        parts.append(f"All alerts: {inbox}")
    return "\n\n".join([*parts, PURPOSE]) + "\n"


def _count_words(news: Sequence[News]) -> str:
    ended = sum(one.ends for one in news)
    told = len(news) - ended
    words = []
    if told:
        words.append("1 alert to look at" if told == 1 else f"{told} alerts to look at")
    if ended:
        replaced = any(one.event.change is AlertChange.SUPERSEDED for one in news)
        what = "withdrawn or replaced" if replaced else "withdrawn"
        words.append(f"1 alert {what}" if ended == 1 else f"{ended} alerts {what}")
    return ", ".join(words) + "."


def _write_item(number: int, one: News, settings: AlertSettings) -> str:
    alert = one.alert
    whose = f"{alert.severity.value}, for the {alert.audience.value}"
    lines = [f"{number}. {name_rule(alert.rule)} ({whose})"]
    if one.event.change in _HOW:
        lines.append(_HOW[one.event.change])
    if alert.provisional and not one.ends:
        lines.append(PROVISIONAL)
    if alert.untrusted and not one.ends:
        lines.append(UNTRUSTED)
    whom = _name_subject(alert, settings)
    if whom:
        lines.append(f"Subject: {whom}")
    lines += _write_facts(one) if settings.identifiers else [explain_rule(alert.rule)]
    lines += [f"Takes the place of alert {clean(former)}." for former in one.replaces]
    lines.append(make_link(settings, alert.alert_id) or f"Alert {clean(alert.alert_id)}")
    return "\n   ".join(line for line in lines if line)


def _write_facts(one: News) -> list[str]:
    """Write what only a message with identifiers says."""
    alert = one.alert
    said = [("Time point", alert.time_point), ("Lesion", alert.tracking_id)]
    reader = f"{alert.reader.evaluator} {alert.reader.evaluator_id}" if alert.reader else ""
    said += [("Reader", reader), ("Criterion", alert.criterion), ("Line", alert.line)]
    said.append(("Date", str(alert.date)))
    if one.ends:
        said += [("Said", alert.text), ("Why", one.event.note)]
    else:
        said += [("Found", alert.text), ("What changed", _why(one.event))]
        said += [(name.replace("_", " "), value) for name, value in alert.numbers.items()]
        said += [("Suggestion", alert.suggestion)]
    return [f"{clean(label)}: {clean(value)}" for label, value in said if value]


def _why(event: AlertEvent) -> str:
    return event.note if event.change in (AlertChange.REOPENED, AlertChange.UPDATED) else ""
