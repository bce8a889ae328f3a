"""Rows of a measurement table as text, a short way to write them."""

from __future__ import annotations

import datetime as dt

import pytest

from response.errors import ManifestError

HEADER = (
    "subject,time_point,date,evaluator,evaluator_id,lesion,role,organ,node,method,diameter_mm,"
    "state,part,merged_into"
)
TODAY = dt.date(2026, 1, 1)


def row(time_point="BL", date="2025-01-01", lesion="T1", said="20", **more):
    cells = dict.fromkeys(HEADER.split(","), "")
    number = said.strip("-0123456789.") == ""
    cells |= {"subject": "S1", "time_point": time_point, "date": date, "lesion": lesion}
    cells |= {"role": {"T": "TARGET", "P": "NON_TARGET", "N": "NEW"}.get(lesion[:1], "")}
    cells |= {"diameter_mm": said} if number else {"state": said}
    return ",".join((cells | more).values())


def week8(lesion="T1", said="20", **more):
    return row("W8", **({"date": "2025-02-26", "lesion": lesion, "said": said} | more))


def problems_of(read, *rows, **more):
    with pytest.raises(ManifestError) as caught:
        read(*rows, **more)
    return caught.value.problems


BASE = [row(), row(lesion="P1", said="PRESENT")]
