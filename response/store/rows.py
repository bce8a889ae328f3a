"""Between the frozen values and flat database rows, without loss; whatever is unknown is refused.

A field is one column of its own name. A nested value (a reader, a measurement) lies flat among the
columns. A :class:`~decimal.Decimal` is kept as its exact text in ``<name>_digits``; the table
derives the number ``<name>`` from it for queries. Tuples and mappings are JSON text.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
from collections.abc import Callable, Mapping
from decimal import Decimal
from enum import Enum
from types import NoneType, UnionType
from typing import Any, TypeVar, Union, cast, get_args, get_origin, get_type_hints

from response.errors import InputError
from response.model import GivenMeasurements, Readings, SiteResponses, TimePoint, Tracking

Cell = str | int | float | bool | dt.date | dt.datetime | None
Row = Mapping[str, Cell]
T = TypeVar("T")

_PARTS: dict[type, frozenset[str]] = {
    TimePoint: frozenset({"scans", "mark_sets", "lesion_facts"}),
    Tracking: frozenset({"lesions", "findings", "references"}),
    Readings: frozenset({"readings", "time_points"}),
    SiteResponses: frozenset({"responses"}),
    GivenMeasurements: frozenset({"measurements"}),
}
"""Fields that are tables of their own."""


@dataclasses.dataclass(frozen=True, slots=True)
class _Column:
    field: str
    name: str
    sql: str
    encode: Callable[[Any], Cell]
    decode: Callable[[Any], Any]


@dataclasses.dataclass(frozen=True, slots=True)
class _Nested:
    field: str
    kind: type[Any]
    optional: bool
    names: tuple[str, ...]


def encode(value: Any) -> dict[str, Cell]:
    """Lay a value flat as one row."""
    row: dict[str, Cell] = {}
    for part in _plan(type(value)):
        content = getattr(value, part.field)
        if isinstance(part, _Nested):
            row |= dict.fromkeys(part.names) if content is None else encode(content)
        else:
            row[part.name] = None if content is None else part.encode(content)
    return row


def decode(kind: type[T], row: Row, **parts: object) -> T:
    """Make the value of a row again; `parts` are the fields kept in tables of their own."""
    values = dict(parts)
    for part in _plan(kind):
        if isinstance(part, _Nested):
            absent = part.optional and row[part.names[0]] is None
            values[part.field] = None if absent else decode(part.kind, row)
        else:
            cell = row[part.name]
            values[part.field] = None if cell is None else part.decode(cell)
    return kind(**values)


def column_types(kind: type) -> Mapping[str, str]:
    """Name every column of a value's row and its SQL type, in order.

    Examples
    --------
    >>> from response.model import Reader
    >>> dict(column_types(Reader))
    {'evaluator': 'VARCHAR', 'evaluator_id': 'VARCHAR'}
    """
    types: dict[str, str] = {}
    for part in _plan(kind):
        types |= column_types(part.kind) if isinstance(part, _Nested) else {part.name: part.sql}
    return types


def canonical(table: str, row: Row) -> str:
    """Write a row as text that is the same before and after the database, for its seal."""
    cells = {
        name: cell.isoformat() if isinstance(cell, dt.date) else cell
        for name, cell in row.items()
        if cell is not None
    }
    return json.dumps([table, cells], sort_keys=True)


_plans: dict[type, tuple[_Column | _Nested, ...]] = {}


def _plan(kind: type) -> tuple[_Column | _Nested, ...]:
    """Say how each field of a value is stored; worked out once."""
    if kind not in _plans:
        hints = get_type_hints(kind)
        names = [f.name for f in dataclasses.fields(kind) if f.name not in _PARTS.get(kind, ())]
        _plans[kind] = tuple(_plan_field(name, hints[name]) for name in names)
    return _plans[kind]


def _plan_field(name: str, hint: Any) -> _Column | _Nested:
    bare = _without_none(hint)
    if dataclasses.is_dataclass(bare):
        kind = cast(type[Any], bare)
        return _Nested(name, kind, bare is not hint, tuple(column_types(kind)))
    if get_origin(bare) is tuple or get_origin(bare) is Mapping:
        return _Column(name, name, "JSON", _make_writer(bare), _make_reader(bare))
    if isinstance(bare, type) and issubclass(bare, Enum):
        return _Column(name, name, "VARCHAR", lambda member: str(bare(member).value), bare)
    if bare is Decimal:
        return _Column(name, f"{name}_digits", "VARCHAR", str, Decimal)
    if bare is dt.datetime:
        return _Column(name, name, "TIMESTAMP", _to_utc, lambda at: at.replace(tzinfo=dt.UTC))
    if bare not in _SCALARS:
        raise TypeError(f"{name}: {hint} cannot be stored")
    return _Column(name, name, *_SCALARS[bare])


def _to_date(value: dt.date) -> dt.date:
    if type(value) is not dt.date:
        raise InputError(f"date: {type(value).__name__} is not a plain date")
    return value


_SCALARS: dict[Any, tuple[str, Callable[[Any], Cell], Callable[[Any], Any]]] = {
    str: ("VARCHAR", str, str),
    int: ("BIGINT", int, int),
    float: ("DOUBLE", float, float),
    bool: ("BOOLEAN", bool, bool),
    dt.date: ("DATE", _to_date, _to_date),
}


def _without_none(hint: Any) -> Any:
    if get_origin(hint) not in (Union, UnionType):
        return hint
    (bare,) = [arm for arm in get_args(hint) if arm is not NoneType]
    return bare


def _to_utc(at: dt.datetime) -> dt.datetime:
    if at.tzinfo is None:
        raise InputError("at: a moment needs its time zone")
    return at.astimezone(dt.UTC).replace(tzinfo=None)


def _make_writer(hint: Any) -> Callable[[Any], str]:
    flatten = _make_flattener(hint)

    def write(value: Any) -> str:
        """Return a value as JSON text; a number that is not finite is an error."""
        try:
            return json.dumps(flatten(value), allow_nan=False, ensure_ascii=False)
        except ValueError:
            raise InputError("a place or figure to be stored is not a finite number") from None

    return write


def _make_reader(hint: Any) -> Callable[[str], Any]:
    revive = _make_reviver(hint)
    return lambda text: revive(json.loads(text))


def _make_flattener(hint: Any) -> Callable[[Any], Any]:
    """Make what turns such values into lists, objects and plain scalars (NumPy's too)."""
    arms = get_args(hint)
    if get_origin(hint) is Mapping:
        item = _make_flattener(arms[1])
        return lambda value: {str(key): item(content) for key, content in value.items()}
    if get_origin(hint) is tuple and arms[-1] is Ellipsis:
        item = _make_flattener(arms[0])
        return lambda value: [item(content) for content in value]
    if get_origin(hint) is tuple:
        each = [_make_flattener(arm) for arm in arms]
        return lambda value: [one(content) for one, content in zip(each, value, strict=True)]
    if dataclasses.is_dataclass(hint):
        named = [(name, _make_flattener(kind)) for name, kind in _hints(hint)]
        return lambda value: [one(getattr(value, name)) for name, one in named]
    return hint if hint in (str, int, float, bool) else str


def _make_reviver(hint: Any) -> Callable[[Any], Any]:
    """Make what undoes the flattening of such values."""
    arms = get_args(hint)
    if get_origin(hint) is Mapping:
        item = _make_reviver(arms[1])
        return lambda plain: {key: item(content) for key, content in plain.items()}
    if get_origin(hint) is tuple and arms[-1] is Ellipsis:
        item = _make_reviver(arms[0])
        return lambda plain: tuple([item(content) for content in plain])
    if get_origin(hint) is tuple:
        each = [_make_reviver(arm) for arm in arms]
        return lambda plain: tuple([one(item) for one, item in zip(each, plain, strict=True)])
    if dataclasses.is_dataclass(hint):
        fields = [_make_reviver(kind) for _, kind in _hints(hint)]
        make = cast(type[Any], hint)
        return lambda plain: make(*[one(item) for one, item in zip(fields, plain, strict=True)])
    return cast(Callable[[Any], Any], hint)


def _hints(kind: Any) -> list[tuple[str, Any]]:
    hints = get_type_hints(kind)
    return [(field.name, hints[field.name]) for field in dataclasses.fields(kind)]
