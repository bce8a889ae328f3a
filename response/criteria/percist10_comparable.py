"""Whether two PET studies may be compared at all (PERCIST 1.0, P-05), condition by condition."""

from __future__ import annotations

from decimal import Decimal

import response.criteria.percist10 as rules
from response.criteria.course import Course, ReadTimePoint
from response.criteria.frame import read_number
from response.criteria.sentences import per_cent
from response.model import Reason

PREFIX = "PERCIST10"

NO_REFERENCE = "reference_missing"
"""The fact that says why a PET that was read has no reference region, and the way out."""

NO_REFERENCE_ROW = f"{PREFIX}.REFERENCE.MISSING"
"""The row of the sentence that says so."""

ALIKE = (("scanner", "SCANNER"), ("reconstruction", "RECONSTRUCTION"))
"""What ought to be the same in both studies, where it is known."""


def compare_studies(course: Course, read: ReadTimePoint) -> tuple[list[str], list[Reason]]:
    """The conditions of a study's comparison with the baseline that fail, and what else to know.

    Liver and uptake time make a study not assessable; what differs in dose, scanner or
    reconstruction, or was not said, is a warning.
    """
    failed: list[str] = []
    said: list[str] = []
    unknown: list[str] = []
    warnings: list[Reason] = []
    tissue = "liver" if _both(course, read, "liver_mean")[0] is not None else "blood pool"
    name = f"{tissue.replace(' ', '_')}_mean"
    before, now = _both(course, read, name)
    if before is None or now is None:
        if not read.facts.get(NO_REFERENCE):
            unknown.append(name)
    else:
        failed += rules.compare_reference(tissue, before, now)
        said.append(f"{tissue} mean SUL {now}, at baseline {before}")
    before, now = _both(course, read, "uptake_minutes")
    if before is None or now is None:
        unknown.append("uptake_minutes")
    else:
        failed += rules.compare_uptake(before, now)
        warnings += _warn_of_late(before, now)
        said.append(f"uptake time {now} min, at baseline {before}")
    before, now = _both(course, read, "injected_mbq")
    if before is None or now is None:
        unknown.append("injected_mbq")
    else:
        warnings += _warn_of_dose(before, now)
    warnings += _warn_of_other(course, read)
    if unknown:
        text = f"warning: comparable studies were not checked for {', '.join(unknown)}: not given"
        warnings.append(Reason(f"{PREFIX}.COMPARABLE.UNKNOWN", text))
    if said and not failed:
        warnings.append(Reason(f"{PREFIX}.COMPARABLE", f"comparable studies: {'; '.join(said)}"))
    return failed, warnings


def name_missing_reference(read: ReadTimePoint) -> list[Reason]:
    """Say why a PET has no reference region, where it ought to have one."""
    why = read.facts.get(NO_REFERENCE)
    if not why:
        return []
    return [Reason(NO_REFERENCE_ROW, f"warning: {read.time_point} waits: {why}")]


def _both(course: Course, read: ReadTimePoint, name: str) -> tuple[Decimal | None, Decimal | None]:
    return read_number(course, course.baseline, name), read_number(course, read, name)


def _warn_of_late(before: Decimal, now: Decimal) -> list[Reason]:
    latest = rules.UPTAKE_LATEST
    return [
        Reason(
            f"{PREFIX}.UPTAKE.LATE",
            f"warning: uptake time of {minutes} min is over {latest} ({which})",
        )
        for minutes, which in ((before, rules.AT_BASELINE), (now, rules.HERE))
        if minutes > latest
    ]


def _warn_of_dose(before: Decimal, now: Decimal) -> list[Reason]:
    if abs(now - before) <= rules.DOSE_DIFFERENCE * before:
        return []
    limit = per_cent(rules.DOSE_DIFFERENCE)
    text = f"warning: injected dose {now} MBq differs from {before} by more than {limit}"
    return [Reason(f"{PREFIX}.DOSE", text)]


def _warn_of_other(course: Course, read: ReadTimePoint) -> list[Reason]:
    """Warn of another scanner or reconstruction than at baseline."""
    found = []
    for name, row in ALIKE:
        before, now = course.baseline.facts.get(name, ""), read.facts.get(name, "")
        if before and now and before != now:
            text = f"warning: the {name} is {now}, at baseline {before}"
            found.append(Reason(f"{PREFIX}.{row}", text))
    return found
