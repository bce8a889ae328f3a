"""Measurement reports out: read back equal by highdicom and dcmtk, valid, and honest."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass, replace
from pathlib import Path

import highdicom as hd
import numpy as np
import pydicom
import pytest
from dicom_home import OBLIQUE, DicomHome, make_labels
from dicom_reading import check_valid, read_all, run, spread
from pydicom.sr.codedict import codes

from response.model import Reader, Tracking
from response.terms import Event

JANMA = "g/ml{SUVlbm(Janma)}"


@pytest.fixture
def home(tmp_path):
    made = DicomHome(tmp_path, direction=OBLIQUE, reader=Reader("INVESTIGATOR", "anna"))
    yield made
    made.store.close()


def export(home, *words, status=0):
    out = home.folder / "out"
    run(home, "export", "dicom-sr", "--out", out, *words, status=status)
    return out


def read_groups(out, place=0):
    """The measurement groups of a report, as highdicom reads them, by tracking id."""
    report = hd.sr.srread(sorted(out.glob("sr-*.dcm"))[place])
    groups = report.content.get_volumetric_roi_measurement_groups()
    return {group.tracking_identifier: group for group in groups}


def value(group, name, unit=None):
    found = group.get_measurements(name=name)
    (one,) = [m for m in found if unit is None or m.unit.value == unit]
    return one.value


def two_scans(home):
    home.add_scan("2025-01-10")
    home.add_scan("2025-03-10", [make_labels(shift=2)])
    return home.track()


@dataclass(frozen=True)
class Written:
    """Two scans' reports, and what they were written of; tests only read them."""

    home: DicomHome
    tracking: Tracking
    out: Path


def write_two_scans(folder, *, assessed):
    home = DicomHome(folder, direction=OBLIQUE, reader=Reader("INVESTIGATOR", "anna"))
    tracking = two_scans(home)
    if assessed:
        run(home, "assess")
    out = export(home)
    home.store.close()
    return Written(home, tracking, out)


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    return write_two_scans(tmp_path_factory.mktemp("written"), assessed=False)


@pytest.fixture(scope="module")
def assessed(tmp_path_factory):
    return write_two_scans(tmp_path_factory.mktemp("assessed"), assessed=True)


def test_sizes_are_read_back_as_they_were_measured(written):
    tracking, groups = written.tracking, read_groups(written.out)
    for finding in tracking.findings[:2]:
        group, measured = groups[finding.tracking_id], finding.measurement
        longest_mm = float(measured.longest_diameter_mm)
        assert abs(value(group, codes.SCT.LongAxis) - longest_mm) < 0.01
        assert abs(value(group, codes.SCT.ShortAxis) - float(measured.short_axis_mm)) < 0.01
        assert value(group, codes.SCT.Volume) == pytest.approx(measured.volume_mm3)
        (longest,) = group.get_measurements(name=codes.SCT.LongAxis)
        ends = np.array(longest.referenced_coordinates[0].value)
        assert abs(spread(ends) - longest_mm) < 0.1


def test_a_lesion_has_one_tracking_uid_in_every_report_and_segmentation(written):
    out = written.out
    uids = {x.tracking_id: x.tracking_uid for x in written.tracking.lesions}
    for place, segmentation in enumerate(read_all(out, "seg")):
        assert {k: g.tracking_uid for k, g in read_groups(out, place).items()} == uids
        assert {s.TrackingID: s.TrackingUID for s in segmentation.SegmentSequence} == uids


def test_groups_refer_to_their_segment_and_its_images(written):
    out = written.out
    segmentation = read_all(out, "seg")[0]
    numbers = {s.TrackingID: s.SegmentNumber for s in segmentation.SegmentSequence}
    for name, group in read_groups(out).items():
        named = group.referenced_segment
        assert named.referenced_sop_instance_uid == segmentation.SOPInstanceUID
        assert list(named.referenced_segment_numbers) == [numbers[name]]
        frames = [
            frame.DerivationImageSequence[0].SourceImageSequence[0].ReferencedSOPInstanceUID
            for frame in segmentation.PerFrameFunctionalGroupsSequence
            if frame.SegmentIdentificationSequence[0].ReferencedSegmentNumber == numbers[name]
        ]
        images = named.source_images_for_segmentation
        assert [image.referenced_sop_instance_uid for image in images] == frames


def test_the_checker_finds_no_error(assessed):
    out = assessed.out
    assert len(list(out.glob("sr-*.dcm"))) == len(list(out.glob("seg-*.dcm"))) == 2
    warnings = check_valid(sorted(out.glob("*.dcm")))
    assert all("99RESPONSE" in line for line in warnings), warnings


def test_dcmtk_reads_the_reports(written):
    program = shutil.which("dsrdump")
    if program is None:
        pytest.skip("dsrdump (dcmtk) is not installed")
    for path in sorted(written.out.glob("sr-*.dcm")):
        done = subprocess.run([program, path], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        assert "Error" not in done.stderr
        assert 'Tracking Identifier")="L04"' in done.stdout


def test_uptake_has_the_unit_of_its_formula(home):
    home.add_scan(modality="PT")
    tracking = home.track()
    changed = [
        replace(
            f,
            measurement=replace(
                f.measurement, suv_max=8.5, suv_peak=7.25, sul_peak=5.125, mtv_ml=3.5, tlg=14.0
            ),
        )
        for f in tracking.findings
    ]
    home.store.write_tracking(replace(tracking, findings=tuple(changed)), actor="anna")
    out = export(home)
    group = read_groups(out)["L02"]
    assert value(group, codes.DCM.SuvlbmJanma, JANMA) == 5.125
    suv = {m.derivation.value: m.value for m in group.get_measurements(name=codes.DCM.Suvbw)}
    assert suv == {codes.SCT.Maximum.value: 8.5, codes.DCM.PeakValueWithinROI.value: 7.25}
    assert value(group, codes.DCM.MetabolicVolume, "ml") == 3.5
    assert value(group, codes.DCM.TotalLesionGlycolysis, "g") == 14.0
    assert not group.get_measurements(name=codes.DCM.XRayAttenuation)
    assert all("99RESPONSE" in line for line in check_valid(sorted(out.glob("*.dcm"))))


def test_by_the_other_formula_it_is_another_quantity(home):
    home.workspace.protocol_path.write_text('[pet]\nlean_body_mass = "james"\n')
    home.add_scan(modality="PT")
    tracking = home.track()
    findings = [
        replace(f, measurement=replace(f.measurement, sul_peak=5.0)) for f in tracking.findings
    ]
    home.store.write_tracking(replace(tracking, findings=tuple(findings)), actor="anna")
    group = read_groups(export(home))["L02"]
    assert value(group, codes.DCM.Suvlbm, "g/ml{SUVlbm}") == 5.0


def test_a_lesion_that_is_gone_is_said_to_be_gone(home):
    home.add_scan("2025-01-10")
    home.add_scan("2025-03-10", [np.where(make_labels() == 2, 2, 0).astype(np.uint16)])
    home.track()
    out = export(home)
    report = hd.sr.srread(sorted(out.glob("sr-*.dcm"))[1])
    (group,) = report.content.get_image_measurement_groups()
    said = {e.name.meaning: e.value.meaning for e in group.get_qualitative_evaluations()}
    assert group.tracking_identifier == "L04"
    assert said["Course of lesion"] == "resolved"
    assert report.CompletionFlag == "PARTIAL"
    assert not [m for m in group.get_measurements() if m.name == codes.SCT.LongAxis]


def test_a_time_point_without_any_mark_has_a_report(home):
    home.add_scan("2025-01-10")
    home.add_scan("2025-03-10", [np.zeros_like(make_labels())])
    home.track()
    out = export(home)
    assert (len(list(out.glob("sr-*.dcm"))), len(list(out.glob("seg-*.dcm")))) == (2, 1)
    check_valid(sorted(out.glob("sr-*.dcm")))


def text_of(report):
    """All words of a report's comments."""
    items = list(report.ContentSequence)
    words = []
    while items:
        item = items.pop()
        items += item.get("ContentSequence", [])
        words.append(item.get("TextValue", ""))
    return " ".join(words)


def test_what_no_person_confirmed_is_provisional_and_not_verified(assessed):
    report = read_all(assessed.out, "sr")[1]
    assert (report.VerificationFlag, report.PreliminaryFlag) == ("UNVERIFIED", "PRELIMINARY")
    assert "recist11: SD, provisional" in text_of(report)
    assert "no person has confirmed" in text_of(report)


def test_what_a_person_confirmed_is_verified_by_that_person(home, monkeypatch):
    monkeypatch.setenv("RESPONSE_ACTOR", "dr.berg")
    tracking = two_scans(home)
    home.store.write_decision(confirm(tracking, "2025-01-10"))
    out = export(home)
    first, second = read_all(out, "sr")
    assert (first.VerificationFlag, second.VerificationFlag) == ("VERIFIED", "UNVERIFIED")
    assert first.VerifyingObserverSequence[0].VerifyingObserverName == "dr.berg^"
    check_valid(sorted(out.glob("sr-*.dcm")))


def confirm(tracking, time_point):
    import datetime as dt

    from response.corrections import describe_confirmed
    from response.model import Decision

    return Decision(
        "d1",
        dt.datetime(2025, 4, 1, 12, tzinfo=dt.UTC),
        "dr.berg",
        "confirm",
        "P1",
        tracking.reader,
        time_point=time_point,
        value=describe_confirmed(tracking, time_point),
    )


def test_the_reader_and_the_program_are_named_as_observers(written):
    report = read_all(written.out, "sr")[0]
    names = [item.get("PersonName") for item in report.ContentSequence if "PersonName" in item]
    assert names == ["anna^"]
    assert report.PatientName == ""
    source = pydicom.dcmread(next((written.home.source / "P1-2025-01-10-CT").glob("*.dcm")))
    assert report.StudyInstanceUID == source.StudyInstanceUID


def test_written_twice_it_is_the_same_file(written):
    before = {path.name: path.read_bytes() for path in written.out.iterdir()}
    again = export(written.home)
    assert {path.name: path.read_bytes() for path in again.iterdir()} == before


def test_of_lesions_that_became_one_the_mark_is_of_the_one_that_lasts(home):
    home.add_scan()
    tracking = home.track()
    first, second = tracking.lesions
    merged = replace(first, merged_into=second.tracking_uid)
    findings = [
        replace(f, label=4, event=Event.MERGED, measurement=tracking.findings[1].measurement)
        for f in tracking.findings
    ]
    changed = replace(tracking, lesions=(merged, second), findings=tuple(findings))
    home.store.write_tracking(changed, actor="anna")
    out = export(home)
    (segmentation,) = read_all(out, "seg")
    assert [s.TrackingUID for s in segmentation.SegmentSequence] == [second.tracking_uid]
    assert list(read_groups(out)) == [second.tracking_id]
    assert "it became one with another lesion" in text_of(read_all(out, "sr")[0])


def test_responses_are_coded_by_the_criterion_that_defines_them(home):
    two_scans(home)
    run(home, "assess")
    run(home, "assess", "--criterion", "choi")
    report = read_all(export(home), "sr")[1]
    container = report.ContentSequence[-1]
    coded = [
        (item.ConceptNameCodeSequence[0].CodeValue, item.ConceptCodeSequence[0].CodeValue)
        for item in container.ContentSequence
        if item.ValueType == "CODE"
    ]
    method, current = codes.DCM.ResponseEvaluationMethod.value, codes.DCM.CurrentResponse.value
    assert (method, codes.DCM.RECIST1Point1.value) in coded
    assert (current, "C18213") in coded
    assert coded.count((codes.DCM.ResponseEvaluation.value, "112044")) == 1
