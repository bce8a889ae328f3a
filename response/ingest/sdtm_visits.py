"""Time points of the tumour domains: what a visit is called, and when it was.

A visit's scans may lie on several days: it is dated by the first, and the last is kept. Scans that
were not performed have no date (SDTMIG 3.4, TRDTC); the visit's other rows, of other readers too,
say it then.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from response.ingest.sdtm_files import SdtmRow
from response.ingest.table_cells import is_partial_date, parse_partial_date
from response.model import AssessedTimePoint, Reader
from response.noted import LAST_SCAN_DATE, PARTIAL_DATE

LONGEST_VISIT_DAYS = 28
"""Scans further apart are no one time point; ours."""

VISIT_NUMBER = "visit_number"
"""The fact of a time point that keeps its number in the site's schedule."""

Stream = tuple[str, Reader]
"""A subject and a reader."""


def read_reader(row: SdtmRow, domain: str) -> Reader:
    """Whose word a row is; an empty evaluator is the investigator (SDTMIG 3.4, TUEVAL)."""
    return Reader(row[f"{domain}EVAL"].upper() or Reader().evaluator, row[f"{domain}EVALID"])


@dataclass(slots=True)
class Visits:
    """The visits of a submission, gathered from all its rows."""

    problems: list[str]
    _numbers: dict[tuple[str, str], set[str]] = field(default_factory=dict)
    _dates: dict[tuple[str, str, Reader], dict[int, dict[str, SdtmRow]]] = field(
        default_factory=dict
    )
    _known: dict[tuple[str, str, Reader], AssessedTimePoint | None] = field(default_factory=dict)

    def gather(self, domain: str, rank: int, rows: Iterable[SdtmRow]) -> None:
        """Take up the visits and dates of a domain's rows; of a lower ``rank``, the surer word."""
        rows = list(rows)
        for row in rows:
            if row["VISIT"] and domain != "RS":
                numbers = self._numbers.setdefault((row["USUBJID"], row["VISIT"]), set())
                numbers.add(_whole(row["VISITNUM"]))
        for row in rows:
            date, name = _day(row, domain), self.name(row, domain)
            if not date or not name:
                continue
            key = (row["USUBJID"], name, read_reader(row, domain))
            self._dates.setdefault(key, {}).setdefault(rank, {}).setdefault(date, row)

    def name(self, row: SdtmRow, domain: str) -> str:
        """The name of a row's time point: VISIT, else VISITNUM, else its date; may be empty."""
        visit, number = row["VISIT"], _whole(row["VISITNUM"])
        if not visit:
            return number or _day(row, domain)
        numbers = self._numbers.get((row["USUBJID"], visit), set()) - {""}
        return f"{visit} ({number})" if len(numbers) > 1 and number else visit

    def place(self, row: SdtmRow, domain: str) -> AssessedTimePoint | None:
        """The time point of a row with its date; ``None``, and reported, if it has none."""
        subject, name, reader = row["USUBJID"], self.name(row, domain), read_reader(row, domain)
        if not name:
            self.problems.append(
                f"{row.where}: subject {subject}: VISIT, VISITNUM and {domain}DTC are all empty: "
                "one of them has to say when this was"
            )
            return None
        key = (subject, name, reader)
        if key not in self._known:
            self._known[key] = self._date(key, row, domain)
        return self._known[key]

    def _date(
        self, key: tuple[str, str, Reader], row: SdtmRow, domain: str
    ) -> AssessedTimePoint | None:
        subject, name, _reader = key
        where = f"{row.where}: subject {subject}, time point {name}"
        found = self._find_dates(key)
        if not found:
            self.problems.append(
                f"{where}: {domain}DTC is empty in all rows of this visit: give its date"
            )
            return None
        days: dict[dt.date, str] = {}
        for text, source in found.items():
            try:
                days[parse_partial_date(_date_column(source), text)] = text
            except ValueError as error:
                self.problems.append(f"{source.where}: subject {subject}: {error}")
        whole = {day: text for day, text in days.items() if not is_partial_date(text)} or days
        if not whole:
            return None
        first, last = min(whole), max(whole)
        if (last - first).days > LONGEST_VISIT_DAYS:
            column = _date_column(found[whole[last]])
            self.problems.append(
                f"{where}: {column} goes from {first} to {last}: over {LONGEST_VISIT_DAYS} days "
                "are no one time point; name the visits apart"
            )
            return None
        facts = {VISIT_NUMBER: _whole(row["VISITNUM"])} if row["VISITNUM"] else {}
        if last != first:
            facts[LAST_SCAN_DATE] = last.isoformat()
        if is_partial_date(whole[first]):
            facts[PARTIAL_DATE] = whole[first]
        return AssessedTimePoint(name, first, facts=facts)

    def _find_dates(self, key: tuple[str, str, Reader]) -> Mapping[str, SdtmRow]:
        """The dates of a visit: of this reader's surest rows, else of any reader's."""
        own = self._dates.get(key)
        if own:
            return own[min(own)]
        others = [
            dates
            for (subject, name, _reader), dates in self._dates.items()
            if (subject, name) == key[:2]
        ]
        best = min((min(dates) for dates in others), default=0)
        return {t: row for dates in others for t, row in dates.get(best, {}).items()}


def _date_column(row: SdtmRow) -> str:
    return f"{row['DOMAIN'].upper()}DTC"


def _day(row: SdtmRow, domain: str) -> str:
    return row[f"{domain}DTC"].partition("T")[0]


def _whole(number: str) -> str:
    """A visit number without needless decimals.

    Examples
    --------
    >>> _whole("2.0"), _whole("9.2"), _whole("")
    ('2', '9.2', '')
    """
    whole, _, rest = number.partition(".")
    return whole if rest.strip("0") == "" else number.rstrip("0")
