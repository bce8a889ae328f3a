"""What a drawing says of its own regions: references, anatomy, its names for lesions."""

from __future__ import annotations

import highdicom as hd
import numpy as np
import pydicom
import pytest
from pydicom.sr.codedict import codes
from pydicom.uid import generate_uid

from response.geometry import Grid
from response.ingest.drawings import read_drawing, read_drawings
from response.ingest.images import read_image
from response.terms import Role


def make_marks(labels=1):
    marks = np.zeros((6, 12, 10, labels), np.uint8)
    for at in range(labels):
        marks[1:3, 2 + 3 * at : 4 + 3 * at, 1:4, at] = 1
    return marks


@pytest.fixture
def draw(tree):
    """Add a series and a segmentation of it whose segments are described as told."""

    def make(*described, modality="CT", name="seg.dcm", series=None):
        drawn_on = series or tree.add_series()
        path = tree.add_segmentation(drawn_on, make_marks(len(described)), name=name)
        dataset = pydicom.dcmread(path)
        for segment, said in zip(dataset.SegmentSequence, described, strict=True):
            segment.SegmentLabel = said.get("label", "1")
            category = said.get("category", codes.SCT.MorphologicallyAbnormalStructure)
            kind = said.get("kind", codes.SCT.Neoplasm)
            segment.SegmentedPropertyCategoryCodeSequence = [hd.sr.CodedConcept.from_code(category)]
            segment.SegmentedPropertyTypeCodeSequence = [hd.sr.CodedConcept.from_code(kind)]
            segment.TrackingID, segment.TrackingUID = "L", said.get("uid", generate_uid())
        dataset.save_as(path)
        return drawn_on

    return make


def facts_of(clinic):
    (time_point,) = clinic.store.read_time_points("P1")
    return {fact.label: fact for fact in time_point.lesion_facts}


def test_a_segment_called_reference_is_one(clinic, tree, draw):
    draw({}, {"label": "Reference liver"}, {"label": "aorta reference"})
    report = clinic.ingest(tree.folder)
    facts = facts_of(clinic)
    assert facts[1].role is None
    assert (facts[2].role, facts[2].organ) == (Role.REFERENCE, "liver")
    assert (facts[3].role, facts[3].organ) == (Role.REFERENCE, "blood_pool")
    assert any("reference region of the liver" in warning for warning in report.warnings)


def test_a_reference_of_another_organ_is_left_aside_unless_a_table_speaks_of_it(clinic, tree, draw):
    draw({}, {"label": "cerebellum reference"})
    report = clinic.ingest(tree.folder)
    (time_point,) = clinic.store.read_time_points("P1")
    assert time_point.mark_sets[0].labels == (1,)
    assert any("is left aside" in warning for warning in report.warnings)
    table = tree.folder.parent / "said.csv"
    table.write_text("subject,time_point,label,role\nP1,2025-01-10,2,TARGET\n")
    clinic.ingest(tree.folder, lesions_csv=table)
    assert clinic.store.read_time_points("P1")[0].mark_sets[0].labels == (1, 2)
    assert clinic.ingest(tree.folder).unchanged == (("P1", "2025-01-10"),)


def test_normal_anatomy_on_ct_is_read_with_a_warning(clinic, tree, draw):
    draw({"label": "Liver", "category": codes.SCT.AnatomicalStructure, "kind": codes.SCT.Liver})
    report = clinic.ingest(tree.folder)
    assert clinic.store.read_time_points("P1")[0].mark_sets[0].labels == (1,)
    assert any("coded as an anatomical structure" in warning for warning in report.warnings)


def test_the_drawings_own_names_for_lesions_are_kept_where_they_tell_apart(clinic, tree, draw):
    draw({"uid": "1.2.3"}, {"uid": "1.2.4"}, {"uid": "1.2.4"})
    clinic.ingest(tree.folder)
    facts = facts_of(clinic)
    assert facts[1].given_tracking_uid == "1.2.3"
    assert set(facts) == {1}


def test_a_persons_table_has_the_last_word_and_outlives_its_file(clinic, tree, draw):
    draw({"label": "reference liver", "uid": "1.2.3"})
    table = tree.folder.parent / "said.csv"
    table.write_text("subject,time_point,label,role,organ\nP1,2025-01-10,1,TARGET,liver\n")
    clinic.ingest(tree.folder, lesions_csv=table)
    clinic.ingest(tree.folder)
    fact = facts_of(clinic)[1]
    assert (fact.role, fact.organ, fact.given_tracking_uid) == (Role.TARGET, "liver", "1.2.3")


def test_a_second_reading_of_references_changes_nothing(clinic, tree, draw):
    draw({}, {"label": "Reference liver"})
    clinic.ingest(tree.folder)
    assert clinic.ingest(tree.folder).unchanged == (("P1", "2025-01-10"),)


@pytest.mark.parametrize(
    ("said", "reference"),
    [
        ({"label": "Liver", "kind": codes.SCT.Liver}, "liver"),
        ({"label": "aorta", "kind": codes.SCT.Aorta}, "blood_pool"),
        ({"label": "liver metastasis", "kind": codes.SCT.Liver}, ""),
        ({"label": "spleen", "kind": codes.SCT.Spleen}, ""),
    ],
)
def test_normal_liver_and_aorta_on_pet_are_references(tree, draw, said, reference):
    series = draw(said | {"category": codes.SCT.AnatomicalStructure})
    path = series[0].parent.parent / "seg.dcm"
    image, _ = read_image(series[0].parent)
    labels = read_drawings([read_drawing(path)], Grid.of(image), modality="PT")
    assert [fact.reference for fact in labels.facts] == [reference]
