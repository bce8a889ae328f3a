"""Measurements without images from SDTM tables: TU, TR, and RS and DM where they are.

Every row is read before anything is refused, so that all problems of all files are told at once,
by file and row. A measurement table is a reader's word.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from response.errors import ManifestError
from response.ingest.measurement_table import Stream
from response.ingest.sdtm_files import SdtmTables, read_tables
from response.ingest.sdtm_lesions import read_lesions
from response.ingest.sdtm_notes import note_passed_over
from response.ingest.sdtm_qualifiers import add_qualifiers
from response.ingest.sdtm_readings import read_readings
from response.ingest.sdtm_responses import read_responses, read_sums
from response.ingest.sdtm_stream_rows import Origins, StreamRows
from response.ingest.sdtm_subjects import read_subject_dates
from response.ingest.sdtm_visits import Stream as StreamKey
from response.ingest.sdtm_visits import Visits
from response.ingest.stream_checks import check_stream
from response.model import SiteResponse, SubjectFacts

REQUIRED = {
    "TU": ("USUBJID", "TUTESTCD", "TULNKID"),
    "TR": ("USUBJID", "TRTESTCD", "TRLNKID", "TRORRES", "TRDTC"),
    "RS": ("USUBJID", "RSTESTCD"),
    "DM": ("USUBJID",),
}
SURENESS = (("TR", 0), ("TU", 1), ("RS", 2))
"""Whose dates say when a visit was, the surest first."""


@dataclass(frozen=True, slots=True)
class SdtmStudy:
    """What a folder of SDTM tables says.

    ``facts`` are of every subject known, ``dated`` those of DM; ``responses`` are the site's own,
    ``notes`` say what was passed over.
    """

    study: str
    streams: tuple[Stream, ...]
    responses: tuple[SiteResponse, ...]
    facts: Mapping[str, SubjectFacts]
    dated: frozenset[str]
    notes: tuple[str, ...]


def read_sdtm(
    folder: Path,
    *,
    known: Mapping[str, SubjectFacts] | None = None,
    today: dt.date | None = None,
) -> SdtmStudy:
    """Read a folder of SDTM tables, CSV or SAS transport, told apart by their DOMAIN column.

    Parameters
    ----------
    folder
        Several files of one domain are read as one; analysis data sets and other domains are
        passed over and named.
    known
        What is known of subjects already; dates of DM take the place of theirs.
    today
        Deaths after it are refused.

    Raises
    ------
    ManifestError
        Anything wrong in any file, all of it in ``problems``, by file and row.
    """
    tables = read_tables(folder)
    problems = tables.problems
    _check_columns(tables)
    if not problems:
        _check_cells(tables)
    if problems:
        raise _refuse(folder, problems)
    visits, origins = Visits(problems), Origins()
    for domain, rank in SURENESS:
        visits.gather(domain, rank, tables.rows[domain])
    lesions = read_lesions(tables.rows["TU"], visits, problems)
    rows = read_readings(tables.rows["TR"], lesions, visits, origins, problems)
    add_qualifiers(tables.qualifiers["TR"], rows, origins)
    dates = read_subject_dates(tables.rows["DM"], today or dt.date.today(), problems)
    responses = read_responses(tables.rows["RS"], visits, problems)
    responses += read_sums(tables.rows["TR"], visits, problems)
    facts = {name: merge_dates((known or {}).get(name), given) for name, given in dates.items()}
    for name, stored in (known or {}).items():
        facts.setdefault(name, stored)
    streams = _check_streams(rows, facts, origins, problems)
    if problems:
        raise _refuse(folder, problems)
    passed_over = note_passed_over(tables.rows["TR"], responses, lesions, origins)
    notes = [*tables.skipped, *passed_over]
    named = _find_study(tables)
    return SdtmStudy(named, streams, tuple(responses), facts, frozenset(dates), tuple(notes))


def merge_dates(known: SubjectFacts | None, given: SubjectFacts) -> SubjectFacts:
    """Join the dates of DM with what is known of a subject; a date that DM gives counts."""
    if known is None:
        return given
    return replace(
        known,
        treatment_start=given.treatment_start or known.treatment_start,
        death_date=given.death_date or known.death_date,
    )


def _refuse(folder: Path, problems: list[str]) -> ManifestError:
    told = list(dict.fromkeys(problems))
    return ManifestError(f"{folder.name}: {len(told)} problems; nothing was imported", told)


def _check_columns(tables: SdtmTables) -> None:
    told: set[tuple[str, str]] = set()
    for domain, rows in tables.rows.items():
        for row in rows:
            if (domain, row.file) in told:
                continue
            told.add((domain, row.file))
            tables.problems += [
                f"{row.file}: column {name!r} of domain {domain} is missing"
                for name in REQUIRED[domain]
                if name not in row.cells
            ]
    if tables.rows["TR"] and not tables.rows["TU"]:
        tables.problems.append(
            "TR is here without TU, which says what is a target and what a node: add the TU table"
        )


def _check_cells(tables: SdtmTables) -> None:
    for rows in tables.rows.values():
        tables.problems += [f"{row.where}: USUBJID is empty" for row in rows if not row["USUBJID"]]


def _find_study(tables: SdtmTables) -> str:
    """The study that the tables name; empty where they name none, or several."""
    named = {row["STUDYID"] for rows in tables.rows.values() for row in rows if row["STUDYID"]}
    return named.pop() if len(named) == 1 else ""


def _check_streams(
    rows: Mapping[StreamKey, StreamRows],
    facts: Mapping[str, SubjectFacts],
    origins: Origins,
    problems: list[str],
) -> tuple[Stream, ...]:
    made = []
    for (subject, reader), read in sorted(rows.items()):
        known = facts.get(subject) or SubjectFacts(subject)
        checked, found = check_stream(read.rows, known.treatment_start)
        problems += [f"{origins.where(number)}: {text}" for number, text in found]
        points = sorted(read.points.values(), key=lambda one: (one.date, one.time_point))
        made.append(Stream(subject, reader, known, checked, tuple(points)))
    return tuple(made)
