"""The main job: demo, run, ingest, track, assess."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import click

from response.cli.alert_hook import look_at_alerts
from response.cli.common import (
    DONE,
    IN_PART,
    REFUSED,
    actor,
    choose_subjects,
    existing,
    home_option,
    json_option,
    open_workspace,
    plain_errors,
    print_json,
    progress_bar,
    report_refusals,
    subject_option,
    workspace_for_input,
)
from response.cli.deidentify import choose_ingest, deidentify_option
from response.cli.look import print_summary, start_dashboard
from response.cli.pacs import fetch_options, fetch_scans, settle
from response.demo import make_patients
from response.errors import InputError
from response.ingest.sources import IngestReport
from response.pipeline import Report, assess_all, track_all
from response.store import Store
from response.workspace import Workspace

Options = dict[str, Any]


def ingest_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that ``run`` and ``ingest`` share."""
    function = deidentify_option(fetch_options(function))
    for option in (
        click.option(
            "--marks-complete",
            is_flag=True,
            help="Vouch that the segmentations hold every visible lesion.",
        ),
        click.option(
            "--lesions", type=existing(dir_okay=False), help="Organs, roles, calls (CSV)."
        ),
        click.option("--subjects", type=existing(dir_okay=False), help="Dates of subjects (CSV)."),
        click.option(
            "--root",
            type=existing(file_okay=False),
            help="Paths of a manifest may point anywhere below this folder.",
        ),
    ):
        function = option(function)
    return function


workers_option = click.option(
    "--workers",
    type=click.IntRange(1, 64),
    default=2,
    show_default=True,
    help="Registrations at once, each in a process of its own.",
)


@click.command(epilog="Example: response demo --home ./demo-home")
@home_option
@click.option("--no-serve", is_flag=True, help="End after the summary table.")
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8050, show_default=True)
@workers_option
def demo(home: Path | None, no_serve: bool, host: str, port: int, workers: int) -> None:
    """Run the main job on the bundled phantom patients, then open the dashboard."""
    with plain_errors():
        workspace, store = open_workspace(home)
        with progress_bar() as progress:
            manifest, dicom = make_patients(workspace, progress)
            options = {
                "marks_complete": True,
                "lesions": dicom / "lesions.csv",
                "subjects": dicom / "subjects.csv",
            }
            status = max(
                _ingest_status(_ingest(workspace, store, [manifest], {}, progress)),
                _ingest_status(_ingest(workspace, store, [dicom], options, progress)),
                _derive(workspace, store, workers, progress),
            )
            _assess_uptake(workspace, store, progress)
        look_at_alerts(workspace, store)
        print_summary(store)
        if not no_serve:
            start_dashboard(workspace, host, port)
    sys.exit(status)


@click.command(epilog="Example: response run scans/manifest.csv --home ./clinic")
@click.argument("paths", nargs=-1, type=existing())
@home_option
@ingest_options
@workers_option
@json_option
def run(
    paths: tuple[Path, ...], home: Path | None, workers: int, as_json: bool, **options: Any
) -> None:
    """Ingest, track and assess scans: manifests (CSV), DICOM folders, or from a PACS."""
    with plain_errors(), workspace_for_input(home) as (workspace, store, statuses):
        with progress_bar() as progress:
            status = _main_job(workspace, store, paths, options, workers, progress)
        statuses.append(status)
        if status != REFUSED:
            print_summary(store, as_json=as_json)
    sys.exit(status)


@click.command(epilog="Example: response ingest scans/manifest.csv --home ./clinic")
@click.argument("paths", nargs=-1, type=existing())
@home_option
@ingest_options
@json_option
def ingest(paths: tuple[Path, ...], home: Path | None, as_json: bool, **options: Any) -> None:
    """Read manifests, DICOM folders, or what a PACS has, into the workspace.

    With --dicomweb, name one of --patient, --accession and --study. What was fetched when a
    transfer broke off is kept: run the same command again.
    """
    with plain_errors(), workspace_for_input(home) as (workspace, store, statuses):
        with progress_bar() as progress:
            report = _ingest(workspace, store, paths, options, progress)
        statuses.append(_ingest_status(report))
        if as_json:
            counts = {"taken": len(report.taken), "unchanged": len(report.unchanged)}
            counts["reports"] = report.reports
            print_json([counts | {"refused": len(report.refused)}])
        else:
            click.echo(
                f"{len(report.taken)} time points taken, {len(report.unchanged)} unchanged, "
                f"{len(report.refused)} refusals"
            )
    sys.exit(_ingest_status(report))


@click.command(epilog="Example: response track --home ./clinic --subject P01 --workers 2")
@home_option
@subject_option
@workers_option
@json_option
def track(home: Path | None, subject: str | None, workers: int, as_json: bool) -> None:
    """Register successive scans, match lesions and measure: only what is new or changed."""
    with plain_errors():
        workspace, store = open_workspace(home, create=False)
        with progress_bar() as progress:
            report = track_all(
                workspace,
                store,
                choose_subjects(store, subject),
                actor=actor(),
                workers=workers,
                progress=progress,
            )
        _say(report, "tracked", as_json)
    sys.exit(IN_PART if report.refused else DONE)


@click.command(epilog="Example: response assess --home ./clinic --criterion recist11")
@home_option
@subject_option
@click.option("--criterion", default="", help="Else the protocol's.")
@json_option
def assess(home: Path | None, subject: str | None, criterion: str, as_json: bool) -> None:
    """Derive categories, best response and endpoints."""
    with plain_errors():
        workspace, store = open_workspace(home, create=False)
        with progress_bar() as progress:
            report = assess_all(
                workspace,
                store,
                choose_subjects(store, subject),
                actor=actor(),
                criterion=criterion,
                progress=progress,
            )
        _say(report, "assessed", as_json)
        look_at_alerts(workspace, store)
    sys.exit(IN_PART if report.refused else DONE)


def _main_job(
    workspace: Workspace,
    store: Store,
    paths: Sequence[Path],
    options: Options,
    workers: int,
    progress: Callable[[str, int, int], None],
) -> int:
    report = _ingest(workspace, store, paths, options, progress)
    status = _ingest_status(report)
    if status == REFUSED:
        return status
    status = max(status, _derive(workspace, store, workers, progress))
    look_at_alerts(workspace, store)
    return status


def _derive(
    workspace: Workspace, store: Store, workers: int, progress: Callable[[str, int, int], None]
) -> int:
    """Track and assess everything that is in the workspace."""
    subjects = list(store.read_subjects())
    tracked = track_all(
        workspace, store, subjects, actor=actor(), workers=workers, progress=progress
    )
    report_refusals(tracked.refused, tracked.warnings)
    whole = [subject for subject in subjects if subject.subject not in tracked.failed]
    assessed = assess_all(workspace, store, whole, actor=actor(), progress=progress)
    report_refusals(assessed.refused, assessed.warnings)
    return IN_PART if tracked.refused or assessed.refused else DONE


def _assess_uptake(
    workspace: Workspace, store: Store, progress: Callable[[str, int, int], None]
) -> None:
    """Assess those who have PET by PERCIST, too."""
    with_pet = {
        tp.subject
        for tp in store.read_time_points()
        if any(scan.modality == "PT" for scan in tp.scans)
    }
    subjects = [subject for subject in store.read_subjects() if subject.subject in with_pet]
    assess_all(workspace, store, subjects, actor=actor(), criterion="percist10", progress=progress)


def _ingest(
    workspace: Workspace,
    store: Store,
    paths: Sequence[Path],
    options: Options,
    progress: Callable[[str, int, int], None],
) -> IngestReport:
    if not paths and not options.get("dicomweb"):
        raise InputError("nothing to read: name a manifest, a DICOM folder, or --dicomweb URL")
    with fetch_scans(workspace, options, progress) as fetched:
        report = choose_ingest(options)(
            [*paths, *([fetched.folder] if fetched else [])],
            workspace,
            store,
            root=options.get("root"),
            subjects_csv=options.get("subjects"),
            lesions_csv=options.get("lesions"),
            marks_complete=bool(options.get("marks_complete")),
            actor=actor(),
            progress=progress,
        )
        if fetched:
            settle(fetched, report)
    report_refusals(report.refused, report.warnings)
    return report


def _ingest_status(report: IngestReport) -> int:
    if not report.refused:
        return DONE
    return IN_PART if report.taken or report.unchanged or report.reports else REFUSED


def _say(report: Report, what: str, as_json: bool) -> None:
    report_refusals(report.refused, report.warnings)
    if as_json:
        print_json([{what: report.done, "unchanged": report.unchanged}])
        return
    click.echo(f"{report.done} streams {what}, {report.unchanged} unchanged")
