"""Endpoints of a cohort: from the workspace, or from the subjects.csv of assess-table."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from pathlib import Path

import click

from response.assess import find_vocabulary
from response.cli.common import existing, home_option, json_option, open_workspace, plain_errors
from response.cli.common import print_json as print_rows
from response.cohort import Member, derive_cohorts
from response.criteria import CRITERIA
from response.endpoints import find_response_start
from response.errors import InputError
from response.export.cohort import endpoint_rows, write_cohorts
from response.ingest.csv_table import refuse_rows
from response.ingest.summaries import read_summaries
from response.ingest.tables import read_subject_lines
from response.model import SubjectFacts, SubjectResult, SubjectSummary
from response.protocol import Endpoints, Protocol, read_protocol

Facts = Mapping[tuple[str, str], SubjectFacts]
"""Dates by subject and line of therapy (empty: there is one)."""


@click.command(
    epilog="Example: response endpoints subjects.csv --subjects dates.csv --out ./cohort"
)
@click.argument("table", required=False, type=existing(dir_okay=False))
@click.option("--subjects", type=existing(dir_okay=False), help="Dates of subjects (CSV).")
@click.option("--protocol", type=existing(dir_okay=False), help="protocol.toml")
@home_option
@click.option("--criterion", type=click.Choice(sorted(CRITERIA)), help="Only this criterion.")
@click.option("--out", required=True, type=click.Path(path_type=Path, file_okay=False))
@json_option
def endpoints(
    table: Path | None,
    subjects: Path | None,
    protocol: Path | None,
    home: Path | None,
    criterion: str | None,
    out: Path,
    as_json: bool,
) -> None:
    """Derive ORR, DCR, CBR, TTR, DOR and PFS of a cohort.

    TABLE is the subjects.csv that assess-table writes; without it, the workspace is asked. Writes
    endpoints.csv and kaplan_meier.csv; each criterion, evaluator and line of therapy by itself.
    """
    with plain_errors():
        if table is None and (subjects or protocol):
            raise InputError("--subjects and --protocol go with a TABLE; a workspace has its own")
        if table is not None and home is not None:
            raise InputError("either a TABLE or --home, not both")
        if table is None:
            members, options = _ask_workspace(home)
        else:
            options = (read_protocol(protocol) if protocol else Protocol()).endpoints
            members = _read_members(table, subjects, options)
        chosen = [m for m in members if criterion in (None, m.summary.criterion)]
        if not chosen:
            raise InputError("nobody is assessed yet" + (f" by {criterion}" if criterion else ""))
        cohorts = derive_cohorts(chosen, options)
        paths = write_cohorts(out, cohorts, options)
        if as_json:
            print_rows(row for cohort in cohorts for row in endpoint_rows(cohort, options))
            return
        for path in paths:
            click.echo(str(path))


def _read_members(table: Path, dates: Path | None, options: Endpoints) -> list[Member]:
    summaries = read_summaries(table)
    facts = _read_dates(dates) if dates else {}
    from_first = options.response_duration_from == "first_response"
    return [
        Member(
            one,
            _start(_facts_of(one, facts)),
            one.response_date if from_first else None,
        )
        for one in summaries
    ]


def _read_dates(path: Path) -> Facts:
    lines, problems = read_subject_lines(path, dt.date.today())
    if problems:
        raise refuse_rows(path.name, [problem.text for problem in problems])
    return {(subject, line): facts for subject, of in lines.items() for line, facts in of.items()}


def _ask_workspace(home: Path | None) -> tuple[list[Member], Endpoints]:
    workspace, store = open_workspace(home, create=False)
    protocol = workspace.protocol()
    facts = {
        (subject.subject, subject.facts.line or ""): subject.facts
        for subject in store.read_subjects()
    }
    members = [
        _member(result, _facts_of(result.summary, facts), protocol)
        for result in store.read_results()
    ]
    return members, protocol.endpoints


def _facts_of(one: SubjectSummary, facts: Facts) -> SubjectFacts:
    """The dates of a subject in this line of therapy; none where only another's are known."""
    return facts.get((one.subject, one.line or ""), SubjectFacts(one.subject))


def _member(result: SubjectResult, facts: SubjectFacts, protocol: Protocol) -> Member:
    vocabulary = find_vocabulary(result.summary.criterion)
    begun = find_response_start(result.assessments, facts, protocol, vocabulary)
    return Member(result.summary, _start(facts), begun)


def _start(facts: SubjectFacts) -> dt.date | None:
    return facts.randomisation or facts.treatment_start
