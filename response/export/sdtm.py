"""``export sdtm``: TU, TR and RS with their supplemental qualifiers, as CSV and SAS transport.

From tracked images and from imported tables alike. Probabilities never appear here.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from response.export import sdtm_variables as variables
from response.export.csv import write_rows
from response.export.datasets import Dataset, Row, Value, write_datasets
from response.export.sdtm_lesions import Rows, add_identifications, add_results
from response.export.sdtm_responses import add_responses, count_provisional
from response.export.study import Study

REFERENCE_DATES = "dm_reference.csv"


@dataclass(frozen=True, slots=True)
class SdtmExport:
    """What was written, and what a person has to know about it."""

    paths: tuple[Path, ...]
    notes: tuple[str, ...]


def export_sdtm(study: Study, out: Path) -> SdtmExport:
    """Write the tumour domains of a study into a folder.

    Beside them ``dm_reference.csv`` holds the dates that study days refer to, so that the tables
    can be read again; it is no DM for submission. Domains without rows are not written.
    """
    tables = {"TU": Rows(), "TR": Rows(), "RS": Rows()}
    for stream in study.streams:
        add_identifications(stream, tables["TU"])
        add_results(stream, tables["TR"])
        add_responses(stream, tables["RS"])
    datasets: list[Dataset] = []
    for domain, rows in tables.items():
        datasets += _finish(study.study, domain, rows)
    paths = write_datasets(out, [one for one in datasets if one.rows])
    _write_reference_dates(out / REFERENCE_DATES, study)
    return SdtmExport((*paths, out / REFERENCE_DATES), tuple(_note(study)))


def _finish(study: str, domain: str, made: Rows) -> Iterable[Dataset]:
    """Number the rows of a domain within each subject, and lay their qualifiers beside them."""
    numbers: dict[Value, int] = {}
    rows: list[Row] = []
    supplements: list[Row] = []
    made.rows.sort(key=lambda one: str(one[0]["USUBJID"]))
    for row, qualifiers in made.rows:
        subject = row["USUBJID"]
        number = numbers[subject] = numbers.get(subject, 0) + 1
        rows.append({"STUDYID": study, f"{domain}SEQ": number, **row})
        supplements += [
            {
                "STUDYID": study,
                "RDOMAIN": domain,
                "USUBJID": subject,
                "IDVAR": f"{domain}SEQ",
                "IDVARVAL": str(number),
                "QNAM": one.name,
                "QLABEL": one.label,
                "QVAL": one.value,
                "QORIG": "Derived",
            }
            for one in qualifiers
        ]
    columns = {"TU": variables.TU, "TR": variables.TR, "RS": variables.RS}[domain]
    yield Dataset(domain, variables.LABELS[domain], columns, tuple(rows))
    supplement = f"SUPP{domain}"
    yield Dataset(supplement, variables.LABELS[supplement], variables.SUPP, tuple(supplements))


def _write_reference_dates(path: Path, study: Study) -> None:
    subjects = {one.subject.subject: one.subject.facts for one in study.streams}
    rows: list[dict[str, object]] = [
        {
            "STUDYID": study.study,
            "DOMAIN": "DM",
            "USUBJID": name,
            "RFSTDTC": facts.treatment_start,
            "RFXSTDTC": facts.treatment_start,
            "DTHDTC": facts.death_date,
            "DTHFL": "Y" if facts.death_date else "",
        }
        for name, facts in sorted(subjects.items())
    ]
    write_rows(path, variables.DM_COLUMNS, rows)


def _note(study: Study) -> Iterable[str]:
    counts: Sequence[tuple[int, int]] = [count_provisional(one) for one in study.streams]
    provisional, total = sum(c[0] for c in counts), sum(c[1] for c in counts)
    if provisional:
        yield (
            f"{provisional} of {total} responses are provisional: their RSCAT ends in PROVISIONAL, "
            "SUPPRS and SUPPTR say why (RSPROV, TRPROV, TPPROV)"
        )
    if any(one.subject.facts.treatment_start is None for one in study.streams):
        yield "study days are empty where the start of treatment is not known"
