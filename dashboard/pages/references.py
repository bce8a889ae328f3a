"""What a subject's page says of its PET scans: how alike they are, and reference tissue."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from typing import Any

from dash import html

from dashboard.components.pet import studies_section
from dashboard.components.slices import slice_pane
from dashboard.data import Data, SubjectView
from dashboard.drawing import CT
from dashboard.links import Place
from dashboard.reference_panes import build_reference_panes
from dashboard.references import Study
from dashboard.timeline import PET_CRITERIA, Timeline
from dashboard.uptake import UptakeCourse
from dashboard.views import choose_look
from response.model import Reader


def references_section(
    data: Data, view: SubjectView, timeline: Timeline, studies: Sequence[Study], place: Place
) -> list[Any]:
    """Return the PET scans and, of the baseline and the time point in the light, references."""
    row = timeline.assessment(place.query.get("tp", "")) or timeline.current
    shown = {timeline.baseline, row.time_point if row else ""}
    panes = build_reference_panes(
        data,
        view,
        [study for study in studies if study.time_point in shown],
        choose_look(view, place, CT),
        place.query.get("slices", ""),
    )
    pictures: list[Any] = []
    if panes:
        pictures = [
            html.Div([slice_pane(pane) for pane in panes], className="panes references"),
            html.P(REFERENCE_KEY, className="muted small"),
            *_confirm(view, studies),
        ]
    rows = timeline.assessments if timeline.criterion in PET_CRITERIA else ()
    return studies_section(studies, rows, pictures)


REFERENCE_KEY = (
    "Yellow: outline of the reference region. Arrow keys or the wheel over a picture go through "
    "the slices."
)


def _confirm(view: SubjectView, studies: Sequence[Study]) -> list[Any]:
    """Return how a person confirms regions that the program proposed."""
    proposed = [
        (study.time_point, one.organ, one.region.centre)
        for study in studies
        for one in study.references
        if one.proposed and one.region is not None
    ]
    if not proposed:
        return []
    who = _who(view.reader)
    lines = [
        f"response correct reference {shlex.quote(view.subject.subject)} {shlex.quote(name)} "
        f"{organ} --at={','.join(f'{v:.1f}' for v in centre)}{who}"
        for name, organ, centre in proposed
    ]
    return [
        html.P(
            "Proposed regions make categories provisional. Look at each; to stand behind one, or "
            "to place it elsewhere, on the machine this runs on:",
            className="small",
        ),
        html.Pre("\n".join(lines)),
    ]


def _who(reader: Reader) -> str:
    """Return the options by which a command is of a reader; none for the investigator."""
    words = "" if reader.evaluator == Reader().evaluator else reader.evaluator
    named = [("--evaluator", words), ("--evaluator-id", reader.evaluator_id)]
    return "".join(f" {option} {shlex.quote(said)}" for option, said in named if said)


def uptake_legend(course: UptakeCourse) -> Any:
    """Return what the lines and symbols of a chart of uptake mean."""
    lines = ", ".join(line.name for line in course.lines)
    tissue = f" Brown: mean SUL of the {course.tissue_name}." if course.tissue else ""
    return html.P(
        f"Lines: {lines}. Changes are from the baseline, never the nadir.{tissue} Open symbol: "
        "not every target has a value, or needs review. Hatched ribbon: provisional. A click on "
        "a lesion's point opens its slices.",
        className="muted small",
    )
