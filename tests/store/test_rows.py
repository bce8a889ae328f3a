"""Every value comes back from the database exactly as it went in, digit by digit."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Iterator, Mapping
from decimal import Decimal
from enum import Enum
from typing import Any, get_args, get_origin, get_type_hints

import duckdb
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from response import model as m
from response.errors import InputError
from response.store.audit import Link
from response.store.change import insert
from response.store.database import known_migrations, migrate
from response.store.layout import TABLES, lay_out
from response.store.reads import fetch
from response.store.rows import column_types, decode, encode

FINITE = st.floats(allow_nan=False, allow_infinity=False)
SCALARS: dict[Any, st.SearchStrategy[Any]] = {
    str: st.text(max_size=12),
    int: st.integers(-(2**63), 2**63 - 1),
    float: FINITE,
    bool: st.booleans(),
    dt.date: st.dates(),
    dt.datetime: st.datetimes(
        dt.datetime(1900, 1, 1), dt.datetime(2200, 1, 1), timezones=st.just(dt.UTC)
    ).map(lambda at: at.replace(fold=0)),
    Decimal: st.decimals(allow_nan=False, allow_infinity=False),
}
PARTS = {
    *("scans", "mark_sets", "lesion_facts", "lesions", "findings", "references", "measurements"),
    *("readings", "time_points", "responses"),
}


def values_of(hint: Any) -> st.SearchStrategy[Any]:
    """Draw any value of a type."""
    origin, arms = get_origin(hint), get_args(hint)
    if hint in SCALARS:
        return SCALARS[hint]
    if hint is type(None):
        return st.none()
    if origin is tuple and arms[-1] is Ellipsis:
        return st.lists(values_of(arms[0]), max_size=3).map(tuple)
    if origin is tuple:
        return st.tuples(*map(values_of, arms))
    if origin is Mapping:
        return st.dictionaries(values_of(arms[0]), values_of(arms[1]), max_size=3)
    if dataclasses.is_dataclass(hint):
        hints = get_type_hints(hint)
        fields = {name: st.just(()) if name in PARTS else values_of(h) for name, h in hints.items()}
        return st.builds(hint, **fields)
    if isinstance(hint, type) and issubclass(hint, Enum):
        return st.sampled_from(list(hint))
    return st.one_of(*map(values_of, arms))


@pytest.fixture(scope="module")
def cursor() -> Iterator[Any]:
    connection = duckdb.connect()
    migrate(connection, known_migrations())
    yield connection
    connection.close()


@pytest.mark.parametrize("kind", TABLES, ids=lambda kind: kind.__name__)
@given(data=st.data())
@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_a_value_comes_back_as_it_was(cursor: Any, kind: type, data: st.DataObject) -> None:
    value = data.draw(values_of(kind))
    ((table, row),) = lay_out(value)
    cursor.execute("BEGIN")
    extra = dict.fromkeys(("content_key", "known_mark_set_id"), "")
    columns = {r[0] for r in cursor.execute(f"DESCRIBE {table}").fetchall()}
    system = {"revision": 1, "position": 0, **extra}
    insert(cursor, [(table, {k: v for k, v in system.items() if k in columns} | row)])
    (found,) = fetch(cursor, f"SELECT * FROM {table}")
    cursor.execute("ROLLBACK")
    parts = dict.fromkeys(PARTS & set(kind.__dataclass_fields__), ())
    assert repr(decode(kind, found, **parts)) == repr(value)


@pytest.mark.parametrize("kind", [m.LesionReading, m.AssessedTimePoint])
@given(data=st.data())
@settings(max_examples=25)
def test_values_without_a_table_can_be_laid_flat_too(kind: type, data: st.DataObject) -> None:
    value = data.draw(values_of(kind))
    assert repr(decode(kind, encode(value))) == repr(value)


@pytest.mark.parametrize("kind", TABLES, ids=lambda kind: kind.__name__)
def test_each_table_has_the_columns_of_its_value(cursor: Any, kind: type) -> None:
    described = cursor.execute(f"DESCRIBE {TABLES[kind]}").fetchall()
    types = {name: sql for name, sql, *_ in described}
    assert dict(column_types(kind)).items() <= types.items()
    derived = {n.removesuffix("_digits") for n in column_types(kind) if n.endswith("_digits")}
    assert {types[name] for name in derived} <= {"DECIMAL(18,6)"}
    ours = {"revision", "position", "content_key", "known_mark_set_id"}
    assert types.keys() - column_types(kind).keys() - derived <= ours


def test_a_moment_of_another_zone_is_the_same_moment() -> None:
    east = dt.timezone(dt.timedelta(hours=9))
    link = Link(1, "", dt.datetime(2025, 1, 1, 3, tzinfo=east), "", "", "", {}, "", "")
    assert decode(Link, encode(link)).at == link.at
    assert encode(link)["at"] == dt.datetime(2024, 12, 31, 18)


def test_a_moment_without_a_zone_is_refused(make: Any) -> None:
    naive = dataclasses.replace(make.decision(), at=dt.datetime(2025, 1, 1))
    with pytest.raises(InputError, match="time zone"):
        encode(naive)


def test_a_place_that_is_not_finite_is_refused(make: Any) -> None:
    found = make.tracking().findings[0]
    with pytest.raises(InputError, match="finite"):
        encode(dataclasses.replace(found, place=(float("nan"), 0.0, 0.0)))


def test_numbers_of_numpy_are_stored_as_plain_ones(make: Any) -> None:
    found = make.tracking().findings[0]
    place = (np.float32(0.5), np.float64(2.0), np.int64(3))
    row = encode(dataclasses.replace(found, place=place, label=np.int32(7)))
    assert (row["place"], row["label"], type(row["label"])) == ("[0.5, 2.0, 3.0]", 7, int)
