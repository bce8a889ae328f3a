"""Annotations (AIM) as two versions of the format write them."""

from __future__ import annotations

V3 = """<?xml version="1.0"?>
<ImageAnnotation xmlns="gme://caCORE.caCORE/3.2/edu.northwestern.radiology.AIM"
    xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"
    name="{name}" uniqueIdentifier="{uid}" codeMeaning="{kind}" codeValue="1"
    codingSchemeDesignator="X">
  <calculationCollection>
    <Calculation description="Linear" codeMeaning="{quantity}" codeValue="{code}"
        codingSchemeDesignator="SRT">
      <calculationResultCollection><CalculationResult type="Scalar" unitOfMeasure="{unit}">
        <calculationDataCollection><CalculationData value="{value}"/></calculationDataCollection>
      </CalculationResult></calculationResultCollection>
    </Calculation>
  </calculationCollection>
  <user><User name="{reader}" loginName="hospital"/></user>
  <anatomicEntityCollection><AnatomicEntity codeMeaning="{organ}"/></anatomicEntityCollection>
  <imageReferenceCollection><ImageReference xsi:type="DICOMImageReference"><imageStudy>
    <ImageStudy instanceUID="{study}" startDate="{date}T00:00:00"><imageSeries>
      <ImageSeries instanceUID="1.2.4"><imageCollection>
        <Image sopClassUID="1.2" sopInstanceUID="{image}"/>
      </imageCollection></ImageSeries></imageSeries></ImageStudy>
  </imageStudy></ImageReference></imageReferenceCollection>
  <person><Person name="Secret^Name" id="{subject}"/></person>
</ImageAnnotation>
"""

V4 = """<?xml version="1.0"?>
<ImageAnnotationCollection xmlns="gme://caCORE.caCORE/4.4/edu.northwestern.radiology.AIM"
    xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" aimVersion="AIMv4_0">
  <uniqueIdentifier root="2.25.1"/>
  <user><name value="Reader B"/><loginName value="b"/></user>
  <person><name value="Secret^Name"/><id value="P1"/></person>
  <imageAnnotations>
    <ImageAnnotation>
      <uniqueIdentifier root="2.25.2"/>
      <typeCode code="RECIST" codeSystemName="X"><displayName value="RECIST"/></typeCode>
      <name value="Lesion 1"/>
      <calculationEntityCollection>
        <CalculationEntity>
          <typeCode code="G-A185" codeSystemName="SRT"><displayName value="LongAxis"/></typeCode>
          <description value="LongAxis"/>
          <calculationResultCollection>
            <CalculationResult type="Scalar" xsi:type="ExtendedCalculationResult">
              <unitOfMeasure value="cm"/>
              <calculationDataCollection>
                <CalculationData><value value="2.345"/></CalculationData>
              </calculationDataCollection>
            </CalculationResult>
          </calculationResultCollection>
        </CalculationEntity>
        <CalculationEntity>
          <typeCode code="G-A186" codeSystemName="SRT"><displayName value="ShortAxis"/></typeCode>
          <calculationResultCollection>
            <CalculationResult type="Scalar" xsi:type="CompactCalculationResult">
              <unitOfMeasure value="mm"/><value value="12.5"/>
            </CalculationResult>
          </calculationResultCollection>
        </CalculationEntity>
      </calculationEntityCollection>
      <imagingPhysicalEntityCollection><ImagingPhysicalEntity>
        <typeCode code="RID1" codeSystemName="RadLex"><displayName value="Lymph Node"/></typeCode>
      </ImagingPhysicalEntity></imagingPhysicalEntityCollection>
      <imagingObservationEntityCollection><ImagingObservationEntity>
        <imagingObservationCharacteristicCollection><ImagingObservationCharacteristic>
          <typeCode code="S71" codeSystemName="99R"><displayName value="Non-Target Lesion"/>
          </typeCode>
        </ImagingObservationCharacteristic></imagingObservationCharacteristicCollection>
      </ImagingObservationEntity></imagingObservationEntityCollection>
      <imageReferenceEntityCollection>
        <ImageReferenceEntity xsi:type="DicomImageReferenceEntity">
          <imageStudy><instanceUid root="1.2.3"/><startDate value="20250110"/>
            <imageSeries><instanceUid root="1.2.4"/><imageCollection>
              <Image><sopClassUid root="1.2"/><sopInstanceUid root="1.2.5"/></Image>
            </imageCollection></imageSeries>
          </imageStudy>
        </ImageReferenceEntity>
      </imageReferenceEntityCollection>
    </ImageAnnotation>
  </imageAnnotations>
</ImageAnnotationCollection>
"""


def make_v3(**said):
    usual = {
        "name": "1", "uid": "2.25.9", "kind": "Target", "quantity": "Length", "code": "G-A22A",
        "unit": "mm", "value": "30.5629596710205", "reader": "A", "organ": "LUNG",
        "study": "1.2.3", "date": "2025-01-10", "image": "1.2.5", "subject": "P1",
    }  # fmt: skip
    return V3.format(**usual | said)


def readings_of(clinic, subject="P1"):
    """What was read of a subject, by reader."""
    return {one.reader.evaluator_id: one.readings for one in clinic.store.read_readings(subject)}
