"""Annotations without identity: who read and whom becomes a pseudonym, lengths stay."""

from __future__ import annotations

from response.deidentify.annotations import copy_annotation
from response.deidentify.pseudonyms import Pseudonyms
from response.ingest.aim import read_aim

NAMES = Pseudonyms(b"a key of sixteen bytes or more")
STUDY, IMAGE = "1.2.3.4.5", "1.2.3.4.5.6"

TEXT = f"""<?xml version="1.0"?>
<!-- Quorra -->
<ImageAnnotation xmlns="urn:x" name="Quorra 1" uniqueIdentifier="1.2.3.9" comment="Quorra"
 codeMeaning="Target Lesion of Quorra" codeValue="112041" codingSchemeDesignator="DCM">
 <Calculation description="Length" codeMeaning="Length" codeValue="G-A22A"
  codingSchemeDesignator="SRT"><CalculationResult unitOfMeasure="mm">
  <CalculationData value="71.48"/></CalculationResult></Calculation>
 <User name="Smith" loginName="smith"/>
 <AnatomicEntity codeMeaning="LUNG" codeValue="REX0001" codingSchemeDesignator="RADLEX"/>
 <Person id="MRN0815" name="Quorra" birthDate="1954-05-13"/>
 <ImageStudy instanceUID="{STUDY}" startDate="2024-03-01T00:00:00">
  <Image sopInstanceUID="{IMAGE}"/></ImageStudy>
</ImageAnnotation>"""


def test_lengths_and_places_stay_and_people_go(tmp_path):
    path, target = tmp_path / "Quorra.xml", tmp_path / "copy.xml"
    path.write_text(TEXT)
    assert copy_annotation(path, target, NAMES, {STUDY: "MRN0815"})
    for word in ("quorra", "smith", "mrn0815", "1954", "2024-03", STUDY):
        assert word not in target.read_text().lower()
    (report,) = read_aim(target)
    (group,) = report.groups
    assert [float(one.value) for one in group.numbers] == [71.48]
    assert group.images == {NAMES.uid(IMAGE)}
    assert (group.organ, group.role) == ("lung", "TARGET")
    assert report.reader.evaluator_id == NAMES.reader("Smith")
    assert report.subjects[0] == NAMES.subject("MRN0815")


def test_other_files_are_not_annotations(tmp_path):
    path = tmp_path / "other.xml"
    path.write_text("<html>Quorra</html>")
    assert not copy_annotation(path, tmp_path / "copy.xml", NAMES, {})
