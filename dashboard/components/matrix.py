"""Lesions by time points: every diameter, event and question, each a link to its slices."""

from __future__ import annotations

from typing import Any

from dash import html

from dashboard.components.bits import attributes, badge, link
from dashboard.links import Place, lesion_url
from dashboard.palette import EVENT_MARKS, EVENT_WORDS
from dashboard.timeline import LesionPoint, LesionTrack, Timeline
from dashboard.uptake import UNIT, UptakeCourse
from response.model import Assessment, Lesion
from response.terms import Event, LesionState, Role, Source

SHAPES = {
    "circle": "●",
    "square": "■",
    "diamond": "◆",
    "triangle-up": "▲",
    "cross": "✚",
    "star": "★",
    "hexagon": "⬢",
}
ROLE_WORDS = {Role.TARGET: "target", Role.NON_TARGET: "non-target", Role.NEW: "new"}


def lesion_matrix(timeline: Timeline, place: Place) -> Any:
    """Return the table of lesions by time points; cells link to the lesion's page."""
    if not timeline.tracks:
        return html.Section(
            [
                html.H2("Lesions"),
                html.P("No lesions with images are recorded for this reader.", className="muted"),
            ]
        )
    heads = [html.Th("Lesion", scope="col"), html.Th("Role, organ", scope="col")]
    heads += [
        html.Th([name, html.Br(), html.Span(str(day), className="muted")], scope="col")
        for name, day in timeline.time_points
    ]
    return html.Section(
        [
            html.H2(_title(timeline)),
            html.Div(
                html.Table(
                    [
                        html.Thead(html.Tr(heads)),
                        html.Tbody([_row(track, timeline, place) for track in timeline.tracks]),
                        html.Tfoot([_sum_row(timeline), _response_row(timeline)]),
                    ],
                    className="table matrix",
                ),
                className="scroll-x",
            ),
            _key(timeline),
        ]
    )


def _title(timeline: Timeline) -> str:
    what = timeline.uptake.lesion_name if timeline.uptake else "diameter in mm"
    return f"Lesions: {what}, what became of it"


def _row(track: LesionTrack, timeline: Timeline, place: Place) -> Any:
    lesion = track.lesion
    return html.Tr(
        [
            html.Th(
                [
                    html.Span(
                        SHAPES[track.symbol],
                        style={"color": track.colour},
                        className="shape",
                        **attributes(aria_hidden="true"),
                    ),
                    link(lesion.tracking_id, lesion_url(place, lesion.tracking_id)),
                    *_kinship(lesion, timeline),
                ],
                scope="row",
            ),
            html.Td(_role(lesion)),
            *(html.Td(_cell(timeline, track, point, place)) for point in track.points),
        ]
    )


def _kinship(lesion: Lesion, timeline: Timeline) -> list[Any]:
    names = {t.lesion.tracking_uid: t.lesion.tracking_id for t in timeline.tracks}
    words = []
    if lesion.part_of:
        words.append(f"part of {names.get(lesion.part_of, 'another')}")
    if lesion.merged_into:
        words.append(f"merged into {names.get(lesion.merged_into, 'another')}")
    return [html.Span(f" {text}", className="muted small") for text in words]


def _role(lesion: Lesion) -> list[Any]:
    asked = "proposed by the program; waits for a person"
    role = ROLE_WORDS.get(lesion.role, "no role") if lesion.role else "no role"
    where = " ".join(word for word in (lesion.side, lesion.organ or "organ?") if word)
    node = (" (short axis)" if "node" in where else ", node (short axis)") if lesion.node else ""
    proposed = Source.PROPOSED
    parts: list[Any] = [
        html.Span(
            role,
            className="asked" if lesion.role_source is proposed else "",
            title=asked if lesion.role_source is proposed else None,
        ),
        ", ",
        html.Span(
            where + node,
            className="asked" if proposed in (lesion.organ_source, lesion.node_source) else "",
            title=asked if proposed in (lesion.organ_source, lesion.node_source) else None,
        ),
    ]
    return parts


def _cell(timeline: Timeline, track: LesionTrack, point: LesionPoint, place: Place) -> Any:
    finding = point.finding
    if finding is None:
        return html.Span("·", className="muted", title="nothing recorded")
    said = cell_words(track.lesion, point)
    if timeline.uptake is not None:
        said = uptake_words(point)
    mark = EVENT_MARKS[finding.event]
    content: list[Any] = [said]
    if mark:
        content.append(html.Span(f" {mark}", className="event", title=EVENT_WORDS[finding.event]))
    if point.needs_review:
        content.append(html.Span(" review", className="flag review"))
    return link(
        content,
        lesion_url(place, track.lesion.tracking_id, point.time_point),
        title=point.words,
        className="cell",
    )


def cell_words(lesion: Lesion, point: LesionPoint) -> str:
    """Return a cell's value in words; without a value the event says why, never 0."""
    finding = point.finding
    if finding is None:
        return ""
    if finding.state is LesionState.TOO_SMALL:
        return "too small (5)"
    if finding.state is LesionState.NOT_EVALUABLE:
        return "NE"
    if point.value_mm is None:
        return EVENT_WORDS[finding.event]
    if finding.event is Event.RESOLVED or finding.state is LesionState.ABSENT:
        return "0"
    measured = finding.measurement
    if measured is None:
        return f"{point.value_mm:.1f}"
    return str(measured.short_axis_mm if lesion.node else measured.longest_diameter_mm)


def uptake_words(point: LesionPoint) -> str:
    """Return a cell's uptake in words; without a value the event says why, never 0."""
    finding = point.finding
    if finding is None:
        return ""
    if point.uptake_drawn is not None:
        return f"{point.uptake_drawn:.2f}" if point.uptake_drawn else "0"
    if finding.state is LesionState.NOT_EVALUABLE:
        return "NE"
    return EVENT_WORDS[finding.event] if finding.measurement is None else "no SUV"


def _uptake_row(timeline: Timeline, course: UptakeCourse) -> Any:
    cells = []
    for name, _ in timeline.time_points:
        point = course.at(name)
        value = point.value if point else None
        cells.append(html.Td("·" if value is None else f"{value:.2f}"))
    what = "Hottest" if course.quantity == "sul_peak" else "Sum of targets"
    return html.Tr([html.Th(what, scope="row"), html.Td(UNIT), *cells])


def _sum_row(timeline: Timeline) -> Any:
    if timeline.uptake is not None:
        return _uptake_row(timeline, timeline.uptake)
    cells = []
    for name, _ in timeline.time_points:
        row = timeline.assessment(name)
        cells.append(html.Td(_sum_words(timeline, row)))
    what, unit = ("Sum of targets", "mm") if timeline.adds_lengths else ("From baseline", "%")
    return html.Tr([html.Th(what, scope="row"), html.Td(unit), *cells])


def _sum_words(timeline: Timeline, row: Assessment | None) -> str:
    if row is None or (not timeline.adds_lengths and not row.overall_response):
        return "·"
    value = row.sum_of_diameters_mm if timeline.adds_lengths else row.change_from_baseline_pct
    return "NE" if value is None else str(value)


def _response_row(timeline: Timeline) -> Any:
    cells = []
    for name, _ in timeline.time_points:
        row = timeline.assessment(name)
        said = row is not None and row.overall_response
        cells.append(html.Td(badge(row.overall_response, row.status) if row and said else "·"))
    return html.Tr([html.Th("Response", scope="row"), html.Td(""), *cells])


def _key(timeline: Timeline) -> Any:
    seen = {p.finding.event for t in timeline.tracks for p in t.points if p.finding}
    words = [f"{EVENT_MARKS[e]} {EVENT_WORDS[e]}" for e in Event if e in seen and EVENT_MARKS[e]]
    words.append("dotted underline: proposed, waits for a person")
    return html.P(" · ".join(words), className="muted small")
