"""The figure of a subject's timeline: lines where the rule puts them, gaps that stay gaps."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from decimal import Decimal

import plotly.graph_objects as go
import pytest

from dashboard.figures.timeline import figure_timeline
from dashboard.timeline import Timeline, build_timeline
from response.model import Assessment, Reader
from response.protocol import parse_protocol
from response.terms import NewLesion, Status

DAYS = [dt.date(2025, 1, 1) + dt.timedelta(days=50 * n) for n in range(4)]


def assessment(number, total, nadir, overall, status=Status.CONFIRMED):
    return Assessment(
        subject="S", criterion="recist11", reader=Reader(), time_point=f"V{number}",
        date=DAYS[number], sum_of_diameters_mm=None if total is None else Decimal(total),
        nadir_mm=None if nadir is None else Decimal(nadir), change_from_baseline_pct=None,
        change_from_nadir_pct=None, target_response=overall, non_target_response="",
        new_lesion=NewLesion.NO, overall_response=overall, status=status, as_of=DAYS[number],
        reasons=(),
    )  # fmt: skip


ROWS = (
    assessment(0, "100.0", None, ""),
    assessment(1, "20.0", "100.0", "PR"),
    assessment(2, None, "20.0", "NE"),
    assessment(3, "26.0", "20.0", "PD", Status.PROVISIONAL),
)


@pytest.fixture
def figure():
    points = tuple((row.time_point, row.date) for row in ROWS)
    return figure_timeline(Timeline(points, "V0", False, ROWS, ()))


@pytest.fixture
def subject_figure(view_of):
    view = view_of("ONC-001")
    points = [(tp.time_point, tp.date) for tp in view.time_points]
    return figure_timeline(build_timeline(points, view.result, view.tracking))


def trace(figure, name):
    return next(t for t in figure["data"] if t.get("name") == name)


def test_plotly_takes_the_figure(figure, subject_figure):
    go.Figure(figure)
    go.Figure(subject_figure)


def test_baseline_and_partial_response_are_straight_lines(figure):
    assert trace(figure, "baseline")["y"] == [100, 100]
    assert trace(figure, "−30 % of baseline")["y"] == [70, 70]


def test_nadir_and_progression_are_steps_by_the_nadir_before(figure):
    assert trace(figure, "nadir")["y"] == [100, 100, 20, 20]
    assert trace(figure, "+20 % of nadir")["y"] == [120, 120, 25, 25]
    assert trace(figure, "nadir")["line"]["shape"] == "vh"


def test_a_sum_that_is_not_evaluable_is_a_gap(figure):
    assert trace(figure, "sum of diameters")["y"] == [100, 20, None, 26]
    assert trace(figure, "sum of diameters")["connectgaps"] is False
    assert trace(figure, "sum not evaluable")["y"] == [20, 26, None]


def test_the_nadir_is_ringed(figure):
    assert trace(figure, "nadir point")["y"] == [20]


def test_progression_is_flagged_above_its_date(figure):
    flags = [a for a in figure["layout"]["annotations"] if "progression" in a["text"]]
    assert [a["x"] for a in flags] == [DAYS[3].isoformat()]


def test_a_small_nadir_is_labelled_by_five_millimetres(figure):
    assert any(a["text"] == "+5 mm 25.0 mm" for a in figure["layout"]["annotations"])


def test_the_ribbon_says_each_category_and_hatches_what_is_provisional(figure):
    ribbon = trace(figure, "overall")
    assert ribbon["text"] == ["<b>baseline</b>", "<b>PR</b>", "<b>NE</b>", "<b>PD</b>"]
    assert ribbon["marker"]["pattern"]["shape"] == ["", "", "", "/"]


def test_the_ribbon_stands_on_the_dates_of_the_scans(figure):
    ribbon = trace(figure, "overall")
    assert ribbon["x"][1] == "2025-01-26T00:00:00"
    assert ribbon["width"][1] == 50 * 86_400_000


def test_a_lesion_without_value_is_a_gap_with_a_dotted_bridge(subject_figure):
    values = trace(subject_figure, "T2")["y"]
    assert values[3] is None
    assert 0 not in values
    assert trace(subject_figure, "T2 without value")["y"] == [values[2], values[4], None]


def test_what_has_no_value_is_named_with_its_reason(subject_figure):
    (words,) = trace(subject_figure, "no value")["hovertext"]
    assert words == "<b>T2</b> not imaged: its place lies outside this scan's field"


def test_a_finding_in_question_has_an_open_symbol(subject_figure):
    symbols = trace(subject_figure, "T3")["marker"]["symbol"]
    assert [s.endswith("-open") for s in symbols] == [False, True, False, False, False]


def test_every_axis_with_lengths_says_millimetres(subject_figure):
    layout = subject_figure["layout"]
    assert "(mm)" in layout["yaxis"]["title"]["text"]
    assert "(mm)" in layout["yaxis2"]["title"]["text"]
    assert "date" in layout["xaxis"]["title"]["text"]


def test_words_from_outside_cannot_format_a_figure(figure):
    rows = tuple(replace(r, time_point="<a href='x'>") for r in ROWS[:1])
    drawn = figure_timeline(Timeline((("<a href='x'>", DAYS[0]),), "", False, rows, ()))
    assert "<a" not in str(drawn["layout"]["xaxis"]["ticktext"])


def test_no_time_points_is_an_empty_figure():
    go.Figure(figure_timeline(build_timeline([], None, None)))


def test_a_criterion_that_does_not_compare_with_those_lines_draws_none(view_of):
    view = view_of("ONC-001")
    points = [(tp.time_point, tp.date) for tp in view.time_points]
    other = replace(view.result, summary=replace(view.result.summary, criterion="choi"))
    drawn = figure_timeline(build_timeline(points, other, view.tracking))
    names = {trace.get("name") for trace in drawn["data"]}
    assert {"baseline", "nadir"} <= names
    assert not {"−30 % of baseline", "+20 % of nadir"} & names
    assert not any("+20 %" in note["text"] for note in drawn["layout"]["annotations"])


def test_the_line_of_progression_of_mrecist_is_the_protocols(view_of):
    view = view_of("ONC-001")
    other = replace(view.result, summary=replace(view.result.summary, criterion="mrecist"))
    assert build_timeline([], other, view.tracking).least_growth_mm == 0.0
    chosen = parse_protocol("[mrecist]\nabsolute_minimum_mm = 5")
    assert build_timeline([], other, view.tracking, chosen).least_growth_mm == 5.0


@pytest.fixture
def change_figure():
    """A criterion that adds no diameters: only the change from baseline is known."""
    changes = (None, "-20.28", None, "12.5")
    rows = tuple(
        replace(
            row,
            sum_of_diameters_mm=None,
            nadir_mm=None,
            change_from_baseline_pct=None if change is None else Decimal(change),
        )
        for row, change in zip(ROWS, changes, strict=True)
    )
    points = tuple((row.time_point, row.date) for row in rows)
    return figure_timeline(Timeline(points, "V0", False, rows, ()))


def test_a_criterion_without_a_sum_is_drawn_as_change_from_baseline(change_figure):
    go.Figure(change_figure)
    drawn = trace(change_figure, "change from baseline")
    assert drawn["y"] == [0.0, -20.28, None, 12.5]
    assert change_figure["layout"]["yaxis"]["title"]["text"] == "From baseline (%)"
    assert not [t for t in change_figure["data"] if t.get("name") == "sum of diameters"]
