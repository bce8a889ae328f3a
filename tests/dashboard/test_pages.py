"""Pages as trees of components, without a browser."""

from __future__ import annotations

import json

import flask
import pytest
from plotly.utils import PlotlyJSONEncoder

from dashboard import pages
from dashboard.auth import Visitor
from dashboard.callbacks import answer
from dashboard.data import Cohort
from dashboard.links import Place, parse_place
from dashboard.pages import cohort, lesion, quality, subject
from response.explain import deciding_sentences
from response.terms import AccountRole

ADMIN = Visitor("anna", AccountRole.ADMIN)


def as_text(layout):
    """Return everything a layout says, as the browser gets it."""
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


@pytest.fixture
def cohort_page(data):
    return lambda **query: cohort.layout(data.read_cohort(), Place("cohort", query=query))


@pytest.fixture
def subject_page(view_of):
    def make(name, reader="", **query):
        view = view_of(name, reader)
        return subject.layout(view, Place("subject", view.subject.key, query=query))

    return make


@pytest.fixture
def lesion_page(data, view_of):
    def make(name, tracking_id, **query):
        view = view_of(name)
        return lesion.layout(data, view, Place("lesion", view.subject.key, tracking_id, query))

    return make


def names(page):
    """Return the subjects of the cohort table in order."""
    return [
        th.children.children for th in find(page, "Th", scope="row") if hasattr(th.children, "href")
    ]


def test_every_subject_is_in_the_cohort_once_per_reader(cohort_page):
    listed = names(cohort_page())
    assert len(set(listed)) == 10
    assert listed.count("ONC-003") == 2


def test_the_cohort_is_sorted_as_the_address_says(cohort_page):
    assert names(cohort_page(sort="subject"))[:2] == ["ONC-001", "ONC-002"]
    assert names(cohort_page(sort="baseline"))[0] == "ONC-009"


def test_the_cohort_is_filtered_as_the_address_says(cohort_page):
    assert names(cohort_page(flag="newlesion")) == ["ONC-002"]
    assert names(cohort_page(flag="unassessed")) == ["ONC-099"]


def test_an_empty_workspace_says_how_to_begin():
    page = cohort.layout(Cohort((), (), "recist11"), Place("cohort"))
    assert "response demo" in as_text(page)


def test_what_is_provisional_is_marked_on_every_page(cohort_page, subject_page):
    assert find(cohort_page(flag="newlesion"), "Span", className="provisional")
    assert find(subject_page("ONC-002"), "Span", className="provisional")


def test_the_answer_is_the_last_category_with_its_sentence(subject_page):
    page = subject_page("ONC-001")
    (big,) = find(page, "Span", className="badge big hatched")
    assert big.children == "PD"
    lead = [p.children for p in find(page, "P", className="lead")]
    assert lead[0].startswith("PD: sum")
    assert any("N1" in words for words in lead)


def test_an_earlier_time_point_can_be_put_in_the_light(subject_page):
    (big,) = find(subject_page("ONC-001", tp="TP3"), "Span", className="badge big hatched")
    assert big.children == "NE"


def test_a_category_decided_by_a_new_lesion_is_not_led_by_the_targets(view_of):
    row = view_of("ONC-001").result.assessments[-1]
    others = tuple(r for r in row.reasons if "TARGET.PD" not in r.row_id)
    led = deciding_sentences(type(row)(**{**_fields(row), "reasons": others}))
    assert led[0].startswith("PD:")
    assert any("N1" in words for words in led)


def _fields(row):
    return {name: getattr(row, name) for name in row.__dataclass_fields__}


def test_the_matrix_never_shows_zero_for_what_was_not_imaged(subject_page):
    cells = find(subject_page("ONC-001"), "Link", className="cell")
    (cell,) = [c for c in cells if c.title and c.title.startswith("not imaged")]
    assert cell.children[0] == "not imaged"


def test_every_cell_of_the_matrix_leads_to_the_lesion_then(subject_page, subject_key):
    cells = find(subject_page("ONC-001"), "Link", className="cell")
    key = subject_key("ONC-001")
    assert cells[0].href == f"/subject/{key}/lesion/T1?tp=TP0"
    assert len(cells) == 21


def test_readers_are_shown_one_at_a_time(subject_page):
    first = as_text(subject_page("ONC-003", "INDEPENDENT ASSESSOR~R1"))
    second = as_text(subject_page("ONC-003", "INDEPENDENT ASSESSOR~R2"))
    assert '"T3"' in first
    assert '"T3"' not in second


def test_links_within_a_subject_keep_the_reader(view_of):
    view = view_of("ONC-003", "INDEPENDENT ASSESSOR~R2")
    place = Place("subject", view.subject.key, query={"reader": "INDEPENDENT ASSESSOR~R2"})
    cells = find(subject.layout(view, place), "Link", className="cell")
    assert all("reader=INDEPENDENT+ASSESSOR~R2" in cell.href for cell in cells)


def test_a_subject_without_scans_says_so(subject_page):
    assert "No scans of this subject yet" in as_text(subject_page("ONC-099"))


def test_a_lesion_is_shown_at_baseline_nadir_and_now(lesion_page):
    page = lesion_page("ONC-001", "T1")
    heads = [d.children[1].children for d in find(page, "Div", className="pane-head")]
    assert heads == ["TP0 · 2025-01-14", "TP2 · 2025-05-06", "TP4 · 2025-08-26"]


def test_all_panes_have_the_same_width_in_millimetres_and_window(lesion_page):
    figures = [g.figure for g in find(lesion_page("ONC-001", "T1", window="bone"), "Graph")]
    ranges = [f["layout"]["xaxis"]["range"] for f in figures]
    assert len(ranges) == 3
    assert len({round(high - low, 6) for low, high in ranges}) == 1
    assert all("window=bone" in f["layout"]["images"][0]["source"] for f in figures)


def test_a_lesion_in_the_lung_opens_in_the_lung_window(lesion_page):
    graph = find(lesion_page("ONC-001", "T2"), "Graph")[0]
    assert "window=lung" in graph.figure["layout"]["images"][0]["source"]


def test_a_lesion_without_marks_shows_its_expected_place_in_words(lesion_page):
    page = lesion_page("ONC-001", "T2", tp="TP3")
    last = find(page, "Graph")[-1].figure
    assert [s["type"] for s in last["layout"]["shapes"]].count("circle") == 1
    assert last["data"][0]["x"] == []
    assert "The dashed circle is where it was expected" in as_text(page)


def test_a_lesion_without_a_record_says_so(lesion_page):
    page = lesion_page("ONC-001", "N1")
    assert as_text(page).count("Nothing is recorded of this lesion at this time point") == 2


def test_the_slice_of_the_address_is_shown(lesion_page):
    graph = find(lesion_page("ONC-001", "T1", slices="now:9"), "Graph")[-1]
    assert "/9.png" in graph.figure["layout"]["images"][0]["source"]
    assert graph.figure["data"][1]["visible"] is False


def test_figures_of_slices_hold_no_identifier(lesion_page):
    drawn = as_text(find(lesion_page("ONC-001", "T1"), "Graph"))
    assert "/slice/" in drawn
    assert "ONC" not in drawn


def test_quality_lists_what_is_not_trusted(synthetic, view_of):
    view = view_of("ONC-001")
    rows = [
        synthetic.registration("ONC-001", trusted=False, reason="similarity below the gate"),
        synthetic.registration("ONC-002"),
    ]
    page = as_text(quality.layout([view.subject], rows, [view.tracking]))
    assert "similarity below the gate" in page
    assert "1 of 2 registrations not trusted" in page
    assert "two candidates within 8 mm" in page


def test_pages_have_no_links_to_pages_that_are_not_there(data, subject_page, cohort_page):
    place = Place("cohort")
    whole = [*pages.show_page(data, ADMIN, place), *subject_page("ONC-001")]
    for link in [*find(whole, "Link"), *find(whole, "A")]:
        path, _, search = link.href.partition("?")
        assert path.startswith("#") or parse_place(path, search) is not None, link.href


def test_an_error_in_a_page_is_caught_and_named_by_a_reference(app, data, monkeypatch, caplog):
    monkeypatch.setattr(data, "read_cohort", lambda *_: 1 / 0)
    with app.server.test_request_context("/"):
        flask.g.visitor = ADMIN
        page = as_text(answer(data, "/", ""))
    assert "Something went wrong" in page
    assert "ZeroDivisionError" in caplog.text
