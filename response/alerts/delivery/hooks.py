"""What a webhook is sent: the JSON of each kind of receiver, within its limits. Pure.

``generic``::

    {"schema": "response-alerts/1", "message_id": "…", "at": "2026-03-02T07:00:00+00:00",
     "severity": "high", "title": "…", "text": "…", "link": "https://…/alerts",
     "alert_count": 2, "alerts": [{"alert_id": "…", "link": "https://…/alerts?alert=…"}, …]}

``slack`` takes the form of its incoming webhooks, ``teams`` an Adaptive Card as the Workflows of
Teams take it. Text is given as plain text, so that no name becomes a mention or a link.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator, Mapping
from typing import Literal

from response.alerts.delivery.words import clean, make_link, read_severity
from response.alerts.settings import AlertSettings
from response.model import AlertMessage

Json = Mapping[str, object]

GENERIC_TEXT = 48_000
"""Characters of text that a generic receiver is sent."""
GENERIC_ALERTS = 500
SLACK_SECTION = 2_900
"""Slack takes 3,000 characters in a section …"""
SLACK_TEXT = 10_000
"""… and about 13,000 in all blocks."""
SLACK_HEADER = 150
TEAMS_BYTES = 20_000
"""Bytes of text; Teams takes 28 kB in all."""


def write_hook(
    kind: Literal["generic", "slack", "teams"], message: AlertMessage, settings: AlertSettings
) -> Json:
    """Write what a receiver of a kind is sent."""
    if kind == "slack":
        return _write_slack(message, make_link(settings))
    if kind == "teams":
        return _write_teams(message, make_link(settings))
    return _write_generic(message, settings)


def cut(text: str, longest: int) -> str:
    """Cut a text at the end of a line, and say so.

    Examples
    --------
    >>> cut("first\\nsecond\\nthird", 14)
    'first\\n…'
    """
    if len(text) <= longest:
        return text
    kept = text[: longest - 2]
    return kept[: kept.rfind("\n")] + "\n…" if "\n" in kept else kept + "…"


def _write_generic(message: AlertMessage, settings: AlertSettings) -> Json:
    return {
        "schema": "response-alerts/1",
        "message_id": message.message_id,
        "at": message.at.astimezone(dt.UTC).isoformat(timespec="seconds"),
        "severity": read_severity(message.title).value,
        "title": clean(message.title),
        "text": cut(message.body, GENERIC_TEXT),
        "link": make_link(settings),
        "alert_count": len(message.alert_ids),
        "alerts": [
            {"alert_id": one, "link": make_link(settings, one)}
            for one in message.alert_ids[:GENERIC_ALERTS]
        ],
    }


def _write_slack(message: AlertMessage, link: str) -> Json:
    title = clean(message.title)
    blocks: list[Json] = [{"type": "header", "text": _plain(clean(title, SLACK_HEADER))}]
    blocks += [
        {"type": "section", "text": _plain(part)}
        for part in _split(cut(message.body, SLACK_TEXT), SLACK_SECTION)
    ]
    if link:
        words = {"type": "mrkdwn", "text": f"<{_escape(link)}|Open the inbox>"}
        blocks.append({"type": "section", "text": words})
    return {"text": _escape(title), "blocks": blocks}


def _split(text: str, longest: int) -> Iterator[str]:
    """Split a text into parts, at the ends of lines where there are any."""
    rest = text.strip()
    while len(rest) > longest:
        end = rest.rfind("\n", 1, longest)
        end = end if end > 0 else longest
        yield rest[:end]
        rest = rest[end:].strip()
    if rest:
        yield rest


def _plain(text: str) -> Json:
    return {"type": "plain_text", "text": text, "emoji": False}


def _escape(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _write_teams(message: AlertMessage, link: str) -> Json:
    body = [_run(clean(message.title), weight="Bolder", size="Medium")]
    body += _fit(message.body, TEAMS_BYTES)
    card: dict[str, object] = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "body": body,
    }
    if link:
        card["actions"] = [{"type": "Action.OpenUrl", "title": "Open the inbox", "url": link}]
    kind = "application/vnd.microsoft.card.adaptive"
    return {
        "type": "message",
        "attachments": [{"contentType": kind, "contentUrl": None, "content": card}],
    }


def _fit(text: str, most_bytes: int) -> list[Json]:
    """Write as many lines as fit, and say where there are more."""
    runs: list[Json] = []
    for line in text.split("\n"):
        if not line.strip():
            continue
        run = _run(line)
        most_bytes -= len(json.dumps(run))
        if most_bytes < 0:
            return [*runs, _run("…")]
        runs.append(run)
    return runs


def _run(text: str, **look: str) -> Json:
    """Write one line as a run of text, which Teams does not read as Markdown."""
    return {"type": "RichTextBlock", "inlines": [{"type": "TextRun", "text": text, **look}]}
