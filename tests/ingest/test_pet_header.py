"""PET headers: private attributes, times and damaged values."""

from __future__ import annotations

import warnings
from datetime import UTC, datetime

import pytest
from pydicom.dataset import Dataset

from response.ingest.pet_header import parse_date_time, read_pet_header


def drug(**values: object) -> Dataset:
    item = Dataset()
    for name, value in values.items():
        setattr(item, name, value)
    return item


def header(**values: object) -> Dataset:
    made = Dataset()
    for name, value in values.items():
        setattr(made, name, value)
    return made


@pytest.mark.parametrize("block", [0x10, 0x13])
def test_philips_factors_are_found_by_their_creator_wherever_it_put_them(block: int):
    image = header()
    image.add_new((0x7053, block), "LO", "Philips PET Private Group")
    image.add_new((0x7053, block << 8), "DS", "0.000551")
    image.add_new((0x7053, block << 8 | 9), "UN", b"1.602563 ")
    made = read_pet_header(image)
    assert (made.philips_suv_factor, made.philips_activity_factor) == (0.000551, 1.602563)


def test_a_private_attribute_of_another_creator_is_not_a_factor():
    image = header()
    image.add_new((0x7053, 0x10), "LO", "SOMEBODY ELSE")
    image.add_new((0x7053, 0x1000), "DS", "0.000551")
    assert read_pet_header(image).philips_suv_factor is None


@pytest.mark.parametrize(
    ("group", "creator", "element", "name"),
    [(0x0009, "GEMS_PETD_01", 0x100D, "GE"), (0x0071, "SIEMENS MED PT", 0x1022, "Siemens")],
)
def test_a_vendors_time_of_decay_correction_is_read(
    group: int, creator: str, element: int, name: str
):
    image = header()
    image.add_new((group, 0x10), "LO", creator)
    image.add_new((group, element), "UN", b"20260304105500.00 ")
    made = read_pet_header(image)
    assert made.decay_reference == datetime(2026, 3, 4, 10, 55)
    assert name in made.decay_reference_tag


def test_an_offset_is_turned_to_the_clock_of_the_dataset():
    zone = UTC
    assert parse_date_time("20260302003000+0100", zone) == datetime(2026, 3, 1, 23, 30)
    assert parse_date_time("20260302003000+0100", None) == datetime(2026, 3, 2, 0, 30)


@pytest.mark.parametrize(
    ("code", "meaning"),
    [("C-111A1", ""), ("77004003", ""), ("", "18F"), ("", "^18^Fluorine"), ("X", "F-18")],
)
def test_a_nuclide_is_known_by_its_code_or_meaning(code: str, meaning: str):
    item = drug(RadionuclideCodeSequence=[header(CodeValue=code, CodeMeaning=meaning)])
    made = read_pet_header(header(RadiopharmaceuticalInformationSequence=[item]))
    assert made.nuclide == "F-18"


def test_what_is_not_readable_is_as_if_it_were_missing():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        item = drug()
        item.add_new("RadionuclideTotalDose", "LO", "many")
        item.add_new("RadiopharmaceuticalStartTime", "LO", "noon")
        image = header(RadiopharmaceuticalInformationSequence=[item])
        image.add_new("PatientWeight", "LO", "nan")
        image.add_new("SeriesDate", "LO", "20261399")
        image.add_new("SeriesTime", "LO", "101500")
        made = read_pet_header(image)
    assert (made.dose_bq, made.weight_kg, made.injection_clock) == (None, None, None)
    assert made.series_time is None


def test_an_enhanced_image_says_its_corrections_in_its_own_words():
    image = header(AttenuationCorrected="YES", DecayCorrected="YES")
    image.DecayCorrectionDateTime = "20260304105500"
    made = read_pet_header(image)
    assert made.decay_correction == "START"
    assert set(made.corrected_image) == {"ATTN", "DECY"}
    assert made.decay_reference == datetime(2026, 3, 4, 10, 55)


@pytest.mark.parametrize(
    ("rescale", "mapping", "units"),
    [
        ({"RescaleType": "BQML", "RescaleSlope": "2"}, {}, "BQML"),
        ({"RescaleType": "US", "RescaleSlope": "2"}, {"RealWorldValueSlope": 2.0}, "BQML"),
        ({"RescaleType": "US", "RescaleSlope": "1"}, {"RealWorldValueSlope": 2.0}, ""),
    ],
)
def test_an_enhanced_images_units_are_those_of_its_rescaled_values(
    rescale: dict[str, object], mapping: dict[str, object], units: str
):
    unit = header(CodeValue="Bq/ml")
    group = header(PixelValueTransformationSequence=[header(**rescale)])
    if mapping:
        group.RealWorldValueMappingSequence = [
            header(**mapping, MeasurementUnitsCodeSequence=[unit])
        ]
    assert read_pet_header(header(SharedFunctionalGroupsSequence=[group])).units == units


@pytest.mark.parametrize(("day", "offset"), [("00010101", "0"), ("20260304", "1e300")])
def test_a_time_beyond_all_calendars_is_none(day: str, offset: str):
    image = header(SeriesTime="110000")
    image.add_new("SeriesDate", "LO", day)
    image.add_new("FrameReferenceTime", "LO", offset)
    made = read_pet_header(image)
    assert made.series_time is None or made.frame_reference_ms is None
