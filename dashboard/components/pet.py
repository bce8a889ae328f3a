"""How PET scans were made, what reference tissue says, and what stands in the way of SUV."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dash import html

from dashboard.components.bits import notice, table
from dashboard.pet import list_facts, unit_words
from dashboard.references import Reference, Study
from dashboard.uptake import UNIT
from response.model import Assessment, Reason
from response.terms import REFERENCE_ORGANS

COMPARABILITY = (".COMPARABLE", ".UPTAKE", ".DOSE", ".MEASURABLE")
"""Parts of the ids of reasons that speak of how the studies were made."""


def refusal_notices(studies: Sequence[Study]) -> list[Any]:
    """Return a notice where PET scans have no SUV: which, and why."""
    refused = [study for study in studies if study.refusal]
    if not refused:
        return []
    items = [
        html.Li(
            [
                html.B([_when_words(study), ": "]),
                f"{study.refusal}. ",
                html.Span(_in_unit(study), className="muted"),
            ]
        )
        for study in refused
    ]
    return [
        notice(
            "No SUV of these PET scans",
            html.Ul(items),
            html.P(
                "They can be looked at; no SUV, SUL, MTV or TLG is reported of them.",
                className="small",
            ),
            kind="calm error",
        )
    ]


def _when_words(study: Study) -> str:
    day = str(study.date)
    return day if study.time_point == day else f"{study.time_point} ({day})"


def _in_unit(study: Study) -> str:
    return f"Shown in their own unit: {unit_words(study.pet)}." if study.pet else ""


def studies_section(
    studies: Sequence[Study], assessments: Sequence[Assessment] = (), pictures: Sequence[Any] = ()
) -> list[Any]:
    """Return how the PET scans were made and compare: nothing where there is none.

    Parameters
    ----------
    assessments
        Whose reasons say which conditions of comparable studies failed.
    pictures
        Where the reference regions lie.
    """
    if not studies:
        return []
    return [
        html.Section(
            [
                html.H2("PET scans: how they were made, and reference tissue"),
                *_comparability(assessments),
                html.Div(_table(studies), className="scroll-x"),
                *pictures,
            ],
            className="studies",
        )
    ]


def _table(studies: Sequence[Study]) -> Any:
    """Return the table: a column for each time point, so that what differs stands side by side."""
    heads = ["", *(_when(study) for study in studies)]
    rows: list[list[Any]] = []
    for organ in REFERENCE_ORGANS:
        found = [study.reference(organ) for study in studies]
        if any(found):
            words = organ.replace("_", " ").capitalize()
            rows.append([f"{words}, mean SUL ± SD ({UNIT})", *map(_sul, found)])
            rows.append([f"{words}, mean SUV ± SD ({UNIT})", *map(_suv, found)])
            rows.append([f"{words}: who stands behind it", *map(_behind, found)])
    made = [dict(list_facts(study.facts)) for study in studies]
    for name in dict.fromkeys(name for facts in made for name in facts):
        rows.append([name, *(facts.get(name, "–") for facts in made)])
    rows.append(["Values of the PET scan", *map(_values, studies)])
    return table(heads, rows, label="PET scans and reference tissue")


def _when(study: Study) -> Any:
    if study.time_point == str(study.date):
        return study.time_point
    return [study.time_point, html.Br(), html.Span(str(study.date), className="muted")]


def _values(study: Study) -> Any:
    if study.pet is None:
        return "–"
    return html.Strong("no SUV", className="alarm") if study.refusal else unit_words(study.pet)


def _sul(one: Reference | None) -> str:
    if one is None:
        return "–"
    return one.no_sul or mean_sd(one.mean_sul, one.sd_sul)


def _suv(one: Reference | None) -> str:
    region = one.region if one else None
    return mean_sd(region.mean, region.sd) if region else "–"


def _behind(one: Reference | None) -> Any:
    if one is None:
        return html.Span("no region", className="muted")
    said: list[Any] = [html.Span(one.stands_behind, className="asked" if one.proposed else "")]
    if one.proposed:
        said += [" ", html.Span("provisional", className="provisional")]
    if one.region is not None and one.region.reason:
        said += [html.Br(), html.Span(one.region.reason, className="muted small")]
    return html.Span(said)


def mean_sd(mean: float | None, sd: float | None) -> str:
    """Return a mean with its standard deviation.

    Examples
    --------
    >>> mean_sd(2.104, 0.118), mean_sd(2.1, None), mean_sd(None, None)
    ('2.10 ± 0.12', '2.10', '–')
    """
    if mean is None:
        return "–"
    return f"{mean:.2f}" if sd is None else f"{mean:.2f} ± {sd:.2f}"


def _comparability(assessments: Sequence[Assessment]) -> list[Any]:
    """Return what was said of how alike the studies are, newest first; what failed stands out."""
    items = [
        html.Li(
            [html.B(row.time_point), f": {reason.text}"],
            className="alarm" if _is_doubt(reason) else "",
        )
        for row in reversed(assessments)
        for reason in row.reasons
        if any(part in reason.row_id for part in COMPARABILITY)
    ]
    return [html.Ul(items, className="comparability")] if items else []


def _is_doubt(reason: Reason) -> bool:
    return ".NE" in reason.row_id or reason.text.startswith("warning")
