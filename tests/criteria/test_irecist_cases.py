"""iRECIST against what is printed and what others found: Tables 2 and 3, sequences, a data set."""

from __future__ import annotations

import csv
import datetime as dt
from decimal import Decimal
from itertools import product
from pathlib import Path

import pytest
from irecist_courses import overall

from response.assess import assess_subject
from response.best_response import Visit
from response.criteria.irecist_best import derive_best_response
from response.model import LesionReading, Reader, SubjectFacts
from response.protocol import BestResponse, Protocol
from response.terms import LesionState, Role

CASES = Path(__file__).parents[2] / "fixtures" / "cases"
CODES = ("iCR", "iPR", "iSD", "iUPD", "iCPD", "NE")


def read_cases(name):
    with (CASES / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


# ----------------------------------------------------------------------- Table 2, row by row

BASELINE = {"T1": 100, "P1": ("PRESENT", 20)}
TARGET = {
    "iCR": {"T1": 0},
    "iPR": {"T1": 50},
    "iSD": {"T1": 100},
    "iUPD": {"T1": 125},
}
NON_TARGET = {
    "iCR": {"P1": "ABSENT"},
    "NON-iCR/NON-iUPD": {"P1": ("PRESENT", 20)},
    "iUPD": {"P1": ("UNEQUIVOCAL_PROGRESSION", 30)},
}
NEW = {"N1": ("UNEQUIVOCAL", 12)}
NOTHING_NEW = {}


def waited(before, now):
    """What a second time point says 56 days after an iUPD."""
    first, second = overall({0: BASELINE, 56: before, 112: now})
    assert first == "iUPD"
    return second


def alternatives(text):
    return text.split(",")[0].split("|")


def row_of_table_2(number):
    return read_cases("irecist_timepoint_table2.csv")[number]


@pytest.mark.parametrize("number", range(4))
def test_table_2_a_response_without_new_lesions(number):
    row = row_of_table_2(number)
    now = TARGET[row["target"]] | NON_TARGET[row["non_target"]]
    assert overall({0: BASELINE, 56: now}) == [row["no_previous_iupd"]]
    before = TARGET["iUPD"] | NON_TARGET["NON-iCR/NON-iUPD"]
    assert waited(before, now) == row["previous_iupd"]


@pytest.mark.parametrize(
    ("grew", "expected"),
    [
        ({"T1": 125, "N1": ("UNEQUIVOCAL", 12)}, "iUPD"),
        ({"T1": 122, "N1": ("UNEQUIVOCAL", 12)}, "iUPD"),
        ({"T1": 125, "N1": ("UNEQUIVOCAL", "16.9")}, "iUPD"),
        ({"T1": 125, "N1": ("UNEQUIVOCAL", 17)}, "iCPD"),
        ({"T1": 125, "N1": ("UNEQUIVOCAL", 12), "N2": "UNEQUIVOCAL"}, "iCPD"),
    ],
)
def test_table_2_a_new_lesion_already_there(grew, expected):
    assert row_of_table_2(4)["new_lesion"] == "YES (already present)"
    before = TARGET["iUPD"] | NON_TARGET["iUPD"] | NEW
    assert waited(before, NON_TARGET["iUPD"] | grew) == expected


def test_table_2_any_growth_of_a_new_non_target_confirms():
    before = TARGET["iUPD"] | NON_TARGET["iUPD"] | {"N1": "UNEQUIVOCAL"}
    grew = {"N1": "UNEQUIVOCAL_PROGRESSION"}
    assert waited(before, TARGET["iUPD"] | NON_TARGET["iUPD"] | grew) == "iCPD"
    assert waited(before, before) == "iUPD"


@pytest.mark.parametrize("target", alternatives(row_of_table_2(5)["target"]))
def test_table_2_non_target_progression_by_itself(target):
    row = row_of_table_2(5)
    before = TARGET[target] | NON_TARGET["iUPD"]
    assert overall({0: BASELINE, 56: before}) == [row["no_previous_iupd"]]
    assert waited(before, before) == "iUPD"
    assert waited(before, before | {"P1": ("UNEQUIVOCAL_PROGRESSION", 31)}) == "iCPD"
    assert waited(before, before | {"P1": ("PRESENT", 31)}) == "iCPD"


@pytest.mark.parametrize("non_target", alternatives(row_of_table_2(6)["non_target"]))
def test_table_2_target_progression_by_itself(non_target):
    row = row_of_table_2(6)
    before = TARGET["iUPD"] | NON_TARGET[non_target]
    assert overall({0: BASELINE, 56: before}) == [row["no_previous_iupd"]]
    assert waited(before, before | {"T1": "129.9"}) == "iUPD"
    assert waited(before, before | {"T1": 130}) == "iCPD"


@pytest.mark.parametrize("new", [NOTHING_NEW, NEW])
def test_table_2_targets_and_non_targets_with_or_without_new_lesions(new):
    row = row_of_table_2(8 if new else 7)
    before = TARGET["iUPD"] | NON_TARGET["iUPD"] | new
    assert overall({0: BASELINE, 56: before}) == [row["no_previous_iupd"]]
    assert waited(before, before) == "iUPD"
    assert waited(before, before | {"T1": 130}) == "iCPD"
    assert waited(before, before | {"P1": ("UNEQUIVOCAL_PROGRESSION", "30.1")}) == "iCPD"
    if new:
        assert waited(before, before | {"N1": ("UNEQUIVOCAL", 17)}) == "iCPD"
        assert waited(before, before | {"N2": "UNEQUIVOCAL"}) == "iCPD"


@pytest.mark.parametrize("target", ["iCR", "iPR", "iSD"])
@pytest.mark.parametrize("non_target", ["iCR", "NON-iCR/NON-iUPD"])
def test_table_2_new_lesions_by_themselves(target, non_target):
    row = row_of_table_2(9)
    before = TARGET[target] | NON_TARGET[non_target] | NEW
    assert overall({0: BASELINE, 56: before}) == [row["no_previous_iupd"]]
    assert waited(before, before) == "iUPD"
    assert waited(before, before | {"N1": ("UNEQUIVOCAL", 17)}) == "iCPD"
    assert waited(before, before | {"N2": "UNEQUIVOCAL"}) == "iCPD"


def test_table_2_has_no_other_rows():
    assert len(read_cases("irecist_timepoint_table2.csv")) == 10


# ------------------------------------------------------------------- Table 3, every alternative


def expand(row):
    said = [row[f"tp{number}"] for number in range(1, 6)]
    return product(*(CODES if text == "ANY" else text.split("|") for text in said))


@pytest.mark.parametrize("row", read_cases("irecist_ibor_table3.csv"), ids=lambda r: r["example"])
def test_table_3_with_every_alternative(row):
    start = dt.date(2025, 1, 1)
    for codes in expand(row):
        visits = [Visit(start + dt.timedelta(56 * n), code) for n, code in enumerate(codes, 1)]
        best = derive_best_response(visits, start, BestResponse())
        assert best.category == row["ibor"], codes


# ------------------------------------------------------------------------ third-party sequences


def read_sequence(case):
    """Rows of a target lesion and a measured new one, as the case gives their sums."""
    start = dt.date(2026, 1, 1)
    rows = [target("BL", start, case["baseline_sum"])]
    seen = False
    for text in case["visits (date:target_sum[:new_target_sum])"].split(";"):
        date, total, *new = text.split(":")
        rows.append(target(date, dt.date.fromisoformat(date), total))
        if new and new[0] != "missing":
            rows.append(new_target(date, dt.date.fromisoformat(date), new[0], called=seen))
            seen = True
    return rows


def target(name, date, length):
    return LesionReading(name, date, "T1", Role.TARGET, diameter_mm=Decimal(length))


def new_target(name, date, length, *, called):
    state = None if called else LesionState.UNEQUIVOCAL
    return LesionReading(name, date, "N1", Role.NEW, diameter_mm=Decimal(length), state=state)


@pytest.mark.parametrize(
    "case", read_cases("irecist_sequences_third_party.csv"), ids=lambda c: c["case_id"]
)
def test_sequences_of_another_program(case):
    expected = [text.split("(")[0] for text in case["expected"].split(",")]
    result = assess_subject(
        "S1", Reader(), read_sequence(case), SubjectFacts("S1"), Protocol(), criterion="irecist"
    )
    assert [row.overall_response for row in result.assessments[1:]] == expected


@pytest.mark.parametrize(
    "case", read_cases("eortc_faq_sequences.csv"), ids=lambda case: case["case_id"]
)
def test_the_committees_reading_carries_ipr_forward(case):
    sums = [case["baseline"], *(case[f"tp{n}"] for n in range(1, 6) if case[f"tp{n}"])]
    course = {56 * number: {"T1": total} for number, total in enumerate(sums)}
    found = overall(course, '[rules]\npr_persistence = "eortc_carry_forward"')
    assert found == [f"i{code}" for code in case["expected"].split(",")]
