"""Pages of subjects with PET: views side by side, SUV or why not, reference tissue."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from plotly.utils import PlotlyJSONEncoder

from dashboard import ids
from dashboard.course import lay_out
from dashboard.figures.timeline import figure_timeline
from dashboard.links import Place
from dashboard.pages import lesion, subject
from dashboard.pet import find_pet, share_frame
from dashboard.views import choose_look
from response.protocol import Protocol


def as_text(layout):
    return json.dumps(layout, cls=PlotlyJSONEncoder, ensure_ascii=False)


def find(layout, kind, **props):
    """Return all components of a kind below a layout that have these properties."""
    found = []
    for item in layout if isinstance(layout, (list, tuple)) else [layout]:
        if not hasattr(item, "to_plotly_json"):
            continue
        same = all(getattr(item, name, None) == value for name, value in props.items())
        found += [item] if type(item).__name__ == kind and same else []
        below = getattr(item, "children", None)
        found += find([] if below is None else below, kind, **props)
    return found


def pictures(page):
    """Return slot → the figure of its slice."""
    return {
        graph.id["slot"]: graph.figure
        for graph in find(page, "Graph")
        if isinstance(getattr(graph, "id", None), dict)
    }


def captions(figure):
    return figure["layout"]["annotations"][-1]["text"]


@pytest.fixture
def lesion_page(pet_data, pet_view):
    def make(name="PET-001", tracking_id="T1", criterion="percist10", **query):
        view = pet_view(name, criterion)
        place = Place("lesion", view.subject.key, tracking_id, query)
        return lesion.layout(pet_data, view, place)

    return make


@pytest.fixture
def subject_page(pet_data, pet_view):
    def make(name="PET-001", criterion="percist10", **query):
        view = pet_view(name, criterion)
        return subject.layout(pet_data, view, Place("subject", view.subject.key, query=query))

    return make


def test_by_percist_a_lesion_is_shown_on_ct_pet_and_fused_at_baseline_and_now(lesion_page):
    shown = pictures(lesion_page())
    assert list(shown) == [
        "baseline", "baseline-pet", "baseline-fused", "now", "now-pet", "now-fused",
    ]  # fmt: skip
    assert [captions(f) for f in shown.values()] == [
        "<b>CT</b>",
        "<b>PET</b>",
        "<b>PET on CT</b>",
    ] * 2


def test_by_recist_a_lesion_is_shown_as_before_until_pet_is_asked_for(lesion_page):
    plain = pictures(lesion_page(criterion="recist11"))
    assert list(plain) == ["baseline", "nadir", "now"]
    fused = pictures(lesion_page(criterion="recist11", view="fused"))
    assert {captions(figure) for figure in fused.values()} == {"<b>PET on CT</b>"}


def test_views_of_one_time_point_scroll_together(lesion_page):
    groups = [
        part.to_plotly_json()["props"]["data-group"]
        for part in find(lesion_page(), "Div", className="slice")
    ]
    assert groups == ["baseline"] * 3 + ["now"] * 3


def test_the_address_says_view_window_and_opacity(lesion_page):
    (source,) = {
        figure["layout"]["images"][0]["source"].split("/")[-1].split("&", 1)[1]
        for slot, figure in pictures(
            lesion_page(view="fused", suv="10", opacity="50", tp="TP0")
        ).items()
        if slot == "baseline"
    }
    assert "view=fused" in source
    assert "suv=10" in source
    assert "opacity=50" in source


def test_the_scale_of_uptake_has_its_ends_and_unit(lesion_page):
    words = [a["text"] for a in pictures(lesion_page(suv="10"))["now-pet"]["layout"]["annotations"]]
    assert {"≥ 10", "0", "SUV (g/ml)"} <= set(words)


def test_marks_of_ct_and_of_pet_are_drawn_on_every_view(lesion_page):
    for figure in pictures(lesion_page()).values():
        parts = {trace["meta"]: trace for trace in figure["data"]}
        assert parts["outline"]["x"]
        assert parts["uptake"]["x"]
        assert parts["uptake"]["line"]["dash"] == "dash"


def test_the_outline_on_pet_lies_around_the_lesion(lesion_page):
    figure = pictures(lesion_page())["baseline-pet"]
    middle = {}
    for trace in figure["data"]:
        if trace["meta"] in ("outline", "uptake"):
            known = [v for v in trace["x"] if v is not None]
            middle[trace["meta"]] = (min(known) + max(known)) / 2
    assert middle["uptake"] == pytest.approx(middle["outline"], abs=3.6)


def test_pet_alone_is_shown_in_suv_and_nothing_else_is_offered(subject_page):
    page = subject_page("PET-002")
    assert {captions(figure) for figure in pictures(page).values()} == {"<b>PET</b>"}
    navs = [nav.to_plotly_json()["props"]["aria-label"] for nav in find(page, "Nav")]
    assert "Uptake, SUV" in navs
    assert "View" not in navs
    assert "Opacity" not in navs
    assert "HU" not in as_text(page)


def test_pet_without_suv_says_why_first_and_is_never_called_suv(subject_page):
    page = subject_page("PET-003")
    (head,) = [h for h in find(page, "H2") if h.children == "No SUV of these PET scans"]
    text = as_text(page)
    assert text.index(head.children) < text.index("Window")
    assert "RadionuclideTotalDose is missing" in text
    for slot, figure in pictures(page).items():
        words = [a["text"] for a in figure["layout"]["annotations"]]
        assert not [w for w in words if "SUV" in w], slot


def test_scans_without_marks_are_compared_on_ct_pet_and_fused(subject_page):
    shown = pictures(subject_page("PET-004"))
    assert list(shown)[:3] == ["earlier", "earlier-pet", "earlier-fused"]
    assert len(shown) == 6


def test_scans_of_other_frames_of_reference_are_not_laid_over_each_other(pet_view):
    view = pet_view("PET-004")
    moved = tuple(
        replace(
            tp,
            scans=tuple(
                replace(s, facts={**s.facts, "frame_of_reference_uid": s.modality})
                for s in tp.scans
            ),
        )
        for tp in view.time_points
    )
    view = replace(view, time_points=moved)
    assert not share_frame(*view.time_points[0].scans)
    assert choose_look(view, Place("subject", query={"view": "fused"}), "all").views == ("ct",)


def test_the_timeline_of_percist_draws_sulpeak_with_its_unit(pet_view):
    timeline, _ = lay_out(pet_view("PET-001"), Protocol())
    figure = figure_timeline(timeline)
    titles = [figure["layout"][name]["title"]["text"] for name in ("yaxis", "yaxis2")]
    assert titles == ["SULpeak, hottest lesion (g/ml)", "Lesion SULpeak (g/ml)"]
    names = {trace.get("name") for trace in figure["data"]}
    assert {"−30 %", "+30 %", "measurable from", "liver mean SUL", "T1", "T2"} <= names
    assert "sum of diameters" not in names
    assert "mm" not in as_text(figure["layout"])


def test_percist_says_categories_sul_and_reference_on_its_page(subject_page):
    text = as_text(subject_page())
    for words in ("PMR", "SULpeak, hottest lesion", "3.00 g/ml of T1", "Uptake time", "66 min"):
        assert words in text
    assert "Sum of diameters" not in text


def test_each_reference_says_who_stands_behind_it(subject_page):
    text = as_text(subject_page())
    assert "placed by a person" in text
    assert "proposed by the program" in text
    assert "response correct reference PET-001 TP2 liver --at=-85.0,0.0,-60.0" in text


def test_the_reference_is_outlined_in_the_slice_through_its_middle(subject_page):
    figure = pictures(subject_page())["liver-TP0"]
    (line,) = [t for t in figure["data"] if t["meta"] == "outline" and t["line"]["width"] == 2]
    known = [v for v in line["x"] if v is not None]
    assert max(known) - min(known) == pytest.approx(30, abs=1.5)


def test_a_lesions_uptake_is_charted_with_units(lesion_page):
    (chart,) = [
        graph.figure
        for graph in find(lesion_page(), "Graph")
        if not isinstance(getattr(graph, "id", None), dict)
    ]
    titles = [chart["layout"][f"yaxis{n}"]["title"]["text"] for n in ("", "2", "3", "4")]
    assert titles == ["SULpeak (g/ml)", "SUVmax (g/ml)", "MTV (ml)", "TLG (g)"]


def test_subjects_without_pet_have_no_word_of_it(data, view_of):
    view = view_of("ONC-001")
    page = as_text(subject.layout(data, view, Place("subject", view.subject.key)))
    assert "PET" not in page
    page = as_text(lesion.layout(data, view, Place("lesion", view.subject.key, "T1")))
    assert "PET" not in page
    assert "Uptake" not in page
    assert find_pet(view.time_points[0].scans) is None


def test_the_timeline_keeps_its_place_for_clicks(subject_page):
    assert find(subject_page(), "Graph", id=ids.TIMELINE)
