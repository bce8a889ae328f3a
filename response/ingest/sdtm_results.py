"""The TR domain, row by row: a length, a word, or why there is neither."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from response.ingest.sdtm_files import SdtmRow
from response.ingest.sdtm_terms import MM3_PER_UNIT, MM_PER_UNIT, plain
from response.ingest.table_cells import MAX_LENGTH_MM, parse_number

ROUNDED_MM = Decimal("0.05")
"""A standard result this near the original one was rounded from it."""

NOT_DONE, NOT_EVALUABLE = "NOT DONE", "NOT EVALUABLE"


@dataclass(frozen=True, slots=True)
class Result:
    """What one row says: a number in mm (mm³ for a volume), or a word; or that it was not done.

    ``why_not`` is the reason that was given, empty where it says no more than that.
    """

    number: Decimal | None = None
    word: str = ""
    not_done: bool = False
    why_not: str = ""


def read_result(row: SdtmRow, *, volume: bool = False) -> Result:
    """Read the result of a row, its unit converted exactly.

    Raises
    ------
    ValueError
        Naming the column, its value, and the way out.
    """
    if plain(row["TRSTAT"]) == NOT_DONE:
        return _missing(row["TRREASND"] or NOT_DONE.lower())
    if row["TRSTAT"]:
        raise ValueError(f"TRSTAT is {row['TRSTAT']!r}: it is NOT DONE or empty")
    original = row["TRORRES"] or row["TRSTRESC"] or row["TRSTRESN"]
    if not original:
        return _missing(row["TRREASND"] or "no result was given")
    unit = row["TRORRESU"] if row["TRORRES"] else row["TRSTRESU"]
    try:
        number = parse_number("TRORRES", original)
    except ValueError:
        return Result(word=plain(original))
    return Result(number=_check(row, _convert(row, number, unit, volume), volume))


def _missing(why: str) -> Result:
    return Result(not_done=True, why_not="" if plain(why) == NOT_EVALUABLE else why)


def _convert(row: SdtmRow, number: Decimal, unit: str, volume: bool) -> Decimal:
    units: Mapping[str, int] = MM3_PER_UNIT if volume else MM_PER_UNIT
    column = "TRORRESU" if row["TRORRES"] else "TRSTRESU"
    known = {name.casefold(): factor for name, factor in units.items()}
    if unit.casefold() not in known:
        said = f"is {unit!r}" if unit else "is empty"
        raise ValueError(f"{column} {said}: give the length's unit, one of {', '.join(units)}")
    return number * known[unit.casefold()]


def _check(row: SdtmRow, number: Decimal, volume: bool) -> Decimal:
    if number < 0:
        raise ValueError(f"TRORRES is {row['TRORRES']}: it cannot be negative")
    if volume:
        return number
    if number > MAX_LENGTH_MM:
        raise ValueError(
            f"TRORRES is {row['TRORRES']} {row['TRORRESU']}: no lesion is longer than "
            f"{MAX_LENGTH_MM} mm"
        )
    column = "TRSTRESN" if row["TRSTRESN"] else "TRSTRESC"
    try:
        standard = parse_number(column, row[column])
    except ValueError:
        return number
    unit = row["TRSTRESU"].casefold() or "mm"
    if unit in MM_PER_UNIT and abs(standard * MM_PER_UNIT[unit] - number) > ROUNDED_MM:
        raise ValueError(
            f"TRORRES is {row['TRORRES']} {row['TRORRESU']}, but {column} is {row[column]} "
            f"{row['TRSTRESU']}: they have to be the same length"
        )
    return number
