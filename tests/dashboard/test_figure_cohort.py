"""Waterfall and spider plot."""

from __future__ import annotations

import plotly.graph_objects as go

from dashboard.figures.cohort import ChangeCurve, figure_spider, figure_waterfall

CURVES = [
    ChangeCurve("A", "/subject/a", -40.0, "PR", False, ((0, 0.0), (56, -40.0))),
    ChangeCurve("B", "/subject/b", 25.0, "PD", True, ((0, 0.0), (56, 25.0))),
    ChangeCurve("C", "/subject/c", None, "NE", True, ()),
]


def test_plotly_takes_the_figures():
    go.Figure(figure_waterfall(CURVES))
    go.Figure(figure_spider(CURVES))
    go.Figure(figure_waterfall([]))
    go.Figure(figure_spider([]))


def test_the_waterfall_falls_from_growth_to_shrinkage():
    _, bars = figure_waterfall(CURVES)["data"]
    assert bars["y"] == [25.0, -40.0]
    assert bars["customdata"] == ["/subject/b", "/subject/a"]


def test_a_subject_without_a_change_has_no_bar():
    assert len(figure_waterfall(CURVES)["data"][0]["y"]) == 2


def test_provisional_bars_are_hatched():
    _, bars = figure_waterfall(CURVES)["data"]
    assert bars["marker"]["pattern"]["shape"] == ["/", ""]


def test_the_limits_of_response_and_progression_are_drawn():
    levels = [s["y0"] for s in figure_waterfall(CURVES)["layout"]["shapes"]]
    assert levels == [0, -30, 20]


def test_the_spider_runs_over_days_since_baseline():
    first = figure_spider(CURVES)["data"][0]
    assert (first["x"], first["y"]) == ([0, 56], [0.0, -40.0])
    assert "(days)" in figure_spider(CURVES)["layout"]["xaxis"]["title"]["text"]


def test_the_limits_of_sums_are_drawn_only_where_they_are_limits():
    """A sum of products is not judged at −30 % and +20 %."""
    for make in (figure_waterfall, figure_spider):
        assert [s["y0"] for s in make(CURVES)["layout"]["shapes"]] == [0, -30, 20]
        assert [s["y0"] for s in make(CURVES, limits=False)["layout"]["shapes"]] == [0]
