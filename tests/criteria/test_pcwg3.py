"""PCWG3: bone by the 2+2 rule, and bone and soft tissue together."""

from __future__ import annotations

import csv
from itertools import product
from pathlib import Path

import pytest
from courses import assess, course, day, ids, row_of, text

from response.criteria import pcwg3
from response.errors import InputError
from response.model import AssessedTimePoint, LesionReading
from response.terms import LesionState

CASES = Path(__file__).parents[2] / "fixtures" / "cases"
STABLE = {"T1": 30}


def read_cases(name):
    with (CASES / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def bone(name, number, new=None, seen=None):
    facts = {"bone_new_lesions": new, "bone_lesions": seen}
    given = {key: str(value) for key, value in facts.items() if value is not None}
    return AssessedTimePoint(name, day(number), facts=given)


def follow(*scans, protocol="", soft=STABLE):
    """Bone scans as (day, new since baseline); soft tissue stays as it is."""
    names = {number: f"D{number}" for number, _ in scans}
    rows = [*course(BL=soft)]
    for number, name in names.items():
        rows += [
            LesionReading(name, day(number), row.lesion, row.role, node=row.node,
                          diameter_mm=row.diameter_mm, state=row.state)
            for row in course(BL=soft)
        ]  # fmt: skip
    said = tuple(bone(names[number], number, new) for number, new in scans)
    return assess(rows, protocol, criterion="pcwg3", said=(bone("BL", 0, seen=8), *said))


def bone_codes(result):
    """By time point, what bone was said to be, the last word last."""
    told = {}
    for row in result.assessments[1:]:
        reason = next(r for r in row.reasons if r.row_id.startswith("PCWG3.BONE"))
        code = reason.text.removeprefix("bone ").split(":")[0]
        told.setdefault(row.time_point, []).append((code, (row.as_of - day(0)).days))
    return told


# ------------------------------------------------------------------------- the published examples


def test_two_more_after_two_in_the_flare_window_are_progression_at_the_first_scan():
    case = read_cases("pcwg3_bone_examples.csv")[0]
    assert case["expected"].startswith("PD, dated first post-treatment scan")
    result = follow((56, 2), (112, 4))
    assert bone_codes(result) == {"D56": [("PDu", 56), ("PD", 112)], "D112": [("PD", 112)]}
    assert result.summary.progression_date == day(56)


def test_none_more_after_two_in_the_flare_window_was_a_flare():
    case = read_cases("pcwg3_bone_examples.csv")[1]
    assert case["expected"].startswith("NON-PD at first scan")
    result = follow((56, 2), (112, 2))
    assert bone_codes(result) == {"D56": [("PDu", 56), ("NON-PD", 112)], "D112": [("NON-PD", 112)]}
    assert result.summary.progression_date is None


def test_two_more_than_the_first_scan_that_persist_date_from_the_scan_that_showed_them():
    case = read_cases("pcwg3_bone_examples.csv")[2]
    assert case["expected"] == "PD dated week 18"
    result = follow((84, 0), (126, 2), (168, 2))
    assert bone_codes(result) == {
        "D84": [("NON-PD", 84)],
        "D126": [("PDu", 126), ("PD", 168)],
        "D168": [("PD", 168)],
    }
    assert result.summary.progression_date == day(126)


# ------------------------------------------------------------------------- the rule at its edges


def test_the_window_and_the_confirmation_count_their_last_day():
    assert bone_codes(follow((84, 2), (126, 4)))["D84"] == [("PDu", 84), ("PD", 126)]
    early = follow((84, 2), (125, 4))
    assert bone_codes(early) == {"D84": [("PDu", 84)], "D125": [("PDu", 125)]}
    assert "PCWG3.BONE.PDU.EARLY" in ids(row_of(early, "D125"))


def test_a_scan_too_early_to_confirm_goes_with_the_first_when_that_is_resolved():
    assert bone_codes(follow((56, 2), (70, 4), (112, 4))) == {
        "D56": [("PDu", 56), ("PD", 112)],
        "D70": [("PDu", 70), ("PD", 112)],
        "D112": [("PD", 112)],
    }
    assert bone_codes(follow((56, 2), (70, 1), (112, 2)))["D70"] == [("NON-PD", 70)]


def test_one_more_after_a_flare_is_not_two_more_than_the_reference():
    result = follow((56, 2), (112, 3), (168, 4), (224, 4))
    assert bone_codes(result) == {
        "D56": [("PDu", 56), ("NON-PD", 112)],
        "D112": [("NON-PD", 112)],
        "D168": [("PDu", 168), ("PD", 224)],
        "D224": [("PD", 224)],
    }


def test_new_lesions_that_do_not_persist_are_not_progression():
    result = follow((56, 0), (112, 2), (168, 1))
    assert bone_codes(result)["D112"] == [("PDu", 112), ("NON-PD", 168)]
    assert "PCWG3.BONE.NON_PD.REFUTED" in ids(row_of(result, "D112", 1))


def test_a_first_scan_after_the_window_is_compared_with_baseline_and_has_to_persist():
    result = follow((100, 2), (150, 2))
    assert bone_codes(result) == {"D100": [("PDu", 100), ("PD", 150)], "D150": [("PD", 150)]}


def test_the_window_and_the_days_to_confirmation_are_the_protocols():
    protocol = "[pcwg3]\nflare_days = 50\nconfirmation_min_days = 30"
    result = follow((56, 2), (86, 2), protocol=protocol)
    assert bone_codes(result)["D56"] == [("PDu", 56), ("PD", 86)]


def test_what_was_confirmed_stays():
    result = follow((56, 2), (112, 4), (168, 0))
    assert bone_codes(result)["D168"] == [("PD", 168)]


def test_a_scan_that_was_not_made_is_not_evaluable_and_leaves_pdu_waiting():
    result = follow((56, 2), (112, None), (168, 4))
    assert bone_codes(result)["D112"] == [("NE", 112)]
    assert bone_codes(result)["D56"][-1] == ("PD", 168)


# ------------------------------------------------------------------------- both together


@pytest.mark.parametrize("case", read_cases("pcwg3_combined_timepoint.csv"), ids=str)
def test_the_combined_table_is_the_published_one(case):
    softs = pcwg3.SOFT_CODES if case["soft_tissue_recist11"] == "ANY" else None
    bones = pcwg3.BONE_CODES if case["bone_pcwg3"] == "ANY" else None
    softs = softs or [case["soft_tissue_recist11"]]
    bones = bones or case["bone_pcwg3"].split("|")
    for soft, code, targets in product(softs, bones, (True, False)):
        expected = case["overall"]
        if expected.startswith("PR if target"):
            expected = "PR" if targets else "NON-CR/NON-PD"
        assert pcwg3.combine(soft, code, targets).overall == expected


def test_the_combined_table_is_total_unambiguous_and_every_row_is_reached():
    hit = set()
    for soft, code, targets in product(pcwg3.SOFT_CODES, pcwg3.BONE_CODES, (True, False)):
        rows = [row for row in pcwg3.COMBINED if row.takes(soft, code, targets)]
        assert len({row.overall for row in rows}) == 1
        hit.add(pcwg3.combine(soft, code, targets).id)
    assert hit == {row.id for row in pcwg3.COMBINED}


def test_complete_soft_tissue_beside_bone_disease_is_partial():
    for soft, expected in (({"T1": 30}, "PR"), ({"P1": "PRESENT"}, "NON-CR/NON-PD")):
        gone = dict.fromkeys(soft, "ABSENT")
        rows = course(BL=soft, W8=gone)
        said = (bone("BL", 0, seen=3), bone("W8", 56, new=0))
        result = assess(rows, criterion="pcwg3", said=said)
        row = row_of(result, "W8")
        assert (row.target_response or row.non_target_response, row.overall_response) == (
            "CR",
            expected,
        )


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ((bone("BL", 0, seen=3), bone("W8", 56, seen=0)), "CR"),
        ((bone("BL", 0, seen=0), bone("W8", 56, new=0)), "CR"),
        ((bone("BL", 0, seen=0), bone("W8", 56, new=1)), "PR"),
        ((bone("BL", 0, seen=3), bone("W8", 56, seen=3)), "PR"),
        ((bone("BL", 0, seen=3),), "PR"),
        ((bone("W8", 56, new=0),), "PR"),
        ((), "PR"),
    ],
)
def test_complete_needs_a_bone_scan_without_any_lesion(said, expected):
    rows = course(BL={"T1": 30}, W8={"T1": "ABSENT"})
    assert row_of(assess(rows, criterion="pcwg3", said=said), "W8").overall_response == expected


def test_a_count_of_all_lesions_does_not_say_how_many_are_new():
    rows = course(BL={"T1": 30}, W8={"T1": 30})
    said = (bone("BL", 0, seen=3), bone("W8", 56, seen=4))
    row = row_of(assess(rows, criterion="pcwg3", said=said), "W8")
    assert "bone NE: how many lesions are new is not given" in text(row)


def test_bone_that_nobody_scanned_is_not_evaluable():
    """Silence is not NED: the combined table gives PR for CR beside a bone that is NE."""
    result = assess(course(BL={"T1": 30}, W8={"T1": 20}, W16={"T1": 0}), criterion="pcwg3")
    assert [row.overall_response for row in result.assessments] == ["", "PR", "PR"]
    assert all("PCWG3.BONE.NE" in ids(row) for row in result.assessments[1:])


def none_seen(name, number):
    return LesionReading(name, day(number), "", None, state=LesionState.ABSENT)


def test_progression_of_bone_alone_waits_as_pdu_and_counts_as_the_protocol_says():
    rows = [none_seen("BL", 0), none_seen("W8", 56)]
    said = (bone("BL", 0, seen=8), bone("W8", 56, new=2))
    result = assess(rows, criterion="pcwg3", said=said)
    assert row_of(result, "W8").overall_response == "PDu"
    assert result.summary.best_overall_response == "SD"
    assert result.summary.progression_date is None
    strict = assess(rows, '[pcwg3]\nunresolved_pdu = "PD"', criterion="pcwg3", said=said)
    assert strict.summary.best_overall_response == "PD"
    assert strict.summary.progression_date == day(56)


def test_a_response_that_was_not_confirmed_is_sd_in_the_summary():
    result = follow((56, 0), (112, 0), soft={"T1": 30})
    assert result.summary.best_overall_response == "SD"
    rows = course(BL={"T1": 30}, W8={"T1": 20})
    said = (bone("BL", 0, seen=8), bone("W8", 56, new=0))
    summary = assess(rows, criterion="pcwg3", said=said).summary
    assert summary.confirmed_best_overall_response == "SD"


def test_soft_tissue_seen_otherwise_later_is_a_further_row_with_the_bone_of_then():
    rows = course(
        BL={"T1": 30}, W8={"T1": 30, "N1": "EQUIVOCAL"}, W16={"T1": 30, "N1": "UNEQUIVOCAL"}
    )
    said = (bone("BL", 0, seen=8), bone("W8", 56, new=0), bone("W16", 112, new=0))
    result = assess(rows, criterion="pcwg3", said=said)
    told = [
        (row.overall_response, row.as_of) for row in result.assessments if row.time_point == "W8"
    ]
    assert told == [("SD", day(56)), ("PD", day(112))]


def test_a_recoding_by_a_provisional_scan_is_provisional():
    rows = course(BL=STABLE, W8=STABLE, W16=STABLE)
    last = AssessedTimePoint("W16", day(112), ("not confirmed",), {"bone_new_lesions": "4"})
    said = (bone("BL", 0, seen=8), bone("W8", 56, new=2), last)
    result = assess(rows, criterion="pcwg3", said=said)
    assert [row.status for row in result.assessments if row.time_point == "W8"] == [
        "confirmed",
        "provisional",
    ]
    assert ids(row_of(result, "W8", 1))[-1] == "PROVISIONAL"


# ------------------------------------------------------------------------- what is refused


@pytest.mark.parametrize("wrong", ["1.5", "-1", "two", "NaN", "inf"])
def test_a_count_that_is_none_is_refused_with_its_place(wrong):
    said = (bone("W8", 56, new=wrong),)
    with pytest.raises(InputError, match="subject S1, time point W8: bone_new_lesions is"):
        assess(course(BL=STABLE, W8=STABLE), criterion="pcwg3", said=said)


def test_more_new_lesions_than_lesions_are_refused():
    said = (bone("W8", 56, new=3, seen=2),)
    with pytest.raises(InputError, match="bone_new_lesions is 3, but bone_lesions is 2"):
        assess(course(BL=STABLE, W8=STABLE), criterion="pcwg3", said=said)


def test_new_lesions_at_baseline_are_not_used_and_it_says_so():
    said = (bone("BL", 0, new=5), bone("W8", 56, new=0))
    result = assess(course(BL=STABLE, W8=STABLE), criterion="pcwg3", said=said)
    assert "bone_new_lesions is not used there" in text(result.assessments[0])
    assert row_of(result, "W8").overall_response == "SD"


def test_a_later_bone_scan_does_not_take_back_what_was_said_before_there_was_any():
    rows = course(BL={"T1": 30}, W8={"T1": "ABSENT"}, W16={"T1": "ABSENT"})
    said = (bone("W16", 112, new=0),)
    result = assess(rows, criterion="pcwg3", said=said)
    assert [row.overall_response for row in result.assessments] == ["", "PR", "PR"]
    assert "PCWG3.BONE.NE" in ids(row_of(result, "W8"))
