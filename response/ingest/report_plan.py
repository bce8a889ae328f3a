"""Reports in DICOM folders, planned: read, each annotation once, with the images they speak of."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from response.errors import InputError
from response.ingest.aim import read_aim
from response.ingest.headers import Series
from response.ingest.report_quantities import LENGTHS
from response.ingest.reports import Group, Report
from response.ingest.sources import Plan
from response.ingest.structured_report import read_report


def plan_reports(
    structured: Sequence[Path], annotations: Sequence[Path], series: Iterable[Series], plan: Plan
) -> None:
    """Read reports and add them to a plan; what cannot be read is refused by the file's name.

    Parameters
    ----------
    structured
        Structured reports (SR).
    annotations
        XML files; those that are no annotations are counted.
    series
        All images found, usable or not: what reports refer to.
    plan
        Is added to.
    """
    for one in series:
        day = (one.subject, one.study_date)
        plan.studied.studies.setdefault(one.study_uid, set()).add(day)
        plan.studied.images |= {image.sop_uid: day for image in one.slices}
    other = 0
    for path in annotations:
        read = _try(partial(read_aim, path), plan)
        other += read is None
        for report in read or ():
            _add(report, plan)
    bare = 0
    for path in structured:
        read = _try(partial(_read_structured, path), plan)
        bare += read is None
        plan.reports += [_hold_mixed(report, plan) for report in read or ()]
    for count, what in ((other, "XML files without annotations"), (bare, "reports without")):
        if count:
            plan.warnings.append(f"{count} {what} measurements are not read")


def _read_structured(path: Path) -> list[Report] | None:
    report = read_report(path)
    if report is None or not any(group.numbers for group in report.groups):
        return None
    return [report]


def _hold_mixed(report: Report, plan: Plan) -> Report:
    """Take no reading from a report that also speaks of drawn lesions: it would lack those."""
    read = [group for group in report.groups if group.role is not None and _has_length(group)]
    if not read or not any(group.segmentation_uid for group in report.groups):
        return report
    plan.warnings.append(
        f"report {report.name}: {len(read)} lesions are measured without a drawing, others are "
        "drawn: its measurements are kept as given, and no category is made of them alone"
    )
    return replace(report, groups=tuple(replace(group, role=None) for group in report.groups))


def _has_length(group: Group) -> bool:
    return any(number.quantity in LENGTHS for number in group.numbers)


def _try(read: Callable[[], list[Report] | None], plan: Plan) -> list[Report] | None:
    try:
        return read()
    except InputError as error:
        plan.refuse("", "", str(error))
        return []


def _add(report: Report, plan: Plan) -> None:
    """Add an annotation once: programs write the same one in several files."""
    same = [one for one in plan.reports if one.uid == report.uid]
    if not same:
        plan.reports.append(report)
    elif (same[0].groups, same[0].reader) != (report.groups, report.reader):
        plan.reports.remove(same[0])
        plan.refuse(
            "",
            "",
            f"annotations {same[0].name} and {report.name} have one identifier and say different "
            "things; keep the right one",
        )
