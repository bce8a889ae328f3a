"""How PET scans were made, what reference tissue says, and what stands in the way of SUV."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dash import html

from dashboard.components.bits import notice, table
from dashboard.pet import list_facts, unit_words
from dashboard.references import Reference, Study
from dashboard.uptake import UNIT
from response.model import Assessment

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
                html.B(f"{study.time_point} ({study.date}): "),
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
    made = {study.time_point: dict(list_facts(study.facts)) for study in studies}
    columns = list(dict.fromkeys(name for facts in made.values() for name in facts))
    organs = [o for o in ("liver", "blood_pool") if any(s.reference(o) for s in studies)]
    heads = ["Time point", "Date"]
    for organ in organs:
        words = organ.replace("_", " ").capitalize()
        heads += [f"{words}, SUL ({UNIT})", f"{words}, SUV ({UNIT})", "Who stands behind it"]
    rows = []
    for study in studies:
        row: list[Any] = [study.time_point, study.date.isoformat()]
        for organ in organs:
            row += _reference_cells(study.reference(organ))
        rows.append([*row, *(made[study.time_point].get(name, "–") for name in columns)])
    return table([*heads, *columns], rows, label="PET scans and reference tissue")


def _reference_cells(one: Reference | None) -> list[Any]:
    if one is None:
        return ["–", "–", html.Span("no region", className="muted")]
    region = one.region
    suv = "–" if region is None else mean_sd(region.mean, region.sd)
    sul = one.no_sul or mean_sd(one.mean_sul, one.sd_sul)
    said = [html.Span(one.stands_behind, className="asked" if one.proposed else "")]
    if one.proposed:
        said.append(html.Span("provisional", className="provisional"))
    if region is not None and region.reason:
        said.append(html.Span(f" {region.reason}", className="muted small"))
    return [sul, suv, html.Span(said)]


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
    """Return what was said of how alike the studies are, newest first."""
    items = [
        html.Li([html.B(row.time_point), f": {reason.text}"])
        for row in reversed(assessments)
        for reason in row.reasons
        if any(part in reason.row_id for part in COMPARABILITY)
    ]
    return [html.Ul(items, className="comparability")] if items else []
