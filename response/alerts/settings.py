"""``[alerts]`` of ``protocol.toml``: which facts alert, when, and who is told how.

Secrets are never here: the mail server's password is ``$RESPONSE_SMTP_PASSWORD``, and each webhook
names the environment variable that holds its secret.

Examples
--------
>>> AlertSettings().early_growth.enabled, AlertSettings().time_zone
(True, 'UTC')
"""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Annotated, Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from response.terms import Audience, Severity

Days = Annotated[int, Field(ge=0)]
Hours = Annotated[int, Field(ge=0)]
Percent = Annotated[Decimal, Field(strict=False, gt=0)]
Names = Annotated[tuple[str, ...], Field(strict=False)]
Audiences = Annotated[tuple[Annotated[Audience, Field(strict=False)], ...], Field(strict=False)]
Severities = Annotated[tuple[Annotated[Severity, Field(strict=False)], ...], Field(strict=False)]
Clock = Annotated[str, Field(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$")]

LOCAL = ("localhost", "127.0.0.1", "::1")
"""This machine itself, where a way may be open."""

RULES = (
    "progression",
    "recurrence",
    "new_lesion",
    "first_lesion",
    "reappeared",
    "early_growth",
    "near_progression",
    "uptake_rise",
    "confirm_progression",
    "confirm_progression_closing",
    "confirm_response",
    "scan_overdue",
    "missed_follow_up",
    "date_to_come",
    "match_review",
    "registration_review",
    "reference_missing",
    "review_waiting",
    "discordance",
    "runner_stopped",
    "protocol_refused",
    "subject_refused",
    "delivery_stopped",
    "intake_stopped",
)
"""Every rule, by the name that alerts carry and ``off`` takes."""


class _Section(BaseModel):
    model_config = ConfigDict(
        frozen=True, extra="forbid", strict=True, use_attribute_docstrings=True
    )


class EarlyGrowth(_Section):
    """Growth of the sum before the category turns (:mod:`response.alerts.rules.early`).

    The defaults were chosen on simulated courses whose doubling times, scan intervals and
    measurement error were fixed before (``tests/alerts/growth_courses.py``).
    """

    enabled: bool = True
    """Whether the rule is evaluated."""
    chance_per_year: Annotated[Decimal, Field(strict=False, gt=0, lt=1)] = Decimal("0.09")
    """What measurement error alone may do in a year of scans, shared among them by the time since
    the last and among the scans that may have been the lowest; ours. On simulated courses 1.9 % of
    patients without growth then alarm in a year, 3.1 % of those whose disease stands still
    (measured by contours, with ``[repeatability]`` saying so: 3.0 and 5.4 %)."""
    doubling_time_days_max: Annotated[int, Field(ge=1)] = 460
    """Slower growth does not alarm: a volume that doubles in 460 days takes a year to +20 % of
    its diameter; ours."""
    minimum_scans: Annotated[int, Field(ge=2)] = 2
    """Complete sums that growth must be seen in, the lowest among them; ours."""


class Mail(_Section):
    """The server that mail goes through."""

    server: str = ""
    """Name of the SMTP server; empty: no mail is sent."""
    port: Annotated[int, Field(ge=1, le=65535)] = 587
    """Its port."""
    security: Literal["starttls", "tls", "none"] = "starttls"
    """How the way to it is closed; ``none`` only to this machine itself (localhost)."""
    user: str = ""
    """Name to log in with; the password is ``$RESPONSE_SMTP_PASSWORD``. Empty: no login."""
    sender: str = "response@localhost"
    """Address that mail comes from."""

    @model_validator(mode="after")
    def _keep_the_way_closed(self) -> Mail:
        if self.security == "none" and self.server not in ("", *LOCAL):
            raise ValueError(
                f"security is none to {self.server}: mail would travel in the open; "
                "use starttls or tls"
            )
        return self


class Recipient(_Section):
    """Somebody who is told by mail."""

    name: Annotated[str, Field(min_length=1)]
    """What this recipient is called here, once."""
    address: Annotated[str, Field(pattern=r"^[^@\s,;<>]+@[^@\s,;<>]+$")]
    """Mail address."""
    audiences: Audiences = (Audience.CLINICIAN, Audience.READER)
    """Whose alerts this recipient gets: clinician, reader, operator."""
    severities: Severities = (Severity.HIGH, Severity.MEDIUM)
    """The severities that are sent; the others stand in the inbox."""
    mode: Literal["at_once", "digest"] = "at_once"
    """One message as soon as an evaluation finds something, or one a day at ``digest_at``."""
    escalation: bool = False
    """Told only when nobody acknowledged in time."""


class Webhook(_Section):
    """A program that is told over HTTP."""

    name: Annotated[str, Field(min_length=1)]
    """What this receiver is called here, once."""
    url: Annotated[str, Field(pattern=r"^https?://[^\s]+$")]
    """Where to; plain ``http`` only to this machine itself (localhost)."""
    kind: Literal["generic", "slack", "teams"] = "generic"
    """The form of the body."""
    secret_env: str = ""
    """Environment variable with the secret that bodies are signed with; empty: not signed."""
    audiences: Audiences = (Audience.CLINICIAN, Audience.READER, Audience.OPERATOR)
    """Whose alerts this receiver gets."""
    severities: Severities = (Severity.HIGH, Severity.MEDIUM)
    """The severities that are sent."""
    escalation: bool = False
    """Told only when nobody acknowledged in time."""

    @field_validator("url")
    @classmethod
    def _keep_the_way_closed(cls, url: str) -> str:
        parts = urlsplit(url)
        if parts.scheme == "http" and parts.hostname not in LOCAL:
            raise ValueError(f"plain http to {parts.hostname}: alerts would travel in the open")
        return url


class AlertSettings(_Section):
    """All of ``[alerts]``."""

    off: Names = ()
    """Rules that are not evaluated, by name."""
    near_progression_pct: Percent = Decimal(15)
    """Rise of the sum over the nadir, in per cent, from which progression is near; ours. Low, and
    not sent, where measurement error could make the rise."""
    uptake_rise_pct: Percent = Decimal(20)
    """Rise of a lesion's SULpeak over its lowest, in per cent; PMD is beyond 30; ours."""
    uptake_rise_minimum: Annotated[Decimal, Field(strict=False, ge=0)] = Decimal("0.8")
    """And by at least this much SUL, g/ml (PERCIST 1.0: 0.8 units of change); ours as an alert."""
    closing_days: Days = 7
    """How long before its window ends a confirmation to come is urgent; ours."""
    overdue_archive_days: Annotated[int, Field(ge=1)] = 730
    """So long after it fell due nobody waits for a scan any more; ours."""
    follow_after_progression: bool = False
    """Whether scans fall due after progression, too."""
    review_wait_days: Days = 7
    """How long a match, registration or call may wait for a person; ours."""
    early_growth: EarlyGrowth = EarlyGrowth()
    """Growth before the category turns."""

    time_zone: str = "UTC"
    """IANA name (``Europe/Zurich``) of the clock that days, quiet hours and digests go by."""
    evaluate_minutes: Annotated[int, Field(ge=1, le=1440)] = 15
    """How often ``response alerts serve`` evaluates."""
    runner_silent_hours: Annotated[int, Field(ge=1)] = 26
    """After so long without an evaluation the runner counts as stopped (daily runs, and an hour of
    daylight saving)."""
    intake_silent_days: Days = 0
    """After so many days without a new time point the intake counts as stopped; 0: not watched."""
    heartbeat_url: Annotated[str, Field(pattern=r"^(https?://[^\s]+)?$")] = ""
    """Asked after each good evaluation, so that somebody outside notices when they stop; plain
    ``http`` only to this machine itself (localhost); empty: none."""

    link: Annotated[str, Field(pattern=r"^(https?://[^\s]+)?$")] = ""
    """Address of the dashboard that messages link to, as ``https://tracker.example``."""
    identifiers: bool = False
    """Whether messages name the patient's number, time points and figures. Without, they carry the
    opaque key and a link."""
    mail: Mail = Mail()
    """The server that mail goes through."""
    recipients: Annotated[tuple[Recipient, ...], Field(strict=False)] = ()
    """Who is told by mail, of what and when."""
    webhooks: Annotated[tuple[Webhook, ...], Field(strict=False)] = ()
    """Programs that are told over HTTP."""
    digest_at: Clock = "07:30"
    """When the daily digest is made, local time."""
    quiet_from: Clock = "22:00"
    """Messages wait from then …"""
    quiet_to: Clock = "07:00"
    """… until then, local time; the same twice: no quiet hours."""
    quiet_lets_through: Severities = (Severity.HIGH,)
    """Severities that are sent in quiet hours all the same."""
    escalate_high_hours: Hours = 24
    """After so long without an acknowledgement a high alert goes to ``escalation``; 0: never."""
    escalate_medium_hours: Hours = 72
    """The same for a medium one."""
    give_up_hours: Annotated[int, Field(ge=1)] = 72
    """After so long of failed attempts a message is a dead letter, shown and never dropped."""

    @field_validator("off")
    @classmethod
    def _know_the_rules(cls, off: Names) -> tuple[str, ...]:
        unknown = sorted(set(off) - set(RULES))
        if unknown:
            raise ValueError(f"no such rule: {', '.join(unknown)}; there are {', '.join(RULES)}")
        return off

    @field_validator("heartbeat_url")
    @classmethod
    def _keep_the_way_closed(cls, url: str) -> str:
        parts = urlsplit(url)
        if parts.scheme == "http" and parts.hostname not in LOCAL:
            raise ValueError(f"plain http to {parts.hostname}: use https")
        return url

    @field_validator("time_zone")
    @classmethod
    def _know_the_zone(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (LookupError, OSError, ValueError):
            raise ValueError(f"{name!r} is no IANA time zone, such as Europe/Zurich") from None
        return name

    @model_validator(mode="after")
    def _name_each_once(self) -> AlertSettings:
        names = [one.name for one in self.recipients] + [one.name for one in self.webhooks]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"the name {twice[0]!r} is given twice to recipients or webhooks")
        return self

    @property
    def zone(self) -> dt.tzinfo:
        """The clock's zone."""
        return ZoneInfo(self.time_zone)
