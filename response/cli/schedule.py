"""Alerts on a schedule, and whether they are at work."""

from __future__ import annotations

import datetime as dt
import os
import signal
import sys
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from response.cli.common import (
    DONE,
    IN_PART,
    home_option,
    json_option,
    plain_errors,
    print_json,
)

if TYPE_CHECKING:
    from response.alerts.runner.health import Health
    from response.alerts.runner.notice import Notice


@click.command("serve", epilog="Example: response alerts serve --home ./clinic")
@home_option
def serve(home: Path | None) -> None:
    """Evaluate alerts every evaluate_minutes and send what falls due, until told to end.

    One at a time per workspace: a second one stands by and takes over. Every start evaluates at
    once, which makes up for what was missed. SIGTERM and Ctrl-C end it within seconds.
    """
    from response.alerts.runner.schedule import Server
    from response.workspace import Workspace

    with plain_errors():
        server = Server(Workspace.open(home, create=False), _say)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: server.stop())
        finished = server.serve()
    if not finished:
        sys.stdout.flush()
        os._exit(DONE)  # nothing waits for a mail server that does not answer


def _say(line: str) -> None:
    with suppress(OSError):  # a log that nobody takes any more is no reason to stop
        click.echo(f"{dt.datetime.now(dt.UTC).isoformat(timespec='seconds')} {line}")


@click.command("health", epilog="Example: response alerts health --home ./clinic --notify")
@home_option
@click.option("--notify", is_flag=True, help="Tell operators, once per outage.")
@json_option
def health(home: Path | None, notify: bool, as_json: bool) -> None:
    """Say whether alerts are at work: exit status 1 and a line for each that has stopped.

    For cron, Nagios and systemd. The runner, delivery and intake are judged without the database,
    and operators are told past the runner, over the mail server and webhooks of protocol.toml.
    """
    from response.alerts.delivery.deliver import make_senders
    from response.alerts.runner.health import check_health
    from response.alerts.runner.notice import Notice, notify_operators
    from response.workspace import Workspace

    with plain_errors():
        workspace = Workspace.open(home, create=False)
        found = check_health(workspace, dt.datetime.now(dt.UTC))
        told = Notice()
        if notify:
            told = notify_operators(workspace, found, make_senders(found.settings))
        if as_json:
            print_json([_describe(found, told)])
        else:
            _print_health(found, told)
    sys.exit(IN_PART if found.problems else DONE)


def _describe(found: Health, told: Notice) -> dict[str, object]:
    return {
        "ok": not found.problems,
        "in_use": found.in_use,
        **asdict(found.beat),
        "problems": [asdict(one) for one in found.problems],
        "told": told.told,
        "not_told": told.failed,
    }


def _print_health(found: Health, told: Notice) -> None:
    from response.alerts.rules.program import write_moment
    from response.alerts.runner.health import NO_OPERATOR, describe_problem

    for one in found.problems:
        click.echo(describe_problem(one, found.at))
    for name in told.told:
        click.echo(f"told {name}")
    for line in told.failed:
        click.echo(f"could not tell {line}", err=True)
    if found.in_use and not found.has_operator:
        click.echo(f"note: {NO_OPERATOR}", err=True)
    if found.problems:
        return
    last = found.beat.last_evaluation_at
    if last is None or not found.in_use:
        click.echo("alerts are not in use here: nobody is told of them, and no runner is at work")
    else:
        click.echo(f"all well: evaluated {write_moment(last, found.settings)}")
