"""Looking at what is known: explain, serve, export, check; and the summary table."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.table import Table

from response.cli.common import (
    DONE,
    IN_PART,
    REFUSED,
    choose_subjects,
    home_option,
    json_option,
    open_workspace,
    plain_errors,
    print_json,
    report_refusals,
    subject_option,
)
from response.errors import InputError
from response.explain import explain_subject
from response.export.csv import export_csv
from response.model import Assessment, SubjectResult
from response.read_insights import read_insights
from response.store import Store
from response.workspace import Workspace


def start_dashboard(workspace: Workspace, host: str, port: int) -> None:
    """Serve the dashboard that is installed beside this package."""
    found = entry_points(group="response.dashboard", name="serve")
    if not found:
        raise InputError("no dashboard is installed: reinstall the distribution whole")
    serve_pages: Any = next(iter(found)).load()
    serve_pages(workspace, host, port)


@click.command(epilog="Example: response serve --home ./clinic --port 8050")
@home_option
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8050, show_default=True)
def serve(home: Path | None, host: str, port: int) -> None:
    """Serve the dashboard; a one-time login link is printed at the start."""
    with plain_errors():
        workspace, _store = open_workspace(home, create=False)
        start_dashboard(workspace, host, port)


@click.command(epilog="Example: response explain P04 2025-06-02 --home ./clinic")
@click.argument("subject")
@click.argument("time_point", required=False)
@home_option
def explain(subject: str, time_point: str | None, home: Path | None) -> None:
    """Say in sentences how a category came about."""
    with plain_errors():
        workspace, store = open_workspace(home, create=False)
        (chosen,) = choose_subjects(store, subject)
        results = store.read_results(subject)
        insights = read_insights(store, chosen, results, workspace.protocol())
        for line in explain_subject(insights, time_point):
            click.echo(line)


@dataclass(frozen=True, slots=True)
class Asked:
    """What is to be written of which subjects, and where."""

    what: str
    out: Path
    subject: str | None
    with_images: bool


def _export_dicom(workspace: Workspace, store: Store, asked: Asked) -> int:
    """Write results as DICOM objects; return the exit status."""
    from response.export.dicom import export_objects

    subjects = choose_subjects(store, asked.subject)
    if not subjects:
        raise InputError("there is nobody in this workspace; 'response ingest' adds scans")
    done = export_objects(
        workspace, store, asked.what, subjects, asked.out, with_images=asked.with_images
    )
    for path in done.paths:
        click.echo(str(path))
    report_refusals(done.refused)
    for note in done.notes:
        click.echo(f"note: {note}", err=True)
    if not done.refused:
        return DONE
    return IN_PART if done.paths else REFUSED


def _export_report(workspace: Workspace, store: Store, asked: Asked) -> int:
    """Write pages for a tumour board; return the exit status."""
    from response.cli.report import write_reports

    return write_reports(workspace, store, asked.out, asked.subject)


OBJECTS = {
    **dict.fromkeys(("dicom-seg", "dicom-sr", "rtstruct"), _export_dicom),
    "report": _export_report,
}
"""What is written per subject, each by a function of its own that returns the exit status."""


@click.command(epilog="Example: response export sdtm --out ./tables --study ABC-01 --home ./trial")
@click.argument("what", metavar="FORMAT", type=click.Choice(["csv", "sdtm", "adam", *OBJECTS]))
@click.option("--out", required=True, type=click.Path(path_type=Path, file_okay=False))
@click.option(
    "--study", help="STUDYID; else the one of imported tables, else the workspace folder's name."
)
@click.option("--with-images", is_flag=True, help="Scans that are not from DICOM as series, too.")
@subject_option
@home_option
def export(
    what: str,
    out: Path,
    study: str | None,
    with_images: bool,
    subject: str | None,
    home: Path | None,
) -> None:
    """Write what is known as files: csv, sdtm, adam, dicom-seg, dicom-sr, rtstruct or report.

    sdtm and adam are written as CSV and as SAS transport files (version 5), with define.csv.
    dicom-seg, dicom-sr (with the segmentations it refers to) and rtstruct are objects for a PACS or
    a planning system, in the studies that the scans came from. report is a page (PDF) per subject.
    """
    with plain_errors():
        workspace, store = open_workspace(home, create=False)
        paths: Sequence[Path] = ()
        notes: Sequence[str] = ()
        if what in OBJECTS:
            sys.exit(OBJECTS[what](workspace, store, Asked(what, out, subject, with_images)))
        if subject or with_images:
            raise InputError(f"{what} is tables of the whole workspace; leave --subject out")
        if what == "csv":
            paths = (*export_csv(store, out), *_export_references(workspace, store, out))
            paths = (*paths, *_export_differences(workspace, store, out))
        else:
            paths, notes = _export_study(workspace, store, what, out, study)
        for path in paths:
            click.echo(str(path))
        for note in notes:
            click.echo(f"note: {note}", err=True)


def _export_references(workspace: Workspace, store: Store, out: Path) -> Sequence[Path]:
    """Write the reference regions of PET, if there are any."""
    from response.export.references import write_references

    path = out / "references.csv"
    return [path] if write_references(store, workspace.protocol(), path) else []


def _export_differences(workspace: Workspace, store: Store, out: Path) -> Sequence[Path]:
    """Write where a site's responses differ, if a site gave any."""
    from response.export.differences import write_differences

    path = out / "differences.csv"
    own = workspace.protocol().criterion.name
    return [path] if write_differences(store, path, own) else []


def _export_study(
    workspace: Workspace, store: Store, what: str, out: Path, study: str | None
) -> tuple[Sequence[Path], Sequence[str]]:
    from response.export.adam import export_adam
    from response.export.sdtm import export_sdtm
    from response.export.study import choose_study_name, read_study

    name = choose_study_name(store, study, workspace.home.resolve().name)
    read = read_study(store, workspace.protocol(), name)
    if what == "sdtm":
        written = export_sdtm(read, out)
        return written.paths, written.notes
    analysed = export_adam(read, workspace.protocol(), out)
    return analysed.paths, analysed.notes


@click.command(epilog="Example: response check --home ./clinic")
@home_option
@json_option
def check(home: Path | None, as_json: bool) -> None:
    """Verify the workspace: schema, audit chain, digests of images, orphans."""
    with plain_errors():
        _workspace, store = open_workspace(home, create=False)
        problems = store.check()
        if as_json:
            print_json([{"whole": not problems, "problems": list(problems)}])
        else:
            for problem in problems:
                click.echo(problem)
        if not problems and not as_json:
            click.echo("the workspace is whole")
    sys.exit(IN_PART if problems else DONE)


SUMMARY = (
    ("subject", "subject"),
    ("reader", "reader"),
    ("time_points", "time points"),
    ("baseline_sum_mm", "baseline sum, mm"),
    ("last_sum_mm", "last sum, mm"),
    ("overall_responses", "overall responses"),
    ("best_overall_response", "best"),
    ("status", "status"),
)


def print_summary(store: Store, *, as_json: bool = False) -> None:
    """Print a line per subject and reader: sums, categories, best overall response."""
    rows = [_summary(result) for result in store.read_results()]
    if as_json:
        print_json(rows)
        return
    table = Table(box=None, pad_edge=False)
    for _key, title in SUMMARY:
        table.add_column(title, overflow="fold")
    for row in rows:
        table.add_row(*(str(row[key]) for key, _title in SUMMARY))
    Console(width=None if sys.stdout.isatty() else 140).print(table)


def _sum(assessments: Sequence[Assessment]) -> object:
    """Return the sum of diameters; NE where it is not known, never 0."""
    totals = [a.sum_of_diameters_mm for a in assessments]
    return "NE" if totals == [None] else "".join(str(total) for total in totals)


def _summary(result: SubjectResult) -> dict[str, object]:
    without = not any(a.sum_of_diameters_mm or a.target_response for a in result.assessments)
    latest = {a.time_point: a for a in sorted(result.assessments, key=lambda a: (a.date, a.as_of))}
    ordered = list(latest.values())
    reader = result.summary.reader
    return {
        "subject": result.summary.subject,
        "reader": " ".join(word for word in (reader.evaluator, reader.evaluator_id) if word),
        "time_points": len(ordered),
        "baseline_sum_mm": "" if without else _sum(ordered[:1]),
        "last_sum_mm": "" if without else _sum(ordered[-1:]),
        "overall_responses": ", ".join(a.overall_response for a in ordered if a.overall_response),
        "best_overall_response": result.summary.best_overall_response,
        "status": ordered[-1].status.value if ordered else "",
    }
