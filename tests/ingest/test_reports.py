"""Structured reports in the main job: whose lesion, kept as given, compared, assessed by reader."""

from __future__ import annotations

import copy
from decimal import Decimal

import highdicom as hd
import numpy as np
import pydicom
import pytest
from annotations import make_v3, readings_of
from pydicom.sr.codedict import codes
from pydicom.sr.coding import Code

from response.export.csv import export_csv
from response.ingest.structured_report import read_report
from response.pipeline import assess_all, track_all
from response.terms import Role


def write_report(tree, series, path, *, segmentation=None, person="Reader^C", deep=0):
    """Write a TID 1500 report with one group: 12.5 mm, or 0.04 ml of a segment."""
    images = [pydicom.dcmread(one) for one in series]
    if segmentation is not None:
        seg = hd.seg.segread(segmentation)
        region = hd.sr.ReferencedSegment(
            seg.SOPClassUID,
            seg.SOPInstanceUID,
            segment_number=1,
            source_series=hd.sr.SourceSeriesForSegmentation(images[0].SeriesInstanceUID),
        )
        group = hd.sr.VolumetricROIMeasurementsAndQualitativeEvaluations(
            tracking_identifier=hd.sr.TrackingIdentifier(uid="1.2.3.4", identifier="L1"),
            referenced_segment=region,
            measurements=[
                hd.sr.Measurement(name=codes.SCT.Volume, value=0.04, unit=Code("ml", "UCUM", "ml"))
            ],
        )
    else:
        group = hd.sr.MeasurementsAndQualitativeEvaluations(
            tracking_identifier=hd.sr.TrackingIdentifier(uid="1.2.3.5", identifier="L1"),
            measurements=[
                hd.sr.Measurement(name=codes.SCT.Length, value=12.5, unit=codes.UCUM.Millimeter)
            ],
        )
    observer = hd.sr.ObserverContext(
        observer_type=codes.DCM.Person,
        observer_identifying_attributes=hd.sr.PersonObserverIdentifyingAttributes(name=person),
    )
    content = hd.sr.MeasurementReport(
        observation_context=hd.sr.ObservationContext(observer_person_context=observer),
        procedure_reported=codes.LN.CTUnspecifiedBodyRegion,
        imaging_measurements=[group],
    )
    report = hd.sr.Comprehensive3DSR(
        evidence=[*images, *([seg] if segmentation is not None else [])],
        content=content,
        series_instance_uid=pydicom.uid.generate_uid(),
        series_number=50,
        sop_instance_uid=pydicom.uid.generate_uid(),
        instance_number=1,
        manufacturer="Phantom",
    )
    report.save_as(path)
    return path


def test_a_length_in_a_report_is_its_observers_reading(clinic, tree):
    series = tree.add_series()
    write_report(tree, series, tree.folder / "report.dcm")
    report = clinic.ingest(tree.folder)
    assert (report.reports, report.refused) == (1, ())
    (reading,) = readings_of(clinic)["Reader^C"]
    assert (reading.lesion, reading.diameter_mm, reading.time_point) == (
        "L1",
        Decimal("12.5"),
        "2025-01-10",
    )


def save_again(path, change):
    """Write a report whose measurement group was changed, under a UID of its own."""
    dataset = pydicom.dcmread(path)
    (place,) = (
        one
        for one in dataset.ContentSequence
        if one.ConceptNameCodeSequence[0].CodeMeaning == "Imaging Measurements"
    )
    change(place.ContentSequence[0])
    dataset.SOPInstanceUID = pydicom.uid.generate_uid()
    dataset.save_as(path)
    return path


def add_lesion(group, value, uid="1.2.3.6"):
    """Add a second lesion to a group after the first, as some viewers do."""
    more = copy.deepcopy(list(group.ContentSequence))
    for one in more:
        if one.ValueType == "UIDREF":
            one.UID = uid
        if one.ValueType == "NUM":
            one.MeasuredValueSequence = one.MeasuredValueSequence if value else []
            for measured in one.MeasuredValueSequence:
                measured.NumericValue = value
    group.ContentSequence = [*group.ContentSequence, *more]


def test_several_lesions_in_one_group_are_told_apart(clinic, tree):
    path = write_report(tree, tree.add_series(), tree.folder / "sr.dcm")
    save_again(path, lambda group: add_lesion(group, "30"))
    groups = read_report(path).groups
    assert [(g.tracking_uid, [n.value for n in g.numbers]) for g in groups] == [
        ("1.2.3.5", [Decimal("12.5")]),
        ("1.2.3.6", [Decimal(30)]),
    ]


def test_a_measurement_without_a_value_is_none(clinic, tree):
    path = write_report(tree, tree.add_series(), tree.folder / "sr.dcm")

    def empty(group):
        add_lesion(group, "1")
        group.ContentSequence[-1].MeasuredValueSequence[0].NumericValue = None

    save_again(path, empty)
    assert [len(g.numbers) for g in read_report(path).groups] == [1, 0]


def test_a_number_that_describes_the_observation_is_no_measurement(clinic, tree):
    path = write_report(tree, tree.add_series(), tree.folder / "sr.dcm")

    def date_it(group):
        order = copy.deepcopy(next(x for x in group.ContentSequence if x.ValueType == "NUM"))
        order.RelationshipType = "HAS OBS CONTEXT"
        group.ContentSequence = [order, *group.ContentSequence]

    save_again(path, date_it)
    (group,) = read_report(path).groups
    assert len(group.numbers) == 1


def test_a_report_saved_again_under_new_names_does_not_count_twice(clinic, tree):
    series = tree.add_series()
    for name, uid in (("a", "1.2.3.7"), ("b", "1.2.3.8")):
        path = write_report(tree, series, tree.folder / f"{name}.dcm")

        def rename(group, uid=uid):
            add_lesion(group, "117.025108849856", uid)

        save_again(path, rename)
    report = clinic.ingest(tree.folder)
    assert not report.refused
    assert any("it is read once" in warning for warning in report.warnings)
    (given,) = clinic.store.read_readings("P1")
    assert [str(one.diameter_mm) for one in given.readings].count("117.025108849856") == 1


@pytest.mark.parametrize("names", [("a.xml", "b.dcm"), ("b.xml", "a.dcm")])
def test_an_annotation_goes_before_its_rounded_copy_whatever_the_files_are_called(
    clinic, tree, names
):
    (tree.folder / "x").mkdir(parents=True, exist_ok=True)
    path = write_report(tree, tree.add_series(), tree.folder / "x" / names[1])
    copied = pydicom.dcmread(path)
    for one in copied.ContentSequence:
        if one.ConceptNameCodeSequence[0].CodeMeaning == "Imaging Measurements":
            group = one.ContentSequence[0]
            group.ConceptNameCodeSequence[0].CodeMeaning = "AIM Annotation"
            for item in group.ContentSequence:
                if item.ValueType == "UIDREF":
                    item.UID = "2.25.99"
                if item.ValueType == "NUM":
                    item.MeasuredValueSequence[0].NumericValue = "30.563412"
    copied.save_as(path)
    (tree.folder / "x" / names[0]).write_text(
        make_v3(uid="2.25.99", reader="Reader^C", value="30.5634123456", date="2025-01-10")
    )
    assert not clinic.ingest(tree.folder).refused
    assert [r.diameter_mm for r in readings_of(clinic)["Reader^C"]] == [Decimal("30.5634123456")]


def test_a_report_on_a_segment_is_compared_with_what_is_measured_here(clinic, tree, tmp_path):
    series = tree.add_series()
    marks = np.zeros((6, 12, 10), np.uint8)
    marks[1:3, 2:5, 1:4] = 1
    segmentation = tree.add_segmentation(series, marks)
    write_report(tree, series, tree.folder / "report.dcm", segmentation=segmentation)
    clinic.ingest(tree.folder)
    assert not clinic.store.read_readings()
    subjects = clinic.store.read_subjects()
    track_all(clinic.workspace, clinic.store, subjects, actor="t", workers=1)
    assess_all(clinic.workspace, clinic.store, subjects, actor="t")
    export_csv(clinic.store, tmp_path / "out")
    lines = (tmp_path / "out" / "given_measurements.csv").read_text().splitlines()
    row = dict(zip(lines[0].split(","), lines[1].split(","), strict=True))
    assert (row["quantity"], row["value"], row["unit"]) == ("volume", "0.04", "ml")
    volume_ml = 18 * 0.7 * 0.8 * 2.5 / 1000
    assert float(row["ours"]) == pytest.approx(volume_ml, abs=1e-4)
    assert float(row["difference"]) == pytest.approx(volume_ml - 0.04, abs=1e-4)
    assert (row["tracking_id"], row["label"]) == ("L1", "1")


def test_a_report_on_drawn_lesions_and_others_gives_no_reading_of_the_others_alone(clinic, tree):
    """A sum of the lesions that happen not to be drawn is nobody's."""
    series = tree.add_series()
    segmentation = tree.add_segmentation(
        series, np.pad(np.ones((1, 4, 4), np.uint8), [(2, 3), (4, 4), (3, 3)])
    )
    bare = pydicom.dcmread(write_report(tree, series, tree.folder / "bare.dcm"))
    (tree.folder / "bare.dcm").unlink()
    path = write_report(tree, series, tree.folder / "sr.dcm", segmentation=segmentation)
    mixed = pydicom.dcmread(path)
    groups, more = (
        next(
            one
            for one in report.ContentSequence
            if one.ConceptNameCodeSequence[0].CodeMeaning == "Imaging Measurements"
        ).ContentSequence
        for report in (mixed, bare)
    )
    groups.extend(more)
    mixed.save_as(path)
    report = clinic.ingest(tree.folder)
    assert not clinic.store.read_readings("P1")
    assert any("1 lesions are measured without a drawing" in one for one in report.warnings)
    (given,) = clinic.store.read_given_measurements("P1")
    assert [(one.quantity, str(one.value)) for one in given.measurements] == [
        ("volume", "0.04"),
        ("longest_diameter", "12.5"),
    ]


def test_a_report_whose_content_is_deeper_than_any_is_refused(clinic, tree):
    series = tree.add_series()
    path = write_report(tree, series, tree.folder / "report.dcm")
    dataset = pydicom.dcmread(path)
    inner = dataset.ContentSequence[-1]
    for _ in range(80):
        nested = pydicom.Dataset()
        nested.ValueType = "CONTAINER"
        nested.ContentSequence = [inner]
        inner = nested
    dataset.ContentSequence.append(inner)
    dataset.save_as(path)
    report = clinic.ingest(tree.folder)
    assert any("deeper, than any report" in refusal.reason for refusal in report.refused)


def test_a_report_cut_short_refuses_itself_and_nothing_else(clinic, tree):
    series = tree.add_series()
    path = write_report(tree, series, tree.folder / "report.dcm")
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 2 // 3])
    report = clinic.ingest(tree.folder)
    assert not clinic.store.read_readings()
    assert report.taken or report.refused


# ---------------------------------------------------------------------------------------- real data


def test_known_values_of_a_real_report_are_read(shared_data):
    path = shared_data / "seg_sr_dcmqi" / "sr-example" / "sr.dcm"
    if not path.is_file():
        pytest.skip("the report is not among the real data")
    report = read_report(path)
    (group,) = report.groups
    said = {number.quantity: str(number.value) for number in group.numbers}
    known = {
        "volume": "33.5824",
        "suv_mean": "6.01529",
        "suv_max": "10.3814",
        "suv_min": "2.91136",
        "suv_peak": "9.45534",
        "tlg": "202.008",
    }
    assert known.items() <= said.items()
    assert (report.reader.evaluator_id, group.lesion, group.segment) == (
        "User2",
        "primary tumor",
        1,
    )
    assert group.role is None


def test_groups_on_normal_anatomy_are_no_lesions(shared_data):
    path = shared_data / "seg_sr_highdicom" / "sr_document_with_multiple_groups.dcm"
    if not path.is_file():
        pytest.skip("the report is not among the real data")
    roles = {group.lesion: group.role for group in read_report(path).groups}
    assert roles["LungNodule0001"] is Role.TARGET
    assert roles["Aorta0001"] is None


@pytest.mark.slow
def test_two_readers_of_five_patients_disagree_as_published(clinic, shared_data):
    folder = shared_data / "serial_chest_ct_slices_aim"
    if not folder.is_dir():
        pytest.skip("the annotations are not among the real data")
    report = clinic.ingest(folder)
    assert report.reports == 40
    assess_all(clinic.workspace, clinic.store, clinic.store.read_subjects(), actor="t")
    said = {
        (one.summary.subject[-4:], one.summary.reader.evaluator_id): one.assessments[-1]
        for one in clinic.store.read_results()
    }
    assert len(said) == 10
    assert said["0028", "A"].sum_of_diameters_mm == Decimal("22.528923034668")
    assert said["0028", "A"].overall_response == "SD"
    assert said["0028", "B"].sum_of_diameters_mm == Decimal("43.3007850646973")
    assert said["0028", "B"].overall_response == "PD"


def test_a_report_whose_groups_hold_no_number_is_counted_as_one_without(clinic, tree):
    path = write_report(tree, tree.add_series(), tree.folder / "report.dcm")
    dataset = pydicom.dcmread(path)

    def empty(item):
        if "MeasuredValueSequence" in item:
            item.MeasuredValueSequence = []
        for child in item.get("ContentSequence") or ():
            empty(child)

    empty(dataset)
    dataset.save_as(path)
    report = clinic.ingest(tree.folder)
    assert "1 reports without measurements are not read" in report.warnings
