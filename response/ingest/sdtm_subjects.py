"""The DM domain: when treatment began, and death."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable
from functools import partial

from response.ingest.sdtm_files import SdtmRow
from response.ingest.table_cells import parse_date, parse_partial_date
from response.model import SubjectFacts

STARTS = ("RFXSTDTC", "RFSTDTC")
"""First exposure; else the sponsor's reference start (SDTMIG 3.4, DM)."""


def read_subject_dates(
    rows: Iterable[SdtmRow], today: dt.date, problems: list[str]
) -> dict[str, SubjectFacts]:
    """Read DM: dates by subject; what is wrong goes to ``problems``."""
    facts: dict[str, SubjectFacts] = {}
    for row in rows:
        subject = row["USUBJID"]
        column = next((name for name in STARTS if row[name]), STARTS[0])
        start = _read(row, column, parse_date, problems)
        death = _read(row, "DTHDTC", partial(parse_partial_date, latest=today), problems)
        made = SubjectFacts(subject, treatment_start=start, death_date=death)
        if facts.setdefault(subject, made) != made:
            problems.append(f"{_where(row)}is there twice, with other dates")
    return facts


def _where(row: SdtmRow) -> str:
    return f"{row.where}: subject {row['USUBJID']}: "


def _read(
    row: SdtmRow, column: str, parse: Callable[[str, str], dt.date], problems: list[str]
) -> dt.date | None:
    text = row[column].partition("T")[0]
    if not text:
        return None
    try:
        return parse(column, text)
    except ValueError as error:
        problems.append(f"{_where(row)}{error}")
        return None
