"""``export report``: pages for a tumour board."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import click

from response.cli.common import DONE, IN_PART, REFUSED, choose_subjects, report_refusals
from response.errors import InputError
from response.store import Store
from response.workspace import Workspace


def write_reports(workspace: Workspace, store: Store, out: Path, subject: str | None) -> int:
    """Write a page per subject and reader; return the exit status."""
    from response.export.report import export_reports

    subjects = choose_subjects(store, subject)
    if not subjects:
        raise InputError("there is nobody in this workspace; 'response ingest' adds scans")
    today = dt.datetime.now().astimezone().date()
    done = export_reports(workspace, store, subjects, out, today=today)
    for path in done.paths:
        click.echo(str(path))
    report_refusals(done.refused)
    if not done.refused:
        return DONE
    return IN_PART if done.paths else REFUSED
