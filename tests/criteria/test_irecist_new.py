"""iRECIST over time: new lesions, equivocal ones, disease that comes back after iCR."""

from __future__ import annotations

from dataclasses import replace

import pytest
from courses import assess as assess_recist
from courses import ids, row_of, text
from irecist_courses import assess, assess_rows, on_days, overall

from response.terms import NewLesion

UP = "UNEQUIVOCAL_PROGRESSION"
NEW = ("UNEQUIVOCAL", 10)


def last(time_points, protocol="", **more):
    return assess(time_points, protocol, **more).assessments[-1]


# --------------------------------------------------------------------------------- new lesions


def test_of_many_measured_new_lesions_the_largest_are_followed_as_targets():
    sizes = {"N1": 11, "N2": 30, "N3": 12, "N4": 13, "N5": 14, "N6": 15}
    new = {name: ("UNEQUIVOCAL", mm) for name, mm in sizes.items()}
    course = {0: {"T1": 100}, 56: {"T1": 100} | new}
    assert "N1 is followed as a new non-target lesion" in text(last(course))
    grew = new | {"N1": ("UNEQUIVOCAL", "11.1")}
    row = last(course | {112: {"T1": 100} | grew})
    assert "new non-target N1 grew from 11 mm to 11.1 mm" in text(row)
    assert row.overall_response == "iCPD"


def test_of_one_organ_two_are_followed():
    new = {f"N{n}": ("UNEQUIVOCAL", 10 + n) for n in (1, 2, 3)}
    rows = on_days({0: {"T1": 100}, 56: {"T1": 100} | new})
    rows = [replace(row, organ="liver") if row.lesion in new else row for row in rows]
    result = assess_rows(rows)
    assert "N1 is followed as a new non-target lesion" in text(row_of(result, "D056"))


def test_a_small_new_target_counts_and_is_warned_of():
    row = last({0: {"T1": 100}, 56: {"T1": 100, "N1": ("UNEQUIVOCAL", "3.2")}})
    assert "warning: new target N1 is 3.2 mm; a lesion is measurable from 10 mm" in text(row)


def test_parts_of_a_new_lesion_are_added_and_one_unmeasured_part_leaves_it_open():
    course = {
        0: {"T1": 100},
        56: {"T1": 100, "N1": NEW},
        112: {"T1": 100, "N1": ("UNEQUIVOCAL", 8)},
    }
    rows = on_days(course)
    more = replace(rows[-1], part="b", diameter_mm=7)

    def found(part):
        result = assess_rows([*rows, part])
        return row_of(result, "D112").overall_response

    assert found(more) == "iCPD"
    assert found(replace(more, diameter_mm=None)) == "NE"


def test_new_lesions_are_never_added_to_the_baseline_targets():
    row = last({0: {"T1": 100}, 56: {"T1": 100, "N1": NEW}})
    assert row.sum_of_diameters_mm == 100


def test_to_recist_a_new_lesion_that_grew_is_a_new_lesion():
    rows = on_days({0: {"T1": 100}, 56: {"T1": 100, "N1": UP}})
    row = row_of(assess_recist(rows), "D056")
    assert (row.overall_response, row.new_lesion) == ("PD", NewLesion.YES)


# --------------------------------------------------------------------------- equivocal, back-dated


EQUIVOCAL = {0: {"T1": 100}, 56: {"T1": 100, "N1": ("EQUIVOCAL", 6)}, 112: {"T1": 100, "N1": NEW}}


def test_an_equivocal_lesion_that_becomes_certain_dates_back_in_a_row_of_its_own():
    result = assess(EQUIVOCAL)
    assert overall(EQUIVOCAL) == ["iSD", "iUPD"]
    later = row_of(result, "D056", 1)
    assert (later.overall_response, later.as_of) == ("iUPD", row_of(result, "D112").date)
    assert "iUPD: new lesion N1, equivocal at D056 on 2025-02-26" in text(later)
    assert result.summary.progression_date == later.date
    plain = assess(EQUIVOCAL, "[rules]\nequivocal_backdate = false")
    assert len(plain.assessments) == 3


def test_a_lesion_already_there_at_the_iupd_is_no_further_lesion_when_it_becomes_certain():
    course = {
        0: {"T1": 100},
        56: {"T1": 125, "N1": ("EQUIVOCAL", 10)},
        112: {"T1": 125, "N1": ("UNEQUIVOCAL", 10)},
    }
    assert overall(course) == ["iUPD", "iUPD"]
    grew = course | {112: {"T1": 125, "N1": ("UNEQUIVOCAL", 15)}}
    assert overall(grew) == ["iUPD", "iCPD"]
    assert len(assess(course).assessments) == 3
    assert overall(course, "[rules]\nequivocal_backdate = false") == ["iUPD", "iCPD"]


# --------------------------------------------------------------- disease after a complete response


@pytest.mark.parametrize(
    ("choice", "expected"), [("pd", "iUPD"), ("warn", "iPR"), ("recode_pr", "iPR")]
)
def test_disease_after_icr(choice, expected):
    course = {0: {"T1": 10}, 56: {"T1": 0}, 112: {"T1": 4}}
    result = assess(course, f'[rules]\ncr_then_disease = "{choice}"')
    assert row_of(result, "D112").overall_response == expected
    stands = [row.overall_response for row in result.assessments if row.time_point == "D056"]
    assert stands == (["iCR", "iPR"] if choice == "recode_pr" else ["iCR"])


def test_disease_that_came_back_stays_iupd_until_it_is_gone_or_grows():
    course = {0: {"T1": 10}, 56: {"T1": 0}, 112: {"T1": 4}, 168: {"T1": 4}}
    assert overall(course) == ["iCR", "iUPD", "iUPD"]
    assert overall(course | {224: {"T1": 0}})[-1] == "iCR"
    assert overall(course | {224: {"T1": 9}})[-1] == "iCPD"
    assert "T1 came back after the complete response" in text(row_of(assess(course), "D112"))


def test_non_targets_that_come_back_count_one_by_one():
    gone = {"P1": "ABSENT", "P2": "ABSENT"}
    course = {
        0: {"P1": "PRESENT", "P2": "PRESENT"},
        56: gone,
        112: gone | {"P1": "PRESENT"},
        168: gone | {"P1": "PRESENT"},
    }
    assert overall(course) == ["iCR", "iUPD", "iUPD"]
    assert overall(course | {224: {"P1": "PRESENT", "P2": "PRESENT"}})[-1] == "iCPD"
    recoded = assess(course, '[rules]\ncr_then_disease = "recode_pr"')
    assert row_of(recoded, "D056", 1).overall_response == "NON-iCR/NON-iUPD"


# ---------------------------------------------------------------------------------- new nodes


def with_node(course):
    """The rows of a course in which N1 is a node."""
    return [replace(row, node=True) if row.lesion == "N1" else row for row in on_days(course)]


@pytest.mark.parametrize(("then", "expected"), [("9.9", "iSD"), ("10", "iUPD"), ("ABSENT", "iSD")])
def test_a_new_node_that_shrank_to_normal_size_is_gone(then, expected):
    said = then if then == "ABSENT" else ("UNEQUIVOCAL", then)
    rows = with_node({0: {"T1": 100}, 56: {"T1": 100, "N1": NEW}, 112: {"T1": 100, "N1": said}})
    assert row_of(assess_rows(rows), "D112").overall_response == expected


def test_a_node_that_a_reader_called_new_at_9_mm_is_not_gone_at_9_mm():
    small = {"T1": 100, "N1": ("UNEQUIVOCAL", 9)}
    rows = with_node({0: {"T1": 100}, 56: small, 112: small})
    assert [row.overall_response for row in assess_rows(rows).assessments[1:]] == ["iUPD", "iUPD"]


@pytest.mark.parametrize(("node", "limit"), [(False, "10"), (True, "15")])
def test_a_new_target_is_measurable_from_its_limit_on(node, limit):
    for length, warned in ((limit, False), (f"{int(limit) - 1}.9", True)):
        rows = on_days({0: {"T1": 100}, 56: {"T1": 100, "N1": ("UNEQUIVOCAL", length)}})
        rows[-1] = replace(rows[-1], node=node)
        said = text(row_of(assess_rows(rows), "D056"))
        assert (f"measurable from {limit} mm" in said) is warned


def test_a_new_node_of_normal_size_does_not_stand_beside_icr():
    course = {0: {"T1": 100}, 56: {"T1": 125, "N1": NEW}, 112: {"T1": 0, "N1": ("UNEQUIVOCAL", 9)}}
    assert row_of(assess_rows(with_node(course)), "D112").overall_response == "iCR"


def test_a_lesion_said_to_have_grown_when_first_seen_is_named_once():
    row = last({0: {"T1": 100}, 56: {"T1": 100, "N1": UP}})
    assert row.reasons[0].text == "iUPD: new lesion N1 (Table 2, I-01)"
    assert "IRECIST.FIRST.NEW" in ids(row)


def test_two_time_points_of_one_day_do_not_see_each_others_new_lesions():
    """After a reset a new target must progress over the nadir of earlier days."""
    course = {
        0: {"T1": 100},
        56: {"T1": 125, "N1": NEW},
        112: {"T1": 90, "N1": NEW},
        168: {"T1": 90, "N1": ("UNEQUIVOCAL", 4)},
    }
    rows = on_days(course)
    twin = {168: {"T1": 90, "N1": ("UNEQUIVOCAL", 10)}}
    rows += [replace(row, time_point="Z") for row in on_days(twin)]
    result = assess_rows(rows)
    assert row_of(result, "Z").overall_response == "iSD"
    later = on_days({224: {"T1": 90, "N1": NEW}})
    assert row_of(assess_rows([*rows, *later]), "D224").overall_response == "iUPD"


def test_a_part_of_the_new_targets_is_never_their_nadir():
    both = {"N1": NEW, "N2": NEW}
    course = {
        0: {"T1": 100},
        56: {"T1": 125} | both,
        112: {"T1": 90} | both,
        168: {"T1": 110, "N1": NEW},
        224: {"T1": 110} | both,
    }
    assert overall(course) == ["iUPD", "iSD", "iUPD", "iUPD"]
