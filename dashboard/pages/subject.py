"""One subject: the answer on top, how it came about below, every lesion one click away."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dash import html

from dashboard import ids
from dashboard.components.bits import (
    badge,
    chips,
    graph,
    link,
    millimetres,
    notice,
    reader_words,
    reason_line,
    signed_pct,
)
from dashboard.components.matrix import lesion_matrix
from dashboard.components.pet import mean_sd, refusal_notices, studies_section
from dashboard.course import lay_out
from dashboard.data import Data, SubjectView
from dashboard.figures.timeline import figure_timeline
from dashboard.links import Place, reader_token, write_place
from dashboard.pages import comparison
from dashboard.pages.references import references_section, uptake_legend
from dashboard.pet import round_number
from dashboard.references import Study
from dashboard.timeline import Timeline, is_progression
from dashboard.uptake import UNIT, UptakeCourse
from response.explain import (
    PROVISIONAL_ROW,
    deciding_sentences,
    describe_certainty,
    how_often,
)
from response.insight import Insight
from response.model import Assessment, SubjectSummary
from response.outlook import describe_outlook
from response.terms import Category, NewLesion, Status


def layout(data: Data, view: SubjectView, place: Place) -> Any:
    """Return the timeline page; ``tp`` of the address chooses the time point in the light."""
    timeline, studies = lay_out(view, data.protocol)
    if not timeline.time_points:
        return [_head(view, timeline, place), _nothing()]
    if not timeline.assessments and not timeline.tracks:
        more = [*refusal_notices(studies), *_unassessed(data, view, timeline, place)]
        return [_head(view, timeline, place), *more, *studies_section(studies)]
    chosen = place.query.get("tp", "")
    insight = data.read_insight(view)
    return [
        _head(view, timeline, place),
        *refusal_notices(studies),
        _answer(view, timeline, chosen, insight, studies),
        html.Div(
            [
                html.Section(
                    [
                        html.H2("Timeline"),
                        graph(
                            figure_timeline(timeline, chosen),
                            _chart_words(timeline),
                            id=ids.TIMELINE,
                        ),
                        _legend(timeline),
                    ],
                    className="wide",
                ),
                _reasons(timeline, place, chosen, insight),
            ],
            className="main-and-side",
        ),
        lesion_matrix(timeline, place),
        *references_section(data, view, timeline, studies, place),
        _warnings(timeline),
    ]


def _chart_words(timeline: Timeline) -> str:
    if timeline.uptake is not None:
        shown = f"{timeline.uptake.name} and lesion {timeline.uptake.lesion_name}"
    else:
        shown = "Sum of diameters and lesion diameters in mm"
    return f"{shown} over scan dates; the table below has every value"


def _head(view: SubjectView, timeline: Timeline, place: Place) -> Any:
    choosers = []
    if len(view.readers) > 1:
        choosers.append(
            chips(
                "Reader",
                [
                    (reader_words(r), write_place(place, reader=reader_token(r)), r == view.reader)
                    for r in view.readers
                ],
            )
        )
    if len(view.criteria) > 1:
        choosers.append(
            chips(
                "Criterion",
                [
                    (name, write_place(place, criterion=name), name == view.criterion)
                    for name in view.criteria
                ],
            )
        )
    return html.Div(
        [
            html.P(link("← Cohort", "/"), className="crumb"),
            html.H1(view.subject.subject),
            html.P(_facts(view, timeline), className="muted"),
            *choosers,
        ],
        className="head",
    )


def _facts(view: SubjectView, timeline: Timeline) -> str:
    facts = view.subject.facts
    words = [reader_words(view.reader), view.criterion]
    if facts.treatment_start:
        words.append(f"treatment from {facts.treatment_start}")
    if timeline.baseline:
        assumed = ", assumed" if timeline.baseline_assumed else ""
        words.append(f"baseline {timeline.baseline}{assumed}")
    if facts.new_therapy_date:
        words.append(f"new therapy {facts.new_therapy_date}")
    if facts.death_date:
        words.append(f"died {facts.death_date}")
    return " · ".join(words)


def _answer(
    view: SubjectView,
    timeline: Timeline,
    chosen: str,
    insight: Insight | None,
    studies: Sequence[Study],
) -> Any:
    """Return the category in the light: of the chosen time point, else the last one."""
    row = timeline.assessment(chosen) or timeline.current
    if row is None:
        return _not_assessed()
    last = row == timeline.current
    summary = view.result.summary if view.result else None
    return html.Section(
        [
            html.Div(
                [
                    html.Div(
                        f"{'Now' if last else 'Then'}: {row.time_point}, {row.date}",
                        className="label",
                    ),
                    badge(row.overall_response, row.status, big=True)
                    if row.overall_response
                    else html.Span("baseline", className="badge big plain"),
                    *_how_sure(row, insight),
                    *(html.P(words, className="lead") for words in deciding_sentences(row)),
                    *_what_next(row, insight),
                    *_doubts(row),
                ],
                className="answer-main",
            ),
            html.Dl(_figures(row, timeline, studies), className="figures"),
            html.Dl(_best(summary, timeline), className="figures") if summary else None,
        ],
        className="answer",
    )


def _how_sure(row: Assessment, insight: Insight | None) -> list[Any]:
    """Return how often the category would be the same, beside it; a flag where it is close."""
    found = insight.certainty_of(row.time_point) if insight else None
    if found is None or row.overall_response in ("", Category.NE):
        return []
    words = f"the same in {how_often(found)} of 100 measured again"
    kind = "borderline" if found.borderline else ""
    text = f"borderline: {words}" if found.borderline else words
    return [html.Span(text, className=f"flag {kind}".strip(), title=describe_certainty(found))]


def _what_next(row: Assessment, insight: Insight | None) -> list[Any]:
    outlook = insight.outlook_of(row.time_point) if insight else None
    words = describe_outlook(outlook) if outlook else ()
    return [html.P(" · ".join(words), className="muted small outlook")] if words else []


def _unassessed(data: Data, view: SubjectView, timeline: Timeline, place: Place) -> list[Any]:
    """Return what to do next where there is no sum and no lesion to draw over time."""
    if any(tp.mark_sets for tp in view.time_points):
        return [_not_assessed(), _warnings(timeline)]
    return comparison.layout(data, view, place)


def _not_assessed() -> Any:
    return notice(
        "Scans are here, but nothing was assessed yet",
        html.P("On the machine this runs on:"),
        html.Pre("response track\nresponse assess"),
    )


def _doubts(row: Assessment) -> list[Any]:
    doubts = [reason.text for reason in row.reasons if reason.row_id == PROVISIONAL_ROW]
    words = f"Provisional: {'; '.join(doubts)}."
    return [html.P(words, className="muted small")] if doubts else []


def _figures(row: Assessment, timeline: Timeline, studies: Sequence[Study]) -> list[Any]:
    if timeline.uptake is not None:
        return _definitions(_uptake_pairs(row, timeline.uptake, studies))
    base = timeline.baseline_sum_mm
    sums = [("Sum of diameters", _sum(row.sum_of_diameters_mm))] if timeline.adds_lengths else []
    pairs = [
        *sums,
        ("From baseline", _change(row.change_from_baseline_pct, base)),
        ("From nadir", _change(row.change_from_nadir_pct, row.nadir_mm)),
        ("New lesion", _new_lesion(row)),
    ]
    return _definitions(pairs)


def _uptake_pairs(
    row: Assessment, course: UptakeCourse, studies: Sequence[Study]
) -> list[tuple[str, Any]]:
    point = course.at(row.time_point)
    value = point.value if point else None
    words = "not known" if point is None or value is None else f"{value:.2f} {UNIT}"
    if point is not None and value is not None and len(point.lesions) == 1:
        words += f" of {point.lesions[0]}"
    study = next((s for s in studies if s.time_point == row.time_point), None)
    pairs: list[tuple[str, Any]] = [
        (course.name.removesuffix(f" ({UNIT})"), words),
        ("From baseline", _change(row.change_from_baseline_pct, None)),
    ]
    for one in study.references if study else ():
        tissue = one.organ.replace("_", " ").capitalize()
        said = mean_sd(one.mean_sul, one.sd_sul)
        mark = [html.Span("provisional", className="provisional")] if one.proposed else []
        pairs.append((f"{tissue}, SUL", html.Span([f"{said} {UNIT} ", *mark])))
    if study is not None and study.facts.get("uptake_minutes"):
        minutes = round_number(study.facts["uptake_minutes"])
        pairs.append(("Uptake time", f"{minutes} min"))
    return [*pairs, ("New lesion", _new_lesion(row))]


def _sum(value: object) -> str:
    return "not evaluable" if value is None else millimetres(value)


def _change(change: object, reference: object) -> str:
    """Return a change and what it is measured from."""
    from_what = "" if reference is None else f" of {float(str(reference)):.1f} mm"
    return "–" if change is None else f"{signed_pct(change)}{from_what}"


def _new_lesion(row: Assessment) -> Any:
    if row.new_lesion is NewLesion.YES:
        return html.Strong("yes", className="alarm")
    if row.new_lesion is NewLesion.EQUIVOCAL:
        return html.Strong("equivocal: waits for a reader", className="alarm")
    return row.new_lesion.value.lower() if row.new_lesion else "–"


def _best(summary: SubjectSummary, timeline: Timeline) -> list[Any]:
    waits = any(a.status is Status.PROVISIONAL for a in timeline.assessments if a.overall_response)
    status = Status.PROVISIONAL if waits else None
    pfs = "–" if summary.pfs_days is None else f"{summary.pfs_days} days"
    if summary.pfs_days is not None:
        pfs += ", event" if summary.pfs_event else ", censored"
    duration = summary.duration_of_response_days
    pairs = [
        ("Best overall response", _category(summary.best_overall_response, status)),
        ("Confirmed best", _category(summary.confirmed_best_overall_response, status)),
        ("Progression", summary.progression_date.isoformat() if summary.progression_date else "–"),
        ("Progression-free survival", html.Span(pfs, title=summary.pfs_reason)),
        ("Duration of response", "–" if duration is None else f"{duration} days"),
    ]
    return _definitions(pairs)


def _category(category: str, status: Status | None) -> Any:
    return badge(category, status) if category else "–"


def _definitions(pairs: list[tuple[str, Any]]) -> list[Any]:
    return [html.Div([html.Dt(name), html.Dd(value)]) for name, value in pairs]


def _reasons(timeline: Timeline, place: Place, chosen: str, insight: Insight | None) -> Any:
    items = [
        _reason_item(row, place, row.time_point == chosen, insight)
        for row in reversed(timeline.assessments)
    ]
    return html.Section(
        [html.H2("Why, newest first"), html.Ol(items, className="reasons", reversed=True)],
        className="side",
    )


def _reason_item(row: Assessment, place: Place, chosen: bool, insight: Insight | None) -> Any:
    first = not row.overall_response
    tag = (
        html.Span("baseline", className="muted")
        if first
        else badge(row.overall_response, row.status)
    )
    marks = []
    if is_progression(row.overall_response):
        marks.append(html.Span("progression", className="flag progression"))
    if row.new_lesion in (NewLesion.YES, NewLesion.EQUIVOCAL):
        question = "?" if row.new_lesion is NewLesion.EQUIVOCAL else ""
        marks.append(html.Span(f"new lesion{question}", className="flag newlesion"))
    marks += [flag for flag in _how_sure(row, insight) if "borderline" in flag.className]
    late = f" (as of {row.as_of})" if row.as_of != row.date else ""
    return html.Li(
        [
            html.Div(
                [
                    link(
                        [html.B(row.time_point), f" {row.date}{late}"],
                        write_place(place, tp="" if chosen else row.time_point),
                        title="Put this time point in the light",
                    ),
                    tag,
                    *marks,
                ],
                className="reason-head",
            ),
            html.Ul(
                [reason_line(r) for r in row.reasons if r.row_id != PROVISIONAL_ROW],
                className="reason-list",
            ),
            *_doubts(row),
        ],
        className="chosen" if chosen else "",
    )


def _legend(timeline: Timeline) -> Any:
    if timeline.uptake is not None:
        return uptake_legend(timeline.uptake)
    least = timeline.least_growth_mm
    at_least = f", at least {least:g} mm" if least else ""
    dashed = (
        ""
        if least is None
        else f" Dashed: −30 % of baseline (response) and +20 % of nadir{at_least} (progression)."
    )
    return html.P(
        [
            f"Dotted: baseline and nadir.{dashed} Open symbol: needs review. Dotted lesion line: "
            "no value in between. Hatched ribbon: provisional. A click on a lesion's point opens "
            "its slices."
        ],
        className="muted small",
    )


def _warnings(timeline: Timeline) -> Any:
    if not timeline.warnings:
        return html.Div()
    return html.Section(
        [html.H2("Notes"), html.Ul([html.Li(words) for words in timeline.warnings])],
        className="notes",
    )


def _nothing() -> Any:
    return notice(
        "No scans of this subject yet",
        html.P("On the machine this runs on: response ingest PATH"),
    )
