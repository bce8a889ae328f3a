"""What holds for every criterion on uptake and products, whatever is in the rows."""

from __future__ import annotations

import random
from decimal import Decimal

import pytest
from courses import day
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from uptake_courses import assess_by, measured, nothing_read, rows

from response.criteria import CRITERIA
from response.criteria.course import ReadTimePoint
from response.criteria.frame import find_whole, read_number, read_word
from response.model import LesionReading
from response.terms import Intervention, LesionState, NewLesion, Role, Status

NAMES = ("eortc_pet", "lugano", "percist10", "rano2")
PROTOCOLS = st.sampled_from(
    [
        "",
        '[rano2]\ncomponent = "mixed"',
        '[rano2]\ncomponent = "non_enhancing"',
        "[rules]\npd_from_partial = false\nequivocal_backdate = false",
        '[rules]\ntreated_lesion = "as_measured"\n[pet]\neortc_cycles = "one"',
        '[pet]\nprogression_inclusive = true\nblood_pool_plus_2sd = false\neortc_gap = "PMR"',
    ]
)
AMOUNTS = st.integers(0, 300).map(lambda tenths: Decimal(tenths) / 10)
COLUMNS = (
    "diameter_mm",
    "short_diameter_mm",
    "volume_mm3",
    "suv_mean",
    "suv_max",
    "sul_peak",
    "tlg",
)
STATES = {
    "T": ["ABSENT", "TOO_SMALL", "NOT_EVALUABLE"],
    "L": ["ABSENT", "TOO_SMALL", "NOT_EVALUABLE"],
    "P": ["PRESENT", "ABSENT", "NOT_EVALUABLE", "UNEQUIVOCAL_PROGRESSION"],
    "N": ["EQUIVOCAL", "UNEQUIVOCAL", "ABSENT", "NOT_EVALUABLE"],
}
SPOKEN = {
    "liver_mean": ["2", "2.2", "3"],
    "liver_sd": ["0", "0.2"],
    "blood_pool_mean": ["1", "1.6"],
    "blood_pool_sd": ["0.1"],
    "uptake_minutes": ["45", "60", "72", "90"],
    "injected_mbq": ["200", "300"],
    "metabolic_complete": ["true", "false"],
    "deauville": ["1", "3", "4", "5"],
    "spleen_length_mm": ["110", "131", "150", "170"],
    "marrow": ["normal", "involved", "reduced", "new", "indeterminate"],
    "steroid_dose": ["0", "4", "8"],
    "clinical_status": ["stable", "worse", "improved"],
    "radiotherapy_end": [day(-30).isoformat(), day(20).isoformat()],
}
METHODS = ["MR T1", "FLAIR", "MR", ""]


@st.composite
def amounts(draw: st.DrawFn, whole: bool) -> dict[str, object]:
    columns = COLUMNS if whole else draw(st.sets(st.sampled_from(COLUMNS)))
    return {column: draw(AMOUNTS) for column in sorted(columns)}


@st.composite
def said_of(draw: st.DrawFn, lesion: str) -> dict[str, object]:
    """What a row says of a lesion after the baseline: amounts, a state, or both."""
    fields = draw(amounts(draw(st.booleans())))
    if lesion[0] in "PN" or draw(st.booleans()):
        fields["state"] = draw(st.sampled_from(STATES[lesion[0]]))
    if draw(st.integers(0, 9)) == 0:
        fields["intervention"] = draw(st.sampled_from(list(Intervention)))
    return fields


def _merge(name: str, number: int, into: str) -> LesionReading:
    return LesionReading(
        name, day(number), "T2", Role.TARGET, state=LesionState.MERGED, merged_into=into
    )


@st.composite
def courses(draw: st.DrawFn) -> tuple[list[LesionReading], dict[str, dict[str, str]]]:
    """A course of up to four follow-ups with whatever a table may hold, and its facts."""
    lesions = draw(st.sampled_from([("T1", "T2", "L1", "P1"), ("T1",), ("P1",), ("T1", "T2")]))
    read = []
    for lesion in lesions:
        more = {"method": draw(st.sampled_from(METHODS))}
        said = {"state": "PRESENT"} if lesion == "P1" else draw(amounts(draw(st.booleans())))
        read.append(measured("BL", 0, lesion, said, **more))
    count = draw(st.integers(1, 4))
    for number in range(1, count + 1):
        name, when = f"F{number}", 28 * number
        if draw(st.integers(0, 9)) == 0:
            read.append(nothing_read(name, when))
            continue
        for lesion in (*lesions, "N1"):
            if lesion == "T2" and draw(st.integers(0, 9)) == 0:
                read.append(_merge(name, when, draw(st.sampled_from(["T1", "P1", "L1"]))))
            elif draw(st.integers(0, 7)):
                read.append(measured(name, when, lesion, draw(said_of(lesion))))
    facts = {
        name: {
            column: draw(st.sampled_from(values))
            for column, values in SPOKEN.items()
            if draw(st.integers(0, 2))
        }
        for name in sorted({one.time_point for one in read})
    }
    return read, facts


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=40, deadline=None)
@given(courses(), PROTOCOLS, st.randoms(use_true_random=False))
def test_whatever_is_in_the_rows_has_a_category_and_no_order(name, course, protocol, chance):
    read, facts = course
    result = assess_by(name, read, facts, protocol)
    known = CRITERIA[name].summarise.keywords["vocabulary"].means
    for row in result.assessments[1:]:
        assert row.overall_response in known
        assert row.reasons
        assert row.sum_of_diameters_mm is None
        assert row.as_of >= row.date
        assert isinstance(row.new_lesion, NewLesion)
        assert row.status is Status.CONFIRMED
    shuffled: random.Random = chance
    assert assess_by(name, shuffled.sample(read, len(read)), facts, protocol) == result


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=30, deadline=None)
@given(courses(), PROTOCOLS)
def test_a_later_scan_never_rewrites_an_earlier_category(name, course, protocol):
    read, facts = course
    whole = assess_by(name, read, facts, protocol).assessments
    dates = sorted({one.date for one in read})
    for last in dates[1:]:
        kept = [one for one in read if one.date <= last]
        names = {one.time_point for one in kept}
        part = assess_by(name, kept, {k: v for k, v in facts.items() if k in names}, protocol)
        assert part.assessments == tuple(row for row in whole if row.as_of <= last)


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=30, deadline=None)
@given(courses(), PROTOCOLS)
def test_an_unequivocal_new_lesion_without_a_size_is_progression(name, course, protocol):
    read, facts = course
    last = max(one.date for one in read)
    time_point = next(one.time_point for one in read if one.date == last)
    kept = [one for one in read if one.date < last or one.lesion not in ("", "N1")]
    number = (last - day(0)).days
    assume(number > 0)
    result = assess_by(
        name, [*kept, measured(time_point, number, "N2", "UNEQUIVOCAL")], facts, protocol
    )
    row = [one for one in result.assessments if one.time_point == time_point][-1]
    assert row.overall_response in ("PMD", "PD", "PDu")


@pytest.mark.parametrize("name", NAMES)
def test_a_target_without_a_row_is_never_a_response(name):
    full = dict.fromkeys(COLUMNS, 20)
    result = assess_by(name, rows(BL={"T1": full, "T2": full}, F1={"T1": "ABSENT"}))
    row = result.assessments[1]
    assert (row.target_response, row.overall_response) == ("NE", "NE")


def test_merged_lesions_that_name_each_other_end():
    assert find_whole({"T1": "T2", "T2": "T1"}, "T1") == "T2"


@pytest.mark.parametrize("read", [read_number, read_word])
def test_a_silent_fact_is_none(read):
    here = ReadTimePoint("F1", day(0), {})
    more = ({},) if read is read_word else ()
    assert read(None, here, "liver_mean", *more) is None


@pytest.mark.parametrize("name", NAMES)
def test_a_new_lesion_that_progresses_unequivocally_is_unequivocal(name):
    full = dict.fromkeys(COLUMNS, 20)
    seen = {"T1": full, "N1": "UNEQUIVOCAL_PROGRESSION"}
    row = assess_by(name, rows(BL={"T1": full}, F1=seen)).assessments[1]
    assert (row.new_lesion, row.overall_response[:1]) == ("YES", "P")


@pytest.mark.parametrize("name", NAMES)
def test_a_readers_reason_is_passed_on(name):
    full = dict.fromkeys(COLUMNS, 20)
    lost = LesionReading(
        "F1", day(56), "T1", Role.TARGET, state=LesionState.NOT_EVALUABLE, reason="artefact"
    )
    row = assess_by(name, [*rows(BL={"T1": full}), lost]).assessments[1]
    assert row.target_response == "NE"
    if name != "percist10":
        assert "T1 (artefact" in str(row.reasons[0])
