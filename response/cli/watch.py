"""What somebody must look at: alerts."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click

from response.alerts.rules import evaluate
from response.cli.common import home_option, json_option, open_workspace, plain_errors, print_json


@click.group(epilog="Example: response alerts list --home ./clinic")
def alerts() -> None:
    """Progression, new and reappeared lesions, matches and registrations that need a person."""


@alerts.command("list", epilog="Example: response alerts list --home ./clinic --json")
@home_option
@json_option
def list_alerts(home: Path | None, as_json: bool) -> None:
    """Evaluate the rules on the facts as they stand and print what they say."""
    with plain_errors():
        _workspace, store = open_workspace(home, create=False)
        found = evaluate(store.read_results(), store.read_trackings(), store.read_registrations())
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
