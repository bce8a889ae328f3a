"""Annotations of images in the main job: whose length it is, of which lesion, on which day."""

from __future__ import annotations

from decimal import Decimal

import pydicom
import pytest
from annotations import V4, make_v3, readings_of

from response.model import Reader
from response.terms import LesionState, Role


@pytest.fixture
def annotate(tree):
    """Write an annotation of the tree's own patient."""
    count = iter(range(1, 1000))
    tree.folder.mkdir(exist_ok=True)

    def write(**said):
        number = next(count)
        usual = {"uid": f"2.25.{number}", "study": f"1.9.{number}", "image": f"1.8.{number}"}
        path = tree.folder / f"a{number}.xml"
        path.write_text(make_v3(**usual | said))
        return path

    return write


def test_two_readers_lengths_become_their_measurements(clinic, tree, annotate):
    for reader, sizes in {"A": ("30.56", "22.53"), "B": ("28.88", "43.30")}.items():
        for day, size in zip(("2025-01-10", "2025-03-10"), sizes, strict=True):
            annotate(reader=reader, value=size, date=day)
    report = clinic.ingest(tree.folder)
    assert (report.reports, report.refused) == (4, ())
    made = readings_of(clinic)
    assert [(r.time_point, r.diameter_mm, r.role) for r in made["A"]] == [
        ("2025-01-10", Decimal("30.56"), Role.TARGET),
        ("2025-03-10", Decimal("22.53"), Role.TARGET),
    ]
    assert [r.diameter_mm for r in made["B"]] == [Decimal("28.88"), Decimal("43.30")]


def test_a_second_reading_of_reports_changes_nothing(clinic, tree, annotate):
    annotate()
    clinic.ingest(tree.folder)
    before = len(clinic.store.read_audit())
    assert clinic.ingest(tree.folder).reports == 1
    assert len(clinic.store.read_audit()) == before


def test_a_later_follow_up_joins_the_baseline_read_earlier(clinic, tree, annotate):
    first = annotate(value="30")
    clinic.ingest(tree.folder)
    first.unlink()
    annotate(value="20", date="2025-03-10")
    clinic.ingest(tree.folder)
    assert [r.diameter_mm for r in readings_of(clinic)["A"]] == [30, 20]


def test_centimetres_are_converted_exactly(clinic, tree, annotate):
    annotate(value="3.0563", unit="cm")
    clinic.ingest(tree.folder)
    (reading,) = readings_of(clinic)["A"]
    assert reading.diameter_mm == Decimal("30.563")
    ((given,),) = [r.measurements for r in clinic.store.read_given_measurements("P1")]
    assert (str(given.value), given.unit) == ("3.0563", "cm")


def test_a_length_in_pixels_is_refused(clinic, tree, annotate):
    annotate(unit="pixels")
    (refusal,) = clinic.ingest(tree.folder).refused
    assert "a length in 'pixels'" in refusal.reason


def test_a_node_is_measured_across(clinic, tree, annotate):
    (tree.folder / "v4.xml").write_text(V4.replace("Non-Target Lesion", "Target Lesion"))
    clinic.ingest(tree.folder)
    (reading,) = readings_of(clinic)["Reader B"]
    assert (reading.node, reading.diameter_mm) == (True, Decimal("12.5"))


def test_a_node_without_short_axis_at_follow_up_is_not_evaluable(clinic, tree, annotate):
    annotate(organ="lymph node", quantity="Short axis", code="G-A186", value="16")
    annotate(organ="lymph node", date="2025-03-10")
    clinic.ingest(tree.folder)
    _first, second = readings_of(clinic)["A"]
    assert (second.state, second.diameter_mm) == (LesionState.NOT_EVALUABLE, None)
    assert "short axis" in second.reason


def test_the_images_say_whose_lesion_it_is(clinic, tree, annotate):
    header = pydicom.dcmread(tree.add_series()[0])
    annotate(study=header.StudyInstanceUID, image=header.SOPInstanceUID, subject="P1")
    report = clinic.ingest(tree.folder)
    assert not report.refused
    assert readings_of(clinic)["A"][0].time_point == "2025-01-10"


@pytest.mark.parametrize(
    ("said", "why"),
    [({"subject": "P2"}, "another patient"), ({"date": "2025-01-11"}, "its images 2025-01-10")],
)
def test_what_contradicts_its_images_is_refused(clinic, tree, annotate, said, why):
    header = pydicom.dcmread(tree.add_series()[0])
    annotate(study=header.StudyInstanceUID, image=header.SOPInstanceUID, **said)
    report = clinic.ingest(tree.folder)
    assert why in report.refused[0].reason
    assert "Secret" not in str(report)
    assert not clinic.store.read_readings()


def test_without_names_one_lesion_is_followed_and_several_are_refused(clinic, tree, annotate):
    annotate(name="", value="30")
    annotate(name="", value="20", date="2025-03-10")
    clinic.ingest(tree.folder)
    assert [r.diameter_mm for r in readings_of(clinic)["A"]] == [30, 20]
    annotate(name="", value="11", date="2025-03-10")
    (refusal,) = clinic.ingest(tree.folder).refused
    assert "cannot be told which is which" in refusal.reason


def test_a_lesion_first_measured_later_is_refused_by_name(clinic, tree, annotate):
    annotate(name="1")
    annotate(name="1", date="2025-03-10")
    annotate(name="2", date="2025-03-10", value="12.5")
    (refusal,) = clinic.ingest(tree.folder).refused
    assert "lesion 2: TARGET without a row at the baseline" in refusal.reason


def test_one_annotation_in_two_files_counts_once_and_two_words_are_refused(clinic, tree, annotate):
    annotate(uid="2.25.77")
    annotate(uid="2.25.77", study="1.9.1", image="1.8.1")
    assert clinic.ingest(tree.folder).reports == 1
    annotate(uid="2.25.77", study="1.9.1", image="1.8.1", value="99")
    assert any("say different things" in r.reason for r in clinic.ingest(tree.folder).refused)


def test_tables_already_imported_are_not_replaced(clinic, tree, annotate):
    annotate()
    clinic.ingest(tree.folder)
    (given,) = clinic.store.read_readings("P1")
    clinic.store.write_readings("P3", Reader(evaluator_id="A"), given.readings, actor="t")
    annotate(subject="P3")
    report = clinic.ingest(tree.folder)
    assert "has measurements from tables" in report.refused[0].reason
