"""What somebody must look at: alerts."""

from __future__ import annotations

import datetime as dt
from dataclasses import asdict
from pathlib import Path

import click

from response.alerts.facts import Picture, Scanned
from response.alerts.rules import evaluate
from response.cli.common import home_option, json_option, open_workspace, plain_errors, print_json
from response.model import AssessedTimePoint, LesionReading, TimePoint
from response.read_streams import group_by_subject
from response.store import Store


@click.group(epilog="Example: response alerts list --home ./clinic")
def alerts() -> None:
    """Progression, new and reappeared lesions, matches and registrations that need a person."""


@alerts.command("list", epilog="Example: response alerts list --home ./clinic --json")
@home_option
@json_option
def list_alerts(home: Path | None, as_json: bool) -> None:
    """Evaluate the rules on the facts as they stand and print what they say."""
    with plain_errors():
        workspace, store = open_workspace(home, create=False)
        found = evaluate(_read_pictures(store), dt.date.today(), workspace.protocol())
        if as_json:
            print_json(asdict(alert) for alert in found)
            return
        for alert in found:
            mark = " (provisional)" if alert.provisional else ""
            click.echo(
                f"{alert.severity:<6} {alert.subject} {alert.time_point} {alert.rule}{mark}: "
                f"{alert.text}"
            )
        if not found:
            click.echo("nothing to look at")


def _read_pictures(store: Store) -> list[Picture]:
    """Read everything that the rules are asked of, subject by subject."""
    subjects = store.read_subjects()
    points = group_by_subject(store.read_time_points, subjects)
    trackings = group_by_subject(store.read_trackings, subjects)
    readings = group_by_subject(store.read_readings, subjects)
    registrations = group_by_subject(store.read_registrations, subjects)
    results = store.read_results()
    return [
        Picture(
            subject,
            _find_scanned(
                points[subject.subject],
                [row for one in readings[subject.subject] for row in one.readings],
                [row for one in readings[subject.subject] for row in one.time_points],
            ),
            tuple(one for one in results if one.summary.subject == subject.subject),
            tuple(trackings[subject.subject]),
            tuple(readings[subject.subject]),
            tuple(registrations[subject.subject]),
        )
        for subject in subjects
    ]


def _find_scanned(
    points: list[TimePoint], rows: list[LesionReading], named: list[AssessedTimePoint]
) -> tuple[Scanned, ...]:
    known = {(one.time_point, one.date) for one in points}
    known |= {(one.time_point, one.date) for one in rows}
    known |= {(one.time_point, one.date) for one in named}
    return tuple(Scanned(name, date) for name, date in sorted(known, key=lambda one: one[::-1]))
