"""A time point read again joins what is known, and no label is taken for another lesion's."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from response.errors import InputError
from response.model import Reader
from response.store.merge import merge_time_points as merge

SECOND = Reader("INDEPENDENT ASSESSOR", "2")


def test_the_same_again_changes_nothing(make: Any) -> None:
    known = make.time_point(facts=(make.fact(),))
    assert merge(known, known) == known
    assert merge(known, make.time_point(facts=())) == known


def test_another_series_joins(make: Any) -> None:
    pet = dataclasses.replace(make.scan("scan-2", series="PET", image="aa22"), modality="PT")
    joined = merge(make.time_point(), make.time_point(scans=(pet,), mark_sets=()))
    assert joined.scans == (make.scan(), pet)
    assert joined.mark_sets == (make.marks(),)


def test_another_reader_joins(make: Any) -> None:
    theirs = make.marks("marks-2", reader=SECOND, mask="bb22")
    joined = merge(make.time_point(), make.time_point(scans=(), mark_sets=(theirs,)))
    assert joined.mark_sets == (make.marks(), theirs)


def test_new_marks_of_the_same_reader_replace_the_old(make: Any) -> None:
    redrawn = make.marks("marks-2", mask="bb22")
    assert merge(make.time_point(), make.time_point(mark_sets=(redrawn,))).mark_sets == (redrawn,)


@pytest.mark.parametrize("scan_id", ["scan-1", "scan-2"])
def test_marks_do_not_outlive_their_image(make: Any, scan_id: str) -> None:
    theirs = make.marks("marks-2", reader=SECOND)
    known = make.time_point(mark_sets=(make.marks(), theirs))
    redone = make.scan(scan_id, image="aa22")
    mine = make.marks("marks-3", scan_id=scan_id, mask="bb33")
    assert merge(known, make.time_point((redone,), (mine,))).mark_sets == (mine,)


def test_a_changed_header_keeps_the_marks(make: Any) -> None:
    corrected = dataclasses.replace(make.scan(), slice_axis=1)
    joined = merge(make.time_point(), make.time_point((corrected,), ()))
    assert (joined.scans, joined.mark_sets) == ((corrected,), (make.marks(),))


def test_a_changed_fact_replaces_the_one_of_its_label(make: Any) -> None:
    known = make.time_point(facts=(make.fact(1), make.fact(2)))
    changed = make.fact(1, organ="LUNG")
    joined = merge(known, make.time_point(facts=(changed,)))
    assert joined.lesion_facts == (changed, make.fact(2))


def test_a_fact_does_not_outlive_the_mask_its_label_is_of(make: Any) -> None:
    theirs = make.fact(1, reader=SECOND)
    known = make.time_point(facts=(make.fact(1), make.fact(2), theirs))
    redrawn = make.marks("marks-2", mask="bb22")
    joined = merge(known, make.time_point(mark_sets=(redrawn,), facts=(make.fact(2),)))
    assert set(joined.lesion_facts) == {make.fact(2), theirs}


def test_marks_need_their_scan(make: Any) -> None:
    with pytest.raises(InputError, match="not of this time point"):
        merge(make.time_point(), make.time_point((), (make.marks(scan_id="scan-9"),)))


def test_parts_of_another_subject_are_refused(make: Any) -> None:
    astray = dataclasses.replace(make.scan(), subject="P2")
    with pytest.raises(InputError, match="holds a Scan of P2"):
        merge(None, make.time_point(scans=(astray,)))
