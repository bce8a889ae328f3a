"""Titles and bodies of messages: what they say, and what they must not."""

from __future__ import annotations

import dataclasses
import datetime as dt
from typing import Any

import pytest
from alert_makers import NOON, make_alert, make_settings
from hypothesis import given
from hypothesis import strategies as st

from response.alerts.delivery.words import (
    LISTED,
    LONGEST_TITLE,
    News,
    clean,
    read_severity,
    write_body,
    write_title,
)
from response.alerts.rules.words import WORDS
from response.alerts.settings import RULES, AlertSettings
from response.model import AlertEvent, Reader
from response.terms import AlertChange, Severity

IDENTIFIERS = ("PAT-0042", "Week24", "LiverDome", "43.5", "2026-06")
SETTINGS = make_settings()
NAMING = make_settings(identifiers=True)


def make_news(change: AlertChange = AlertChange.RAISED, note: str = "", **changes: Any) -> News:
    alert = make_alert(**changes)
    event = AlertEvent("e1", alert.alert_id, NOON, dt.date(2026, 6, 1), change, "system", note)
    return News(alert, event)


def write(news: list[News], settings: AlertSettings = SETTINGS) -> str:
    return f"{write_title(news, settings)}\n{write_body(news, settings)}"


def test_every_rule_has_words() -> None:
    assert set(WORDS) == set(RULES)


@pytest.mark.parametrize("change", [one for one in AlertChange if one.value != "resolved"])
def test_without_leave_a_message_names_nobody_and_holds_no_figure(change: AlertChange) -> None:
    reader = Reader("INVESTIGATOR", "dr.ada")
    text = write([make_news(change, note="sum now 43.5 mm at Week24", reader=reader)])
    assert "dr.ada" not in text
    assert not [one for one in IDENTIFIERS if one in text]
    assert "k7f3q" in text
    assert "https://tracker.example/alerts?alert=a1" in text


def test_with_leave_a_message_says_what_where_and_what_to_do() -> None:
    text = write([make_news(reader=Reader("INDEPENDENT ASSESSOR", "R1"))], NAMING)
    for words in (
        "[high] Progression – PAT-0042",
        "1. Progression (high, for the clinician)",
        "Subject: PAT-0042",
        "Reader: INDEPENDENT ASSESSOR R1",
        "Time point: Week24",
        "Lesion: LiverDome",
        "Found: PD: sum 43.5 mm at Week24",
        "sum mm: 43.5",
        "Suggestion: discuss before 2026-06-20",
    ):
        assert words in text


def test_provisional_and_untrusted_facts_are_labelled() -> None:
    for settings in (SETTINGS, NAMING):
        text = write([make_news(provisional=True, untrusted=True)], settings)
        assert "(provisional, untrusted registration)" in text
        assert "PROVISIONAL: no person has confirmed this yet." in text
        assert "Rests on a registration that is not trusted." in text


def test_a_withdrawal_says_what_and_with_leave_why() -> None:
    gone = make_news(AlertChange.WITHDRAWN, note="the sum is 41.0 mm now")
    assert "WITHDRAWN" in write([gone])
    assert "41.0" not in write([gone])
    assert "Why: the sum is 41.0 mm now" in write([gone], NAMING)
    assert "Said: PD: sum 43.5 mm at Week24" in write([gone], NAMING)
    assert "1 alert withdrawn." in write([gone])


def test_a_message_ends_with_what_it_is_not_for() -> None:
    last = write([make_news()]).rstrip("\n").rpartition("\n")[2]
    assert last.endswith("not for diagnosis without a physician.")


def test_without_a_link_the_alert_is_named_by_its_id() -> None:
    assert "Alert a1" in write([make_news()], make_settings(link=""))


def test_alerts_beyond_what_is_listed_are_counted() -> None:
    news = [make_news(alert_id=f"a{n}") for n in range(LISTED + 7)]
    text = write(news)
    assert "And 7 more: see the inbox." in text
    assert f"{LISTED + 7} alerts, {LISTED + 7} high" in text


@given(st.sampled_from(list(Severity)))
def test_a_severity_is_read_back_from_a_title(severity: Severity) -> None:
    assert read_severity(write_title([make_news(severity=severity)], SETTINGS)) is severity


def test_a_title_without_a_severity_is_not_held_back() -> None:
    assert read_severity("Something else") is Severity.HIGH


@given(st.text(st.characters(), max_size=2000))
def test_names_from_outside_stay_on_their_line(name: str) -> None:
    alert = make_alert(subject=name, subject_key=name, text=name, time_point=name)
    news = dataclasses.replace(make_news(), alert=alert)
    for settings in (SETTINGS, NAMING):
        title = write_title([news], settings)
        assert len(title) <= LONGEST_TITLE
        assert title.isprintable()
        body = write_body([news], settings)
        body.encode()
        assert all(line.isprintable() for line in body.split("\n"))
        plain = write_body([make_news()], settings)
        assert body.count("\n") <= plain.count("\n")


@given(st.text(st.characters()))
def test_what_is_clean_stays_as_it_is(text: str) -> None:
    assert clean(clean(text)) == clean(text)


@pytest.mark.parametrize(
    "evil", ["a\r\nb", "a\x00b", "a\u2028b", "a\u202eb", "a\ud800b", "a\x1b[2Jb"]
)
def test_what_cannot_be_printed_is_a_space(evil: str) -> None:
    assert clean(evil) == ("a [2Jb" if "[2J" in evil else "a b")
