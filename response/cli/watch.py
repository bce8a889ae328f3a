"""What somebody must look at: alerts, evaluated and listed."""

from __future__ import annotations

import datetime as dt
import sys
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import click

from response.alerts.ledger import GRAVEST_FIRST
from response.alerts.record import ENDED, AlertRecord
from response.alerts.run import RunReport, preview_alerts, run_alerts
from response.alerts.runner.schedule_work import finish_run
from response.alerts.settings import RULES
from response.cli.alert_lines import (
    count_changes,
    describe_alert,
    describe_event,
    describe_record,
    say_alert,
    say_record,
)
from response.cli.answering import ANSWERS
from response.cli.common import (
    DONE,
    IN_PART,
    actor,
    choose_subjects,
    home_option,
    json_option,
    open_workspace,
    plain_errors,
    print_json,
    report_refusals,
    subject_option,
)
from response.cli.schedule import health, serve
from response.terms import AlertState, Severity

STATES = tuple(AlertState)
"""The states of alerts, in the order they are listed."""


@click.group(epilog="Example: response alerts list --home ./clinic")
def alerts() -> None:
    """What a person must look at: progression, new lesions, what falls due, what waits."""


for _answer in (*ANSWERS, serve, health):
    alerts.add_command(_answer)


@alerts.command("run", epilog="Example: response alerts run --home ./clinic")
@home_option
@click.option(
    "--as-of",
    metavar="DATE",
    type=click.DateTime(["%Y-%m-%d"]),
    help="Look at this day, with nothing that is dated later.",
)
@click.option("--no-deliver", is_flag=True, help="Queue messages and send none.")
@json_option
def run(home: Path | None, as_of: dt.datetime | None, no_deliver: bool, as_json: bool) -> None:
    """Evaluate the rules once, keep what became of alerts, and send what is due.

    For cron and systemd timers; several at once do no harm. With --as-of a day before the last one
    that was evaluated, or to come, is shown: nothing is written or sent.
    """
    with plain_errors():
        workspace, store = open_workspace(home, create=False)
        report = run_alerts(
            workspace,
            store,
            now=dt.datetime.now(dt.UTC),
            as_of=as_of.date() if as_of else None,
            deliver=not no_deliver,
            actor=actor(),
        )
        report.warnings += finish_run(workspace, report)
        report_refusals(report.refused, report.warnings)
        if as_json:
            print_json([_summarise(report), *_list_news(report)])
        else:
            _print_run(report)
    sys.exit(IN_PART if report.refused or report.dead else DONE)


def _summarise(report: RunReport) -> dict[str, object]:
    """Give what a run did in numbers, for a machine."""
    counts = Counter(event.change.value for event in report.changes.events)
    return {
        "as_of": report.as_of,
        "written": not report.shown_only and not report.at_work,
        "at_work": report.at_work,
        **counts,
        "open": report.open_count,
        "messages": len(report.changes.messages),
        "sent": report.sent,
        "failed": report.failed,
        "dead": report.dead,
        "refused": [str(one) for one in report.refused],
    }


def _list_news(report: RunReport) -> Iterable[dict[str, object]]:
    """Give what became of alerts for a machine; of a day that is only shown, what held."""
    if report.shown_only:
        for alert in report.holding:
            yield {**describe_alert(alert), "change": "holds", "as_of": report.as_of}
    for event in report.changes.events:
        yield {**describe_alert(report.alerts[event.alert_id]), **describe_event(event)}


def _print_run(report: RunReport) -> None:
    if report.at_work:
        click.echo("another one is at work, and looks again at what is there now")
        return
    if report.shown_only:
        for alert in report.holding:
            click.echo(say_alert(alert))
        click.echo(f"{len(report.holding)} alerts held on {report.as_of}; {report.shown_only}")
        return
    for event in report.changes.events:
        said = f" – {event.note}" if event.note else ""
        click.echo(f"{event.change:<11} {say_alert(report.alerts[event.alert_id])}{said}")
    counts = Counter(event.change.value for event in report.changes.events)
    click.echo(f"{report.as_of}: {count_changes(counts)}; {report.open_count} alerts stand")
    if report.sent or report.failed or report.dead:
        click.echo(f"{report.sent} messages sent, {report.failed} to be tried again")
    if report.dead:
        click.echo(f"{report.dead} messages could not be delivered; 'response alerts outbox'")


@alerts.command("list", epilog="Example: response alerts list --home ./clinic --json")
@click.option("--all", "everything", is_flag=True, help="Those that have ended, too.")
@click.option("--state", type=click.Choice([one.value for one in AlertState]))
@click.option("--rule", type=click.Choice(RULES), metavar="RULE", help="As progression.")
@subject_option
@click.option("--severity", type=click.Choice([one.value for one in Severity]))
@home_option
@json_option
def list_alerts(
    everything: bool,
    state: str | None,
    rule: str | None,
    subject: str | None,
    severity: str | None,
    home: Path | None,
    as_json: bool,
) -> None:
    """List the alerts that stand, as the facts are now: the gravest first, then the newest.

    Nothing is written: what is new is raised, and told of, by the next run.
    """
    with plain_errors():
        workspace, store = open_workspace(home, create=False)
        if subject:
            choose_subjects(store, subject)
        protocol, now = workspace.protocol(), dt.datetime.now(dt.UTC)
        ended = everything or (state is not None and AlertState(state) in ENDED)
        preview = preview_alerts(workspace, store, protocol, now, ended=ended)
        today = now.astimezone(protocol.alerts.zone).date()
        chosen = [
            record
            for record in preview.records
            if _is_chosen(record, today, everything, state)
            and rule in (None, record.alert.rule)
            and subject in (None, record.alert.subject)
            and severity in (None, record.alert.severity.value)
        ]
        chosen.sort(key=lambda record: _order(record, today))
        report_refusals(preview.refused)
        if preview.pending:
            click.echo(
                f"note: {preview.pending} of these are as the next 'response alerts run' will "
                "keep them",
                err=True,
            )
        if as_json:
            print_json(describe_record(record, today) for record in chosen)
            return
        for record in chosen:
            click.echo(say_record(record, today))
        if not chosen:
            click.echo("nothing to look at")
    sys.exit(IN_PART if preview.refused else DONE)


def _is_chosen(record: AlertRecord, today: dt.date, everything: bool, state: str | None) -> bool:
    if state is not None:
        return record.state_on(today).value == state
    return everything or not record.ended


def _order(record: AlertRecord, today: dt.date) -> tuple[int, int, int, str]:
    alert = record.alert
    return (
        STATES.index(record.state_on(today)),
        GRAVEST_FIRST.index(alert.severity),
        -alert.date.toordinal(),
        alert.alert_id,
    )
