"""Pages as trees of components, without a browser."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import replace
from decimal import Decimal

import flask
import pytest
from plotly.utils import PlotlyJSONEncoder

from dashboard import ids, pages
from dashboard.auth import Visitor
from dashboard.callbacks import answer
from dashboard.data import Cohort
from dashboard.links import Place, parse_place
from dashboard.pages import cohort, lesion, quality, subject
from dashboard.pages.comparison import registration_words
from response.certainty import Certainty
from response.explain import deciding_sentences
from response.insight import Insight
from response.model import LesionReading, Readings
from response.outlook import Outlook
from response.protocol import Protocol
from response.terms import AccountRole, Role
from response.written import lay_out_readings

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
def subject_page(data, view_of):
    def make(name, reader="", **query):
        view = view_of(name, reader)
        return subject.layout(data, view, Place("subject", view.subject.key, query=query))

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
    assert len(set(listed)) == 11
    assert listed.count("ONC-003") == 2


def test_the_cohort_is_sorted_as_the_address_says(cohort_page):
    assert names(cohort_page(sort="subject"))[:2] == ["ONC-001", "ONC-002"]
    assert names(cohort_page(sort="baseline"))[0] == "ONC-009"


def test_the_cohort_is_filtered_as_the_address_says(cohort_page):
    assert names(cohort_page(flag="newlesion")) == ["ONC-002"]
    assert names(cohort_page(flag="unassessed")) == ["ONC-098", "ONC-099"]


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


def test_links_within_a_subject_keep_the_reader(data, view_of):
    view = view_of("ONC-003", "INDEPENDENT ASSESSOR~R2")
    place = Place("subject", view.subject.key, query={"reader": "INDEPENDENT ASSESSOR~R2"})
    cells = find(subject.layout(data, view, place), "Link", className="cell")
    assert all("reader=INDEPENDENT+ASSESSOR~R2" in cell.href for cell in cells)


def test_a_subject_without_scans_says_so(subject_page):
    assert "No scans of this subject yet" in as_text(subject_page("ONC-099"))


def shown(page):
    """Return what is drawn in each pane: slice number, circle's centre, width in mm, image."""
    drawn = [graph.figure["layout"] for graph in find(page, "Graph")]
    rows = []
    for layout in drawn:
        source = layout["images"][0]["source"]
        circles = [s for s in layout["shapes"] if s["type"] == "circle"]
        centre = [(s["x0"] + s["x1"]) / 2 for s in circles]
        low, high = layout["xaxis"]["range"]
        number = int(source.partition(".png")[0].rpartition("/")[2])
        rows.append((number, centre, round(high - low, 6), source))
    return rows


def test_scans_without_marks_are_compared_and_nothing_empty_is_drawn(subject_page):
    page = subject_page("ONC-098")
    said = as_text(page)
    assert "No lesions are marked. The scans are registered (trusted, correlation 0.87)" in said
    assert "DICOM SEG" in said
    assert "response track" not in said
    assert not find(page, "Graph", id=ids.TIMELINE)
    assert [h.children for h in find(page, "H2")] == ["First scan", "Last scan"]


def test_compared_scans_are_cut_through_the_same_place_and_equally_wide(subject_page, synthetic):
    (first, *_), (last, *_) = views = shown(subject_page("ONC-098"))
    right_mm, _, up_mm = synthetic.UNMARKED_STEP
    assert last - first == up_mm / synthetic.SPACING[2]
    assert views[1][1][0] - views[0][1][0] == pytest.approx(right_mm)
    assert views[0][2] == views[1][2] == pytest.approx(96 * 3.6)
    assert all("window=soft" in source for *_, source in views)


def test_a_place_in_the_first_scan_can_be_chosen(subject_page):
    views = shown(subject_page("ONC-098", at="0,0,-60", fov="usual", window="bone"))
    assert [number for number, *_ in views] == [5, 7]
    assert {width for _, _, width, _ in views} == {120.0}
    assert all("window=bone" in source for *_, source in views)


def test_one_compared_scan_scrolls_alone(subject_page):
    views = shown(subject_page("ONC-098", at="0,0,-60", slices="later:20"))
    assert [number for number, *_ in views] == [5, 20]


def test_a_place_that_the_other_scan_does_not_reach_is_not_drawn_there(subject_page):
    page = subject_page("ONC-098", at="0,0,84")
    assert len(shown(page)) == 1
    assert "lies outside this one" in as_text(page)


def test_scans_that_are_not_registered_are_not_said_to_show_the_same_place(
    subject_page, data, monkeypatch
):
    monkeypatch.setattr(data, "find_way", lambda *_: None)
    page = subject_page("ONC-098")
    assert "not registered" in as_text(page)
    assert [centre for _, centre, *_ in shown(page)] == [[], []]


def test_a_registration_in_doubt_is_named_with_its_reason(synthetic):
    doubt = synthetic.registration("S", trusted=False, reason="correlation 0.31 after bending")
    words = registration_words([(doubt, True)])
    assert "not trusted (correlation 0.31 after bending)" in words


def test_a_subject_with_marks_that_nobody_assessed_is_told_how_to(data, view_of):
    view = replace(view_of("ONC-001"), result=None, tracking=None)
    page = subject.layout(data, view, Place("subject", view.subject.key))
    assert "response track" in as_text(page)
    assert not find(page, "Graph")


def test_one_subject_is_not_called_subjects(data):
    whole = data.read_cohort()
    one = as_text(cohort.layout(replace(whole, entries=whole.entries[:1]), Place("cohort")))
    assert "1 subject ·" in one
    assert '"1 row"' in one


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


def test_beside_a_category_stands_how_sure_it_is_and_below_it_what_would_change_it(
    data, view_of, monkeypatch
):
    view = view_of("ONC-001")
    row = view.result.assessments[1]
    sure = Certainty(row.time_point, row.date, "PR", 0.62, "PR", 0.62, {"SD": 0.38}, True, False)
    next_one = Outlook(row.time_point, row.date, "PR", Decimal("32.2"), "PD", Decimal("41.0"))
    insight = Insight(
        view.result, view.subject.facts, Protocol(), certainty=(sure,), outlook=(next_one,)
    )
    monkeypatch.setattr(data, "read_insight", lambda _view: insight)
    page = subject.layout(
        data, view, Place("subject", view.subject.key, query={"tp": row.time_point})
    )
    flags = find(page, "Span", className="flag borderline")
    assert [flag.children for flag in flags] == [
        "borderline: the same in 62 of 100 measured again"
    ] * 2
    assert flags[0].title.endswith("else SD (38). Borderline.")
    (line,) = find(page, "P", className="muted small outlook")
    assert line.children == "PR at ≤ 32.2 mm · PD at ≥ 41.0 mm"


def test_the_background_of_a_subject_is_derived_once(data, view_of):
    view = view_of("ONC-001")
    assert data.read_insight(view) is data.read_insight(view)
    assert data.read_insight(view_of("ONC-099")) is None


def test_a_lesion_without_images_has_its_diameters_as_given_and_no_slices(data, view_of):
    view = view_of("ONC-001")
    given = Readings(
        view.subject.subject,
        view.reader,
        "",
        "key",
        tuple(
            LesionReading(name, day, "T9", Role.TARGET, diameter_mm=Decimal(mm))
            for name, day, mm in (
                ("A", dt.date(2025, 1, 6), "34.65"),
                ("B", dt.date(2025, 3, 3), "31"),
            )
        ),
        (),
    )
    written = replace(
        view,
        tracking=lay_out_readings(given, "A"),
        result=replace_rows(view, given),
        time_points=(),
    )
    page = as_text(lesion.layout(data, written, Place("lesion", view.subject.key, "T9", {})))
    assert "34.65 mm" in page
    assert "no slices" in page
    assert "mL" not in page


def replace_rows(view, given):
    """The view's result with one row for each time point that was written down."""
    names = {row.time_point: row.date for row in given.readings}
    rows = [
        replace(view.result.assessments[0], time_point=name, date=day)
        for name, day in names.items()
    ]
    return replace(view.result, assessments=tuple(rows))
