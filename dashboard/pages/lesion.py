"""One lesion: its slice at baseline, nadir and now, side by side, at the same scale."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from dash import html

from dashboard.components.bits import (
    attributes,
    badge,
    chips,
    graph,
    link,
    millimetres,
    notice,
    table,
)
from dashboard.components.given import find_rows, given_section
from dashboard.components.matrix import ROLE_WORDS, SHAPES, cell_words, uptake_words
from dashboard.components.pet import refusal_notices, studies_section
from dashboard.components.slices import slice_rows, uptake_chips, uptake_keys, window_chips
from dashboard.course import lay_out
from dashboard.data import Data, SubjectView
from dashboard.drawing import ALL, CT
from dashboard.figures.trajectory import figure_trajectory
from dashboard.links import Place, lesion_url, subject_url, write_place
from dashboard.pages.errors import NotFoundError
from dashboard.palette import EVENT_WORDS
from dashboard.panes import FOVS, LesionPane, build_panes
from dashboard.shots import Pane
from dashboard.timeline import PET_CRITERIA, LesionPoint, LesionTrack, Timeline
from dashboard.uptake import QUANTITIES, QUANTITY_WORDS, UptakeCourse
from dashboard.views import Look, can_choose, choose_ground, choose_look
from response.model import Lesion, RecordedMeasurement
from response.terms import Source


def layout(data: Data, view: SubjectView, place: Place) -> Any:
    """Return the lesion page; the address says time point, window, width and slices.

    Raises
    ------
    NotFoundError
        This reader has no such lesion.
    """
    timeline, studies = lay_out(view, data.protocol)
    track = next((t for t in timeline.tracks if t.lesion.tracking_id == place.tracking_id), None)
    if track is None:
        raise NotFoundError
    given = given_section(find_rows(data.read_given(view), track.lesion, view.reader))
    head = _head(view, timeline, track, place)
    if not any(point.finding and point.finding.scan_id for point in track.points):
        return [head, *_trajectory(track, timeline), _written(track), *given]
    look = choose_look(view, place, ALL if view.criterion in PET_CRITERIA else CT)
    panes = build_panes(data, view, timeline, track, place, look)
    return [
        head,
        *refusal_notices(studies),
        _tools(view, timeline, track, panes, place, look),
        html.Div(
            slice_rows([p.pane for p in panes], _sayer(panes, track.lesion, timeline)),
            className="panes rows" if len(look.views) > 1 else "panes",
        ),
        html.P(_key(look), className="muted small"),
        *_trajectory(track, timeline),
        _history(track, place),
        *given,
        *studies_section(studies),
    ]


def _head(view: SubjectView, timeline: Timeline, track: LesionTrack, place: Place) -> Any:
    lesion = track.lesion
    back = subject_url(view.subject.key, place.query)
    ids_in_order = [t.lesion.tracking_id for t in timeline.tracks]
    at = ids_in_order.index(lesion.tracking_id)
    around = [
        link(words, lesion_url(place, ids_in_order[n], place.query.get("tp", "")), className="chip")
        for words, n in (("← previous lesion", at - 1), ("next lesion →", at + 1))
        if 0 <= n < len(ids_in_order)
    ]
    return html.Div(
        [
            html.P(
                [link("← Cohort", "/"), " / ", link(view.subject.subject, back)], className="crumb"
            ),
            html.H1(
                [
                    html.Span(
                        SHAPES[track.symbol], style={"color": track.colour}, className="shape"
                    ),
                    lesion.tracking_id,
                ]
            ),
            html.P(_facts(lesion, timeline), className="muted"),
            html.Nav(around, className="chips", **attributes(aria_label="Lesions")),
        ],
        className="head",
    )


def _facts(lesion: Lesion, timeline: Timeline) -> list[Any]:
    role = ROLE_WORDS[lesion.role] if lesion.role else "no role"
    where = " ".join(word for word in (lesion.side, lesion.organ or "organ not known") if word)
    kind = "lymph node: the short axis counts" if lesion.node else "the longest diameter counts"
    if timeline.uptake is not None:
        kind = f"{QUANTITY_WORDS[timeline.uptake.quantity][0]} counts"
    proposed = Source.PROPOSED in (lesion.role_source, lesion.organ_source, lesion.node_source)
    words: list[Any] = [f"{role} · {where} · {kind} "]
    if proposed:
        words.append(
            html.Span(
                "provisional",
                className="provisional",
                title="role, organ or node "
                "were proposed by the program and no person has confirmed them",
            )
        )
    return words  # fmt: skip


def _tools(
    view: SubjectView,
    timeline: Timeline,
    track: LesionTrack,
    panes: tuple[LesionPane, ...],
    place: Place,
    look: Look,
) -> Any:
    now = panes[-1]
    finding = now.point.finding if now.point else None
    scan = view.scan(finding.scan_id) if finding else None
    fov = place.query.get("fov", "")
    return html.Div(
        [
            chips(
                "Time point",
                [
                    (name, write_place(place, tp=name, slices=""), name == now.pane.time_point)
                    for name, _ in timeline.time_points
                ],
            ),
            *uptake_chips(place, look, choice=can_choose(view)),
            window_chips(place, choose_ground(view, scan) if scan else None, track.lesion.organ),
            chips(
                "Field",
                [
                    (words, write_place(place, fov=name), name == fov)
                    for name, words in FOVS.items()
                ],
            ),
            html.Button(
                "Hide outline (o)", className="quiet", **attributes(data_toggle_overlay="true")
            ),
        ],
        className="tools",
    )


def _sayer(
    panes: Sequence[LesionPane], lesion: Lesion, timeline: Timeline
) -> Callable[[Pane], tuple[list[Any], list[Any]]]:
    """Return what says of a pane the category there, and the lesion's diameters."""
    points = {shown.pane.slot: shown.point for shown in panes}

    def say(pane: Pane) -> tuple[list[Any], list[Any]]:
        """Return the category at a pane's time point, and the lesion's diameters there."""
        row = timeline.assessment(pane.time_point)
        said = [badge(row.overall_response, row.status)] if row and row.overall_response else []
        return said, _value(points[pane.slot], lesion, timeline)

    return say


def _value(point: LesionPoint | None, lesion: Lesion, timeline: Timeline) -> list[Any]:
    """Return what counts of a lesion, strong, and what else was measured."""
    finding = point.finding if point else None
    if point is None or finding is None:
        return [html.P("–", className="value")]
    size = f"{cell_words(lesion, point)}{_unit(point)}"
    uptake = [_quantity(name, value) for name, value in point.uptake.items()]
    measured = finding.measurement
    if timeline.uptake is not None:
        parts = _uptake_value(point, timeline.uptake, [*uptake, *_sizes(measured, size)])
    else:
        parts = [html.P(size, className="value"), *_small(uptake)]
        parts += _small(_other_size(measured, lesion)) if measured is not None else []
    if finding.needs_review:
        parts.append(html.Span("needs review", className="flag review"))
    return parts


def _other_size(measured: RecordedMeasurement, lesion: Lesion) -> list[str]:
    """Return the diameter that does not count, and the volume."""
    other = (
        f"longest {millimetres(measured.longest_diameter_mm)}"
        if lesion.node
        else f"short axis {millimetres(measured.short_axis_mm)}"
    )
    return [other, f"volume {measured.volume_mm3 / 1000:.2f} mL"]


def _sizes(measured: RecordedMeasurement | None, size: str) -> list[str]:
    """Return both diameters and the volume in short; without them what is said in their place."""
    if measured is None:
        return [size]
    both = f"{measured.longest_diameter_mm} × {millimetres(measured.short_axis_mm)}"
    return [both, f"{measured.volume_mm3 / 1000:.2f} mL"]


def _uptake_value(point: LesionPoint, course: UptakeCourse, others: Sequence[str]) -> list[Any]:
    words, unit = QUANTITY_WORDS[course.quantity]
    known = point.uptake_drawn is not None
    value = f"{words} {uptake_words(point)}" + (f" {unit}" if known else "")
    rest = [one for one in others if not one.startswith(f"{words} ")]
    return [html.P(value, className="value"), *_small(rest)]


def _small(words: Sequence[str]) -> list[Any]:
    return [html.P(" · ".join(words), className="muted small")] if words else []


def _quantity(name: str, value: float) -> str:
    words, unit = QUANTITY_WORDS[name]
    return f"{words} {value:.2f} {unit}"


def _trajectory(track: LesionTrack, timeline: Timeline) -> list[Any]:
    """Return the lesion's uptake through time, where any is recorded."""
    figure = figure_trajectory(track, timeline.baseline)
    if figure is None:
        return []
    said = "SULpeak, SUVmax, MTV and TLG of this lesion over scan dates; the table has the values"
    return [html.Section([html.H2("Uptake through time"), graph(figure, said)])]


def _unit(point: LesionPoint) -> str:
    return " mm" if point.value_mm is not None else ""


def _key(look: Look) -> str:
    pet = " Green, dashed: outline of the marks on PET." if look.shows_uptake else ""
    return (
        f"Yellow: outline of the marks.{pet} Blue: longest diameter. Pink, dotted: short axis. "
        "Patient's right is on the left. Arrow keys on a slider, or the wheel over a picture, "
        f"go through the slices; ▲ is the slice that was measured.{uptake_keys(look)}"
    )


def _written(track: LesionTrack) -> Any:
    """Return what a reader wrote down of a lesion, where there are no images of it."""
    seen = [(point, point.finding) for point in track.points if point.finding is not None]
    rows = [
        [
            point.time_point,
            point.date.isoformat(),
            finding.modality or "–",
            f"{cell_words(track.lesion, point)}{_unit(point)}",
            EVENT_WORDS[finding.event],
            finding.reason,
        ]
        for point, finding in seen
    ]
    heads = ("Time point", "Date", "Method", "Diameter as given", "What it is", "Reason")
    return html.Section(
        [
            html.H2("Through time"),
            html.P("Measured without images: there are no slices to show.", className="muted"),
            html.Div(table(heads, rows, label="This lesion through time"), className="scroll-x"),
        ]
    )


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f}"


def _history(track: LesionTrack, place: Place) -> Any:
    shown = [name for name in QUANTITIES if any(name in p.uptake for p in track.points)]
    rows = []
    for point in track.points:
        finding = point.finding
        if finding is None:
            continue
        measured = finding.measurement
        rows.append(
            [
                link(point.time_point, write_place(place, tp=point.time_point, slices="")),
                point.date.isoformat(),
                finding.modality,
                EVENT_WORDS[finding.event],
                millimetres(measured.longest_diameter_mm if measured else None),
                millimetres(measured.short_axis_mm if measured else None),
                f"{measured.volume_mm3 / 1000:.2f} mL" if measured else "–",
                *(_number(point.uptake.get(name)) for name in shown),
                "–" if finding.confidence is None else f"{finding.confidence:.2f}",
                "yes" if finding.needs_review else "",
                finding.reason,
            ]
        )
    heads = (
        "Time point", "Date", "Modality", "Event", "Longest diameter", "Short axis", "Volume",
        *(f"{QUANTITY_WORDS[name][0]} ({QUANTITY_WORDS[name][1]})" for name in shown),
        "Match confidence", "Needs review", "Reason",
    )  # fmt: skip
    if not rows:
        return notice("Nothing recorded of this lesion")
    return html.Section(
        [
            html.H2("Through time"),
            html.Div(
                table(heads, rows, label="This lesion through time", class_name="history"),
                className="scroll-x",
            ),
        ]
    )
