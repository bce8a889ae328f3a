"""Measurements without images are kept whole, superseded whole, sealed, and never beside marks."""

from __future__ import annotations

import dataclasses
import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

from response.errors import InputError
from response.model import AssessedTimePoint, LesionReading, Reader, SiteResponse
from response.store import Store
from response.terms import LesionState, Role

DAY = dt.date(2025, 3, 1)
RADIOLOGIST = Reader("INDEPENDENT ASSESSOR", "RADIOLOGIST 1")


def reading(diameter_mm: str = "10.50") -> LesionReading:
    extra = {"short_diameter_mm": Decimal("7.25")}
    length = Decimal(diameter_mm)
    return LesionReading("WEEK 8", DAY, "T1", Role.TARGET, "LIVER", diameter_mm=length, extra=extra)


def gone() -> LesionReading:
    return LesionReading("WEEK 8", DAY, "NT1", Role.NON_TARGET, state=LesionState.ABSENT)


def test_readings_are_read_as_written(store: Store) -> None:
    rows, points = (reading(), gone()), (AssessedTimePoint("WEEK 8", DAY, facts={"a": "1"}),)
    assert store.write_readings("P1", RADIOLOGIST, rows, points, actor="anna", study="S1")
    (read,) = store.read_readings("P1")
    assert (read.readings, read.time_points, read.study) == (rows, points, "S1")
    assert read.reader == RADIOLOGIST
    assert store.read_readings() == (read,)


def test_the_same_readings_are_written_once(store: Store) -> None:
    assert store.write_readings("P1", Reader(), [reading()], actor="anna")
    entries = store.read_audit()
    assert not store.write_readings("P1", Reader(), [reading()], actor="anna")
    assert store.read_audit() == entries


def test_changed_readings_supersede_and_leave_an_audit_entry(store: Store) -> None:
    store.write_readings("P1", Reader(), [reading("10.5")], actor="anna")
    assert store.write_readings("P1", Reader(), [reading("10.50")], actor="bert")
    assert store.read_readings("P1")[0].readings[0].diameter_mm == Decimal("10.50")
    newest, oldest = store.read_audit()
    assert [(e.action, e.actor) for e in (oldest, newest)] == [
        ("write_readings", "anna"),
        ("write_readings", "bert"),
    ]
    assert store.check() == ()


def test_readers_keep_apart(store: Store) -> None:
    store.write_readings("P1", Reader(), [reading("10")], actor="anna")
    store.write_readings("P1", RADIOLOGIST, [reading("12")], actor="anna")
    assert {r.reader: r.readings[0].diameter_mm for r in store.read_readings("P1")} == {
        Reader(): Decimal(10),
        RADIOLOGIST: Decimal(12),
    }


def test_a_reader_with_marks_on_images_has_no_second_word(store: Store, make: Any) -> None:
    store.write_time_point(make.time_point(), actor="anna")
    with pytest.raises(InputError, match="INVESTIGATOR has marks on images"):
        store.write_readings("P1", Reader(), [reading()], actor="anna")
    assert store.write_readings("P1", RADIOLOGIST, [reading()], actor="anna")


def test_site_responses_are_kept_in_order_and_superseded_whole(store: Store) -> None:
    first = SiteResponse("P1", Reader(), "WEEK 8", DAY, "RECIST 1.1", "OVRLRESP", "PR")
    best = SiteResponse("P1", Reader(), "", None, "", "BESTRESP", "PR")
    assert store.write_site_responses("P1", [first, best], actor="anna")
    assert store.read_site_responses("P1") == (first, best)
    assert not store.write_site_responses("P1", [first, best], actor="anna")
    changed = dataclasses.replace(first, value="SD")
    assert store.write_site_responses("P1", [changed], actor="anna")
    assert store.read_site_responses() == (changed,)
    assert store.check() == ()
