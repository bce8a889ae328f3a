"""The responses that a site gave: the RS domain, and the sums of diameters of TR.

They are kept and compared, never taken for what is derived here.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from response.ingest.sdtm_files import SdtmRow
from response.ingest.sdtm_results import NOT_DONE, read_result
from response.ingest.sdtm_terms import (
    BEST,
    NEW_IND,
    NON_TARGET_TEST,
    OVERALL,
    RESPONSE_CODES,
    SUM,
    TARGET_TEST,
    plain,
)
from response.ingest.sdtm_visits import Visits, read_reader
from response.model import SiteResponse

CODED = (OVERALL, TARGET_TEST, NON_TARGET_TEST, BEST)

_BY_LETTERS = {code.upper(): code for code in sorted(RESPONSE_CODES)}


def read_responses(
    rows: Iterable[SdtmRow], visits: Visits, problems: list[str]
) -> list[SiteResponse]:
    """Read RS, of whatever category; what is wrong goes to ``problems``."""
    found = []
    for row in rows:
        test = plain(row["RSTESTCD"])
        value = row["RSSTRESC"] or row["RSORRES"]
        if plain(row["RSSTAT"]) == NOT_DONE and not value:
            value = "ND" if test == OVERALL else ""
        if not test or not value:
            if not test:
                problems.append(f"{_where(row)}RSTESTCD is empty: name the response, as {OVERALL}")
            continue
        if test in CODED:
            if value.upper() not in _BY_LETTERS:
                column = "RSSTRESC" if row["RSSTRESC"] else "RSORRES"
                known = ", ".join(sorted(RESPONSE_CODES))
                problems.append(f"{_where(row)}{column} is {value!r}: one of {known}")
                continue
            value = value if value in RESPONSE_CODES else _BY_LETTERS[value.upper()]
        elif test == NEW_IND and value not in ("Y", "N"):
            problems.append(f"{_where(row)}{test} is {value!r}: Y or N")
            continue
        found.append(_make(row, "RS", visits, row["RSCAT"], test, value))
    return list(dict.fromkeys(found))


def read_sums(rows: Iterable[SdtmRow], visits: Visits, problems: list[str]) -> list[SiteResponse]:
    """Read the sums of diameters that TR gives, in mm."""
    found = []
    for row in rows:
        if plain(row["TRTESTCD"]) != SUM or plain(row["TRGRPID"]) in ("NON-TARGET", "NEW"):
            continue
        try:
            number = read_result(row).number
        except ValueError as error:
            problems.append(f"{_where(row)}{error}")
            continue
        if number is not None:
            found.append(_make(row, "TR", visits, "", SUM, format(number, "f")))
    return list(dict.fromkeys(found))


def _where(row: SdtmRow) -> str:
    visit = row["VISIT"] or row["VISITNUM"]
    named = f", time point {visit}" if visit else ""
    return f"{row.where}: subject {row['USUBJID']}{named}: "


def _make(
    row: SdtmRow, domain: str, visits: Visits, category: str, test: str, value: str
) -> SiteResponse:
    return SiteResponse(
        row["USUBJID"],
        read_reader(row, domain),
        "" if test == BEST else visits.name(row, domain),
        _date(row[f"{domain}DTC"]),
        category,
        test,
        value,
    )


def _date(text: str) -> dt.date | None:
    """A whole date; a partial one says too little to be kept as one."""
    try:
        return dt.date.fromisoformat(text.partition("T")[0])
    except ValueError:
        return None
