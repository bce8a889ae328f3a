"""Annotations (AIM): lengths exactly as given, of the right lesion, reader, patient and day."""

from __future__ import annotations

from decimal import Decimal

import pytest
from annotations import V4, make_v3

from response.errors import InputError
from response.ingest.aim import read_aim
from response.terms import Role


def read(tmp_path, text):
    path = tmp_path / "a.xml"
    path.write_text(text)
    return read_aim(path)


def test_version_3_says_who_measured_what_of_whom_and_when(tmp_path):
    (report,) = read(tmp_path, make_v3())
    (group,) = report.groups
    (number,) = group.numbers
    assert number.value == Decimal("30.5629596710205")
    assert (number.quantity, number.unit) == ("longest_diameter", "mm")
    assert (report.uid, report.reader.evaluator_id, report.subjects[0]) == ("2.25.9", "A", "P1")
    assert (group.lesion, group.role, group.organ, group.node) == ("1", Role.TARGET, "lung", False)
    assert (group.images, group.studies) == ({"1.2.5"}, {"1.2.3"})
    assert group.date.startswith("2025-01-10")


def test_version_4_says_the_same_in_elements(tmp_path):
    (report,) = read(tmp_path, V4)
    (group,) = report.groups
    said = {number.quantity: (number.value, number.unit) for number in group.numbers}
    assert said == {
        "longest_diameter": (Decimal("2.345"), "cm"),
        "short_axis": (Decimal("12.5"), "mm"),
    }
    assert (report.uid, report.reader.evaluator_id, report.subjects[0]) == (
        "2.25.2",
        "Reader B",
        "P1",
    )
    assert (group.lesion, group.role, group.node) == ("Lesion 1", Role.NON_TARGET, True)
    assert (group.images, group.studies, group.date) == ({"1.2.5"}, {"1.2.3"}, "20250110")


@pytest.mark.parametrize(
    ("kind", "role"),
    [
        ("Target Lesion Complete Response", Role.TARGET),
        ("Non-Target Lesion", Role.NON_TARGET),
        ("New Lesion", Role.NEW),
        ("Seed Point", Role.TARGET),
    ],
)
def test_a_length_is_a_targets_unless_the_annotation_says_otherwise(tmp_path, kind, role):
    (report,) = read(tmp_path, make_v3(kind=kind))
    assert report.groups[0].role is role


def test_other_xml_is_none_of_it(tmp_path):
    assert read(tmp_path, "<html><body/></html>") is None
    assert read(tmp_path, "no xml at all") is None


def test_an_annotation_cut_short_is_refused(tmp_path):
    with pytest.raises(InputError, match="not well-formed"):
        read(tmp_path, make_v3()[:-40])


def test_a_measurement_that_is_no_number_is_refused(tmp_path):
    with pytest.raises(InputError, match="not a number"):
        read(tmp_path, make_v3(value="about 30"))


@pytest.mark.parametrize(
    "declared",
    [
        '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;&a;">]>',
        '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>',
        '<!DOCTYPE x SYSTEM "http://127.0.0.1/x.dtd">',
    ],
)
def test_documents_that_declare_entities_are_refused(tmp_path, declared):
    text = make_v3().replace('<?xml version="1.0"?>', f'<?xml version="1.0"?>{declared}')
    with pytest.raises(InputError, match="document type"):
        read(tmp_path, text)


def test_documents_deeper_than_any_annotation_are_refused(tmp_path):
    with pytest.raises(InputError, match="deeper"):
        read(tmp_path, "<ImageAnnotation>" + "<a>" * 100_000)


def test_documents_larger_than_any_annotation_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("response.ingest.xml_tree.MAX_BYTES", 100)
    with pytest.raises(InputError, match="XML file of over"):
        read(tmp_path, make_v3())


@pytest.mark.timeout(60)
@pytest.mark.parametrize(
    "hostile",
    [
        f'<a b="{"y" * 10_000_000}"/>',
        "<ImageAnnotation><uniqueIdentifier root='1'/></ImageAnnotation>" * 30_000,
        "<ImageAnnotation><uniqueIdentifier root='1'/>"
        + "".join(f"<{name}>" * 30 for name in ("Calculation", "CalculationResult"))
        + "<CalculationData>" * 30
        + "<a/>" * 50_000
        + "".join(f"</{name}>" * 30 for name in ("CalculationData", "CalculationResult"))
        + "</Calculation>" * 30
        + "</ImageAnnotation>",
    ],
    ids=["one long attribute", "many annotations", "results within results"],
)
def test_what_is_repeated_without_end_is_read_once(tmp_path, hostile):
    end = "</imageAnnotations>"
    (report,) = read(tmp_path, V4.replace(end, hostile + end))
    assert len(report.groups[0].numbers) == 2
