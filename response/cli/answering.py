"""What a person does about alerts: acknowledge, snooze, assign, note; and the messages sent."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from response.alerts.acts import Person, acknowledge, add_note, assign, find_record, snooze
from response.alerts.delivery.outbox import Posted
from response.alerts.record import AlertRecord
from response.alerts.run import run_alerts
from response.cli.alert_lines import (
    describe_event,
    describe_posted,
    describe_record,
    name_state,
    say_history,
    say_posted,
)
from response.cli.common import (
    actor,
    home_option,
    json_option,
    open_workspace,
    plain_errors,
    print_json,
)
from response.errors import AlertError
from response.model import AlertEvent, DeliveryAttempt
from response.store import Store
from response.terms import Outcome
from response.workspace import Workspace

note_option = click.option("--note", default="", help="Why; kept with the alert.")
alert_argument = click.argument("alert_id", metavar="ID")


@click.command("ack", epilog="Example: response alerts ack k3f2 --note 'seen, biopsy on Friday'")
@alert_argument
@note_option
@home_option
def ack(alert_id: str, note: str, home: Path | None) -> None:
    """Acknowledge an alert: somebody deals with it. It stands until its facts end.

    An ID may be shortened as long as it names one alert.
    """
    _act(home, alert_id, lambda store, found, who: acknowledge(store, found, who, note))


@click.command("snooze", epilog="Example: response alerts snooze k3f2 --until 2025-06-30")
@alert_argument
@click.option(
    "--until",
    required=True,
    metavar="DATE",
    type=click.DateTime(["%Y-%m-%d"]),
    help="It comes back on this day.",
)
@note_option
@home_option
def snooze_alert(alert_id: str, until: dt.datetime, note: str, home: Path | None) -> None:
    """Put an alert away until a day."""
    _act(home, alert_id, lambda store, found, who: snooze(store, found, who, until.date(), note))


@click.command("assign", epilog="Example: response alerts assign k3f2 anna")
@alert_argument
@click.argument("name")
@note_option
@home_option
def assign_alert(alert_id: str, name: str, note: str, home: Path | None) -> None:
    """Say whose an alert is; an empty NAME: nobody's."""
    _act(home, alert_id, lambda store, found, who: assign(store, found, who, name, note))


@click.command("note", epilog="Example: response alerts note k3f2 'asked the site'")
@alert_argument
@click.argument("text")
@home_option
def note_alert(alert_id: str, text: str, home: Path | None) -> None:
    """Write something to an alert, ended or not."""
    _act(home, alert_id, lambda store, found, who: add_note(store, found, who, text))


@click.command("show", epilog="Example: response alerts show k3f2")
@alert_argument
@home_option
@json_option
def show(alert_id: str, home: Path | None, as_json: bool) -> None:
    """Show an alert with its whole history and the messages that told of it."""
    with plain_errors():
        workspace, store = open_workspace(home, create=False)
        record = _find(workspace, store, alert_id)
        zone, today = workspace.protocol().alerts.zone, _start_person(workspace).today
        told = store.alerts.read_outbox(alert_id=record.alert.alert_id)
        if as_json:
            history = [describe_event(event) for event in record.events]
            messages = [describe_posted(one) for one in told]
            print_json(
                [{**describe_record(record, today), "history": history, "messages": messages}]
            )
            return
        versions = store.alerts.read_versions(record.alert.alert_id)
        for line in say_history(record, versions, zone, today):
            click.echo(line)
        for one in told:
            click.echo(f"  told: {say_posted(one, zone)}")


@click.command("outbox", epilog="Example: response alerts outbox --state dead")
@click.option("--state", type=click.Choice(["waiting", "sent", "dead"]), help="Only these.")
@home_option
@json_option
def outbox(state: str | None, home: Path | None, as_json: bool) -> None:
    """List the messages: waiting, sent, and dead letters that nobody tries again."""
    with plain_errors():
        workspace, store = open_workspace(home, create=False)
        zone = workspace.protocol().alerts.zone
        found = [one for one in store.alerts.read_outbox() if state in (None, name_state(one))]
        if as_json:
            print_json(describe_posted(one) for one in found)
            return
        for one in found:
            click.echo(say_posted(one, zone))
        if not found:
            click.echo("no messages")


@click.command("retry", epilog="Example: response alerts retry --all-dead")
@click.argument("message_id", metavar="[ID]", required=False, default="")
@click.option("--all-dead", is_flag=True, help="Every dead letter.")
@home_option
def retry(message_id: str, all_dead: bool, home: Path | None) -> None:
    """Try dead letters again, at the next run."""
    with plain_errors():
        _workspace, store = open_workspace(home, create=False)
        chosen = _choose_messages(store.alerts.read_outbox(), message_id, all_dead)
        now = dt.datetime.now(dt.UTC)
        words = f"to be tried again, asked by {actor()}"
        store.alerts.append_attempts(
            [
                DeliveryAttempt(
                    uuid.uuid4().hex, one.message.message_id, now, Outcome.FAILED, words, now
                )
                for one in chosen
            ],
            actor=actor(),
        )
        click.echo(f"{len(chosen)} to be tried again; 'response alerts run' sends what is due")


ANSWERS = (ack, snooze_alert, assign_alert, note_alert, show, outbox, retry)
"""The commands of this module, for the group ``alerts``."""


def _choose_messages(found: tuple[Posted, ...], begins: str, all_dead: bool) -> list[Posted]:
    """Choose what is tried again.

    Raises
    ------
    AlertError
        If not just one of a message and all dead ones is named, or it is not to be tried again.
    """
    if bool(begins) == all_dead:
        raise AlertError("name one message, or --all-dead; 'response alerts outbox' shows them")
    if all_dead:
        return [one for one in found if one.outcome is Outcome.DEAD]
    chosen = [one for one in found if one.message.message_id.startswith(begins)]
    if len(chosen) != 1:
        how = f"{len(chosen)} messages begin" if chosen else "no message begins"
        raise AlertError(f"{how} with {begins!r}; 'response alerts outbox' shows them")
    if chosen[0].outcome is Outcome.SENT:
        raise AlertError(f"message {begins} was sent: it is not sent twice")
    return chosen


def _act(
    home: Path | None, begins: str, do: Callable[[Store, str, Person], AlertEvent], **_more: Any
) -> None:
    with plain_errors():
        workspace, store = open_workspace(home, create=False)
        found = _find(workspace, store, begins)
        event = do(store, found.alert.alert_id, _start_person(workspace))
        words = f"{event.change} {event.value}".strip()
        click.echo(f"{found.alert.alert_id} {found.alert.rule} {found.alert.subject}: {words}")


def _find(workspace: Workspace, store: Store, begins: str) -> AlertRecord:
    """Find an alert; one that is listed but was not raised yet is raised now."""
    if not store.alerts.find_alert_ids(begins):
        now = dt.datetime.now(dt.UTC)
        run_alerts(workspace, store, now=now, deliver=False, actor=actor(), by="assess")
    return find_record(store, begins)


def _start_person(workspace: Workspace) -> Person:
    now = dt.datetime.now(dt.UTC)
    return Person(actor(), now, now.astimezone(workspace.protocol().alerts.zone).date())
