"""``export report``: one page (PDF) per subject and reader, for a tumour board."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from response.export.report_data import derive_report
from response.export.report_images import make_key_images
from response.export.report_page import Pictures, write_page
from response.insight import Insight
from response.model import Refusal, Subject, SubjectResult
from response.protocol import Protocol
from response.read_insights import read_insights
from response.store import Store
from response.workspace import Workspace


@dataclass(slots=True)
class Reports:
    """What was written, and of whom nothing could be."""

    paths: list[Path] = field(default_factory=list)
    refused: list[Refusal] = field(default_factory=list)


def export_reports(
    workspace: Workspace,
    store: Store,
    subjects: Sequence[Subject],
    out: Path,
    *,
    today: dt.date,
) -> Reports:
    """Write a page per subject and reader, by the protocol's criterion.

    The names of the files say nothing of the patient: the subject's opaque key, and a number for
    further readers. Where nothing is assessed by the protocol's criterion, there are pages of the
    criteria that are.

    Parameters
    ----------
    workspace, store
        Where from.
    subjects
        Of whom.
    out
        The folder to write to.
    today
        The day that stands on the page.
    """
    done = Reports()
    protocol = workspace.protocol()
    out.mkdir(parents=True, exist_ok=True)
    for subject in subjects:
        results = [r for r in store.read_results(subject.subject) if r.assessments]
        pages = sorted(_choose_pages(results, protocol), key=_in_order)
        insights = read_insights(store, subject, pages, protocol)
        if not pages:
            reason = "nothing is assessed; 'response assess' derives categories"
            done.refused.append(Refusal(subject.subject, "", reason))
        for number, insight in enumerate(insights, start=1):
            name = f"report-{subject.key}{f'-{number}' if number > 1 else ''}.pdf"
            others = [result for result in results if result.summary != insight.result.summary]
            content = _make_page(workspace, store, insight, others, today)
            _put(out / name, content)
            done.paths.append(out / name)
    return done


def _choose_pages(results: Sequence[SubjectResult], protocol: Protocol) -> Sequence[SubjectResult]:
    """Choose the results that get a page."""
    own = protocol.criterion.name
    return [one for one in results if one.summary.criterion == own] or results


def _in_order(result: SubjectResult) -> tuple[bool, str, str, str, str]:
    """The investigator's first."""
    summary, reader = result.summary, result.summary.reader
    first = reader.evaluator != "INVESTIGATOR"
    return first, reader.evaluator, reader.evaluator_id, summary.line or "", summary.criterion


def _make_page(
    workspace: Workspace,
    store: Store,
    insight: Insight,
    others: Sequence[SubjectResult],
    today: dt.date,
) -> bytes:
    summary = insight.result.summary
    tracking = next(
        (one for one in store.read_trackings(summary.subject) if one.reader == summary.reader),
        None,
    )
    registrations = store.read_registrations(summary.subject) if tracking else ()
    report = derive_report(insight, others, registrations)
    pictures = Pictures()
    if tracking is not None:
        points = store.read_time_points(summary.subject)
        pictures = Pictures(*make_key_images(workspace, tracking, points, report.points))
    return write_page(report, pictures, today)


def _put(path: Path, content: bytes) -> None:
    """Write a file whole or not at all."""
    partial = path.with_name(f".{path.name}.partial")
    partial.write_bytes(content)
    partial.replace(path)
