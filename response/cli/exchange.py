"""Exchange with trial systems: import of SDTM tables."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

import click

from response.cli.alert_hook import look_at_alerts
from response.cli.common import (
    actor,
    existing,
    home_option,
    json_option,
    plain_errors,
    print_json,
    progress_bar,
    report_refusals,
    workspace_for_input,
)
from response.cli.look import print_summary
from response.differences import Comparison, compare_responses
from response.export.differences import describe_differences
from response.ingest.sdtm_writing import SdtmReport, import_sdtm
from response.model import SiteResponse
from response.pipeline import Report, assess_all
from response.store import Store


@click.command("import-sdtm", epilog="Example: response import-sdtm ./sdtm --home ./trial")
@click.argument("folder", type=existing(file_okay=False))
@home_option
@json_option
def import_sdtm_command(folder: Path, home: Path | None, as_json: bool) -> None:
    """Import TU and TR (and RS, DM) tables, CSV or XPT, and assess them.

    Measurements without images, told apart by their DOMAIN column. Any refused row refuses all.
    What the site's RS says otherwise than is derived here is listed.
    """
    with plain_errors(), workspace_for_input(home) as (workspace, store, _statuses):
        report = import_sdtm(folder, store, actor=actor())
        subjects = [one for one in store.read_subjects() if one.subject in set(report.subjects)]
        with progress_bar() as progress:
            assessed = assess_all(workspace, store, subjects, actor=actor(), progress=progress)
        report_refusals(assessed.refused, assessed.warnings)
        look_at_alerts(workspace, store)
        for note in report.notes:
            click.echo(f"note: {note}", err=True)
        criterion = workspace.protocol().criterion.name
        comparison = compare_subjects(store, report.subjects, criterion)
        if as_json:
            print_json([_as_json(report, assessed, comparison)])
            print_json(describe_differences(comparison.differences))
        else:
            _print(report, assessed, comparison)
            print_summary(store)


def compare_subjects(store: Store, subjects: Iterable[str], criterion: str) -> Comparison:
    """Compare what sites say of some subjects with what is derived."""
    chosen = set(subjects)
    said: list[SiteResponse] = [r for r in store.read_site_responses() if r.subject in chosen]
    return compare_responses(store.read_results(criterion=criterion), said, criterion)


def _as_json(report: SdtmReport, assessed: Report, comparison: Comparison) -> Mapping[str, object]:
    return {
        "study": report.study,
        "subjects": len(report.subjects),
        "streams_taken": report.written,
        "streams_unchanged": report.unchanged,
        "assessed": assessed.done,
        "compared": comparison.compared,
        "differences": len(comparison.differences),
        "notes": list(report.notes),
    }


def _print(report: SdtmReport, assessed: Report, comparison: Comparison) -> None:
    click.echo(
        f"{report.written} streams taken, {report.unchanged} unchanged, "
        f"of {len(report.subjects)} subjects; {assessed.done} assessed"
    )
    for category, count in sorted(comparison.other.items()):
        click.echo(f"{count} responses of {category} are kept, and not compared")
    if comparison.compared:
        click.echo(
            f"{comparison.compared} responses of the site compared, "
            f"{len(comparison.differences)} differ"
        )
    for one in comparison.differences:
        who = " ".join(word for word in (one.reader.evaluator, one.reader.evaluator_id) if word)
        click.echo(
            f"differs: {one.subject} {one.time_point} {who}: {one.test} "
            f"theirs {one.theirs}, ours {one.ours or 'none'}: {one.reason}"
        )
