"""What a cell says: turned into a value, or refused by the name of its column.

Cells come stripped. Every parser raises :class:`~response.errors.InputError` with the column, the
cell and what it should be.
"""

from __future__ import annotations

import calendar
import datetime as dt
import re
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from enum import StrEnum
from typing import TypeVar

from response.errors import InputError

Value = TypeVar("Value")
Code = TypeVar("Code", bound=StrEnum)

_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,2})?", re.ASCII)
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_MONTH = re.compile(r"\d{4}-\d{2}", re.ASCII)
_TRUE = {"true", "yes", "1"}
_FALSE = {"false", "no", "0", ""}

EARLIEST, LATEST = dt.date(1900, 1, 1), dt.date(2199, 12, 31)

MAX_DECIMALS = 12
"""More digits than anybody measures: sums stay exact in 28-digit decimals."""

MAX_LENGTH_MM = Decimal(1000)
"""Longer than a trunk: no lesion has this diameter."""

GRACE = dt.timedelta(days=1)
"""A scan of today may be dated tomorrow, where it was made."""

LEAST_HU, MOST_HU = Decimal(-1100), Decimal(4000)
"""What CT can show, with room for noise: air is -1000 HU, twelve bits end at 3071; ours."""

REMEMBERED = 100_000
"""How many different cells of a column are kept."""


def parse_text(column: str, text: str) -> str:
    """Take a cell that may not be empty."""
    if not text:
        raise InputError(f"{column}: is empty")
    return text


def parse_date(column: str, text: str, *, latest: dt.date | None = None) -> dt.date:
    """Read an ISO 8601 day, not after `latest`.

    Examples
    --------
    >>> parse_date("date", "2025-02-30")
    Traceback (most recent call last):
        ...
    response.errors.InputError: date: '2025-02-30' is not a day; write it as 2025-03-31
    """
    try:
        if not _DATE.fullmatch(text):
            raise ValueError
        day = dt.date.fromisoformat(text)
    except ValueError:
        raise InputError(f"{column}: {text!r} is not a day; write it as 2025-03-31") from None
    if day < EARLIEST:
        raise InputError(f"{column}: {text} is too long ago to be true")
    if latest is not None and day > latest:
        raise InputError(f"{column}: {text} is in the future (later than {latest})")
    if day > LATEST:
        raise InputError(f"{column}: {text} is too far ahead to be true")
    return day


def parse_partial_date(column: str, text: str, *, latest: dt.date | None = None) -> dt.date:
    """Read a day, or a month without one: then the last day of that month (A21).

    Examples
    --------
    >>> parse_partial_date("date", "2024-02")
    datetime.date(2024, 2, 29)
    """
    if not is_partial_date(text):
        return parse_date(column, text, latest=latest)
    first = parse_date(column, f"{text}-01", latest=latest)
    return first.replace(day=calendar.monthrange(first.year, first.month)[1])


def is_partial_date(text: str) -> bool:
    """Whether a date has no day."""
    return _MONTH.fullmatch(text) is not None


def parse_flag(column: str, text: str) -> bool:
    """Read true or false (also yes, no, 1, 0, in any case); empty is false."""
    if text.lower() in _TRUE:
        return True
    if text.lower() in _FALSE:
        return False
    raise InputError(f"{column}: {text!r} is neither true nor false")


def parse_code(column: str, text: str, codes: type[Code]) -> Code:
    """Read one of the codes of an enumeration."""
    try:
        return codes(text)
    except ValueError:
        allowed = ", ".join(code.value for code in codes)
        raise InputError(f"{column}: {text!r} is not one of {allowed}") from None


def parse_number(column: str, text: str) -> Decimal:
    """Read a decimal number, every digit kept.

    Examples
    --------
    >>> parse_number("density_hu", "-12.50")
    Decimal('-12.50')
    """
    if not _NUMBER.fullmatch(text):
        raise InputError(f"{column}: {text[:40]!r} is not a number (decimals with a point)")
    number = Decimal(text)
    exponent = number.as_tuple().exponent
    if isinstance(exponent, int) and (-exponent > MAX_DECIMALS or number.adjusted() > MAX_DECIMALS):
        raise InputError(f"{column}: {text[:40]!r} has too many digits to be a measurement")
    return number


def parse_amount(column: str, text: str) -> Decimal:
    """Read a number that is not negative, in whatever unit."""
    amount = parse_number(column, text)
    if amount < 0:
        raise InputError(f"{column}: {text} is below 0")
    return amount


def parse_density(column: str, text: str) -> Decimal:
    """Read a mean density on CT in Hounsfield units.

    Examples
    --------
    >>> parse_density("density_hu", "-12.50")
    Decimal('-12.50')
    """
    density = parse_number(column, text)
    if not LEAST_HU <= density <= MOST_HU:
        raise InputError(f"{column}: {text} is no density on CT ({LEAST_HU} to {MOST_HU} HU)")
    return density


def parse_count(column: str, text: str) -> Decimal:
    """Read how many there are: a whole number, not negative."""
    count = parse_amount(column, text)
    if count != int(count):
        raise InputError(f"{column}: {text} is not a whole number")
    return count


def parse_length(column: str, text: str) -> Decimal:
    """Read a length of a lesion in millimetres."""
    length = parse_amount(column, text)
    if length > MAX_LENGTH_MM:
        raise InputError(f"{column}: {text} is longer than any lesion ({MAX_LENGTH_MM} mm)")
    return length


def parse_positive(column: str, text: str) -> float:
    """Read a number above 0."""
    try:
        number = float(text)
    except ValueError:
        number = -1.0
    if not 0 < number < float("inf"):
        raise InputError(f"{column}: {text!r} is not a number above 0 (decimals with a point)")
    return number


class Parsed(dict[str, Value]):
    """What the cells of one column say, each different cell parsed once.

    Examples
    --------
    >>> flags = Parsed("node", parse_flag)
    >>> flags[" TRUE "], flags["no"]
    (True, False)
    """

    def __init__(self, column: str, parse: Callable[[str, str], Value]) -> None:
        super().__init__()
        self._column = column
        self._parse = parse

    def __missing__(self, text: str) -> Value:
        value = self._parse(self._column, text.strip())
        if len(self) >= REMEMBERED:
            self.clear()
        self[text] = value
        return value


def optional(parse: Callable[[str, str], Value]) -> Callable[[str, str], Value | None]:
    """Make a parser take an empty cell as ``None``."""
    return lambda column, text: parse(column, text) if text else None


def any_text(column: str, text: str) -> str:
    """Take a cell as it is."""
    return text


def find_wrong_cells(
    cells: Mapping[str, str], parsers: Iterable[tuple[str, Callable[[str, str], object]]]
) -> list[str]:
    """What is wrong with each cell of a row, by the parser of its column.

    Examples
    --------
    >>> row = {"node": "maybe", "suv_max": "-1"}
    >>> for text in find_wrong_cells(row, [("node", parse_flag), ("suv_max", parse_amount)]):
    ...     print(text)
    node: 'maybe' is neither true nor false
    suv_max: -1 is below 0
    """
    wrong = []
    for column, parse in parsers:
        try:
            parse(column, cells.get(column, ""))
        except InputError as error:
            wrong.append(str(error))
    return wrong
