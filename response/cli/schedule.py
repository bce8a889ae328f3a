"""Alerts on a schedule, and whether they are at work."""

from __future__ import annotations

import datetime as dt
import os
import signal
import sys
from pathlib import Path

import click

from response.cli.common import DONE, home_option, plain_errors


@click.command("serve", epilog="Example: response alerts serve --home ./clinic")
@home_option
def serve(home: Path | None) -> None:
    """Evaluate alerts every evaluate_minutes and send what falls due, until told to end.

    One at a time per workspace: a second one stands by and takes over. Every start evaluates at
    once, which makes up for what was missed. SIGTERM and Ctrl-C end it within seconds.
    """
    from response.alerts.schedule import Server
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
    click.echo(f"{dt.datetime.now(dt.UTC).isoformat(timespec='seconds')} {line}")
