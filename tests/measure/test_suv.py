"""SUV factors: from what headers say, or refused with the reason."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, time, timedelta
from math import exp, log

import pytest
from hypothesis import given
from hypothesis import strategies as st

from response.errors import UptakeError
from response.measure.suv import (
    PetHeader,
    compute_lean_body_mass_kg,
    compute_suv_factors,
    describe_pet,
)

SCAN = datetime(2026, 3, 4, 11, 0)

HEADER = PetHeader(
    units="BQML",
    decay_correction="START",
    corrected_image=("NORM", "ATTN", "SCAT", "DECY"),
    manufacturer="SIEMENS",
    series_time=SCAN,
    acquisition_time=SCAN,
    injection_time=SCAN - timedelta(hours=1),
    frame_duration_ms=120_000,
    dose_bq=350e6,
    half_life_s=6586.2,
    nuclide="F-18",
    radiopharmaceuticals=1,
    weight_kg=70,
    height_m=1.75,
    sex="M",
)

AFTER_AN_HOUR = 70_000 / (350e6 * 2 ** (-3600 / 6586.2))


def suv_bw(**changes: object) -> float:
    return compute_suv_factors([replace(HEADER, **changes)]).suv_bw_factor


def refusal(*headers: PetHeader) -> str:
    with pytest.raises(UptakeError) as caught:
        compute_suv_factors(headers)
    return str(caught.value)


def test_the_dose_decays_from_the_injection_to_the_start_of_the_series():
    assert suv_bw() == pytest.approx(AFTER_AN_HOUR, rel=1e-12)


def test_values_corrected_to_the_injection_take_the_whole_dose():
    assert suv_bw(decay_correction="ADMIN") == pytest.approx(70_000 / 350e6, rel=1e-12)


def test_values_without_decay_correction_refer_to_the_average_time_of_the_frame():
    # The mean of exp(-rate t) over the frame, by its integral.
    rate, frame = log(2) / 6586.2, 120.0
    mean = (1 - exp(-rate * frame)) / (rate * frame)
    expected = 70_000 / (350e6 * exp(-rate * 3600) * mean)
    made = suv_bw(decay_correction="NONE", corrected_image=("ATTN",))
    assert made == pytest.approx(expected, rel=1e-9)


def test_beds_without_decay_correction_are_refused():
    first = replace(HEADER, decay_correction="NONE", corrected_image=("ATTN",))
    second = replace(first, acquisition_time=SCAN + timedelta(minutes=3))
    assert "different times" in refusal(first, second)


def test_a_series_time_after_the_first_acquisition_is_not_the_scans():
    later = {"series_time": SCAN + timedelta(hours=2)}
    assert suv_bw(**later) == pytest.approx(AFTER_AN_HOUR, rel=1e-12)


def test_frames_of_a_processed_series_lead_back_to_the_start_of_the_first_injection():
    # Two beds whose frame reference times lead back to ten minutes before the first of them.
    rate = log(2) / 6586.2
    average = log(rate * 120 / (1 - exp(-rate * 120))) / rate
    beds = [
        replace(
            HEADER,
            series_time=SCAN + timedelta(hours=3),
            acquisition_time=SCAN + timedelta(seconds=600 + bed * 130),
            frame_reference_ms=(600 + bed * 130 + average) * 1000,
        )
        for bed in range(2)
    ]
    assert compute_suv_factors(beds).suv_bw_factor == pytest.approx(AFTER_AN_HOUR, rel=1e-6)


def test_frame_reference_times_that_lead_past_the_first_acquisition_are_not_used():
    odd = {"series_time": SCAN + timedelta(hours=2), "frame_reference_ms": 1000.0}
    assert suv_bw(**odd) == pytest.approx(AFTER_AN_HOUR, rel=1e-12)


def test_the_time_that_a_vendor_says_it_corrected_to_comes_first():
    said = {"decay_reference": SCAN - timedelta(minutes=30), "decay_reference_tag": "(0071,xx22)"}
    assert suv_bw(**said) == pytest.approx(70_000 / (350e6 * 2 ** (-1800 / 6586.2)), rel=1e-12)


def test_an_injection_clock_later_than_the_scans_is_of_the_day_before():
    midnight = datetime(2026, 3, 5, 0, 30)
    made = suv_bw(
        series_time=midnight,
        acquisition_time=midnight,
        injection_time=None,
        injection_clock=time(23, 30),
    )
    assert made == pytest.approx(AFTER_AN_HOUR, rel=1e-12)


def test_counts_take_the_scanners_own_factor():
    assert suv_bw(units="CNTS", philips_suv_factor=0.000728) == 0.000728


def test_counts_become_activity_where_only_that_factor_is_there():
    made = suv_bw(units="CNTS", philips_suv_factor=0.0, philips_activity_factor=1.602563)
    assert made == pytest.approx(1.602563 * AFTER_AN_HOUR, rel=1e-12)


def test_values_in_grams_per_millilitre_are_suv_by_weight_unless_another_is_said():
    assert suv_bw(units="GML") == 1


@pytest.mark.parametrize(
    ("kind", "lean"),
    [
        ("LBMJANMA", 9270 * 70 / (6680 + 216 * 70 / 1.75**2)),
        ("LBMJAMES128", 1.10 * 70 - 128 * (70 / 175) ** 2),
        ("LBM", 1.10 * 70 - 120 * (70 / 175) ** 2),
        ("IBW", 48 + 1.06 * (175 - 152)),
    ],
)
def test_suv_of_another_kind_is_turned_into_that_by_weight(kind: str, lean: float):
    assert suv_bw(units="GML", suv_type=kind) == pytest.approx(70 / lean, rel=1e-12)


def test_suv_by_surface_is_turned_into_that_by_weight():
    # One cm²/ml is activity x area / dose; by weight, activity x grams / dose.
    area_cm2 = 71.84 * 70**0.425 * 175**0.725
    assert suv_bw(units="CM2ML") == pytest.approx(70_000 / area_cm2, rel=1e-9)


def test_values_by_lean_body_mass_are_sul_already():
    made = compute_suv_factors([replace(HEADER, units="GML", suv_type="LBMJANMA")])
    assert made.sul_factor == 1


def test_the_kinds_are_as_the_sizes_of_the_body():
    made = compute_suv_factors([HEADER], "james")
    assert made.sul_factor == pytest.approx(AFTER_AN_HOUR * (77 - 128 * 0.16) / 70, rel=1e-12)
    area = 0.007184 * 70**0.425 * 175**0.725
    assert made.suv_bsa_factor == pytest.approx(AFTER_AN_HOUR * area / 70, rel=1e-12)


@pytest.mark.parametrize("changes", [{"height_m": None}, {"sex": ""}, {"height_m": 175.0}])
def test_without_height_or_sex_there_is_no_sul_and_it_says_so(changes: dict[str, object]):
    made = compute_suv_factors([replace(HEADER, **changes)])
    assert made.suv_bw_factor == pytest.approx(AFTER_AN_HOUR)
    assert made.sul_factor is None
    assert "no SUL" in made.values["notes"]


def test_a_missing_half_life_is_that_of_the_nuclide_and_said():
    made = compute_suv_factors([replace(HEADER, half_life_s=None)])
    assert made.suv_bw_factor == pytest.approx(AFTER_AN_HOUR, rel=1e-12)
    assert "F-18" in made.values["half_life_from"]


def test_every_value_is_named():
    values = compute_suv_factors([HEADER]).values
    assert values["decay_seconds"] == "3600.000000"
    assert float(values["decay_factor"]) == pytest.approx(2 ** (-3600 / 6586.2))
    assert values["uptake_minutes"] == "60"
    assert (values["weight_kg"], values["height_cm"], values["sex"]) == ("70", "175", "M")


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"weight_kg": None}, "Weight .* missing"),
        ({"weight_kg": 0.0}, "Weight .* 0"),
        ({"weight_kg": 70_000.0}, "not a person's"),
        ({"dose_bq": None}, "Dose .* missing"),
        ({"dose_bq": 350.0}, "another unit"),
        ({"dose_bq": 0.0}, "not a dose"),
        ({"radiopharmaceuticals": 2}, "2 items"),
        ({"radiopharmaceuticals": 0}, "0 items"),
        ({"half_life_s": None, "nuclide": ""}, "Half Life"),
        ({"half_life_s": 109.77}, "that of F-18"),
        ({"half_life_s": 1e-300, "nuclide": ""}, "no half-life"),
        ({"injection_time": None}, "injection is not known"),
        ({"injection_time": SCAN + timedelta(days=1)}, "after the scan"),
        ({"injection_time": SCAN - timedelta(days=1)}, "24.0 hours before"),
        ({"injection_time": None, "injection_clock": time(11, 20)}, "before the scan"),
        ({"series_time": None, "acquisition_time": None}, "time of the scan"),
        ({"units": "PROPCNTS"}, "PROPCNTS"),
        ({"units": "CNTS"}, "counts alone"),
        ({"units": ""}, "Units .* missing"),
        ({"units": "GML", "suv_type": "ODD"}, "ODD"),
        ({"units": "GML", "suv_type": "LBMJANMA", "height_m": None}, "Size"),
        ({"corrected_image": ("DECY",)}, "attenuation"),
        ({"corrected_image": ("ATTN",)}, "not clear"),
        ({"decay_correction": "NONE"}, "not clear"),
        ({"decay_correction": ""}, "Decay Correction .* missing"),
    ],
)
def test_what_the_header_does_not_carry_is_refused(changes: dict[str, object], reason: str):
    with pytest.raises(UptakeError, match=reason):
        compute_suv_factors([replace(HEADER, **changes)])


def test_a_clock_without_a_date_does_not_carry_a_nuclide_that_lasts_days():
    days = {"half_life_s": 282_276.0, "nuclide": "Zr-89", "injection_time": None}
    assert "no date" in refusal(replace(HEADER, injection_clock=time(10, 0), **days))


@pytest.mark.parametrize("name", ["weight_kg", "dose_bq", "units", "series_time"])
def test_images_that_contradict_each_other_are_refused(name: str):
    other = {"weight_kg": 71.0, "dose_bq": 351e6, "units": "CNTS", "series_time": datetime.max}
    assert "differs between images" in refusal(HEADER, replace(HEADER, **{name: other[name]}))


@given(
    st.floats(1, 300), st.floats(2e6, 5e9), st.floats(0, 30_000), st.sampled_from(["M", "F", "O"])
)
def test_suv_by_weight_is_weight_over_what_is_left(
    weight: float, dose: float, seconds: float, sex: str
):
    injected = SCAN - timedelta(seconds=seconds)
    left = dose * 0.5 ** ((SCAN - injected).total_seconds() / 6586.2)
    made = suv_bw(weight_kg=weight, dose_bq=dose, injection_time=injected, sex=sex)
    assert made == pytest.approx(weight * 1000 / left, rel=1e-9)


@given(st.floats(40, 120), st.floats(150, 200))
def test_lean_mass_of_the_third_sex_is_between_the_others(weight: float, height: float):
    male, female, other = (compute_lean_body_mass_kg(weight, height, sex) for sex in "MFO")
    assert other == pytest.approx((male + female) / 2)
    assert female < male


def test_a_formula_that_falls_below_nothing_is_refused():
    with pytest.raises(UptakeError, match="no body"):
        compute_lean_body_mass_kg(250, 150, "F", "james")


def test_what_is_no_persons_is_not_said_of_the_scan():
    said = describe_pet([replace(HEADER, weight_kg=70_000.0, height_m=175.0, dose_bq=350.0)])
    assert not {"weight_kg", "height_cm", "injected_mbq"} & set(said)


def test_a_vendors_time_that_differs_between_images_is_not_used_and_said():
    said = [
        replace(HEADER, decay_reference=SCAN + timedelta(minutes=n), decay_reference_tag="(0009)")
        for n in (20, 25)
    ]
    made = compute_suv_factors(said)
    assert made.suv_bw_factor == pytest.approx(AFTER_AN_HOUR, rel=1e-12)
    assert "differs between images" in made.values["notes"]


def test_the_uptake_time_is_said_even_where_the_factor_does_not_need_it():
    made = compute_suv_factors([replace(HEADER, units="CNTS", philips_suv_factor=0.000728)])
    assert made.values["uptake_minutes"] == "60"
