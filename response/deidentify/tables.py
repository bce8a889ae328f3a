"""De-identified copies of manifests, ``lesions.csv`` and ``subjects.csv``.

Cells are written anew by what their column means; what is not of that meaning becomes a plain word
that the reader of the table refuses, with the row, as it would have refused the cell.
"""

from __future__ import annotations

import csv
import datetime as dt
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from response.deidentify.pseudonyms import Pseudonyms, is_pseudonym
from response.deidentify.words import clean_words, is_clean
from response.errors import InputError
from response.ingest.csv_table import refuse
from response.ingest.files import find_file
from response.ingest.manifest import OPTIONAL, REQUIRED
from response.ingest.tables import LESION_COLUMNS, SUBJECT_COLUMNS
from response.terms import LesionState, Role

_DATES = {
    "date",
    "treatment_start",
    "randomisation",
    "new_therapy_date",
    "death_date",
    "last_contact_date",
}
_CODES = {"modality", "node", "role", "state", "marks_complete", "sex", "evaluator", "units"}
_KNOWN_CODES = {
    *(role.value for role in Role),
    *(state.value for state in LesionState),
    *("CT", "MR", "MRI", "PT", "PET", "TRUE", "FALSE", "YES", "NO", "0", "1", "F", "M", "O"),
    *("INVESTIGATOR", "INDEPENDENT ASSESSOR"),
    *("SUV", "SUVBW", "G/ML", "GML", "BQML", "BQ/ML", "KBQ/ML", "CNTS", "HU"),
}
_NUMBERS = {
    "label",
    "slice_thickness_mm",
    "weight_kg",
    "height_cm",
    "uptake_minutes",
    "injected_mbq",
}
_FILES = {"image", "mask"}
_COLUMNS = {*REQUIRED, *OPTIONAL, *SUBJECT_COLUMNS, *LESION_COLUMNS, "label"}

_SUFFIXES = (".nii.gz", ".nii", ".nrrd", ".mha", ".mhd", ".nhdr", ".hdr", ".img", ".dcm")


@dataclass(slots=True)
class Tables:
    """Copies tables of one run; images get numbers, the same file the same number.

    ``patients`` collects the original numbers of patients, for as long as the run lasts.
    """

    names: Pseudonyms
    today: dt.date
    folder: Path
    root: Path | None = None
    patients: set[str] = field(default_factory=set)
    _numbers: dict[str, str] = field(default_factory=dict)

    def copy(self, path: Path, target: Path) -> None:
        """Write the de-identified copy of a table.

        Raises
        ------
        ManifestError
            It is not a CSV.
        """
        try:
            with path.open(encoding="utf-8-sig", newline="") as text:
                rows = list(csv.reader(text, strict=True))
        except UnicodeDecodeError:
            raise refuse(target.name, "not a CSV (not UTF-8 text); save it as UTF-8") from None
        except csv.Error:
            raise refuse(target.name, "not a CSV") from None
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("w", encoding="utf-8", newline="") as text:
            csv.writer(text).writerows(self._rewrite(rows, path.parent, target.parent))

    def _rewrite(self, rows: list[list[str]], source: Path, into: Path) -> list[list[str]]:
        if not rows:
            return []
        given = [cell.strip() for cell in rows[0]]
        if len(given) == 1 and ";" in given[0]:
            return [["subject;date"]]
        header = [
            name if name in _COLUMNS else f"column {place}"
            for place, name in enumerate(given, start=1)
        ]
        ways = [self._choose_way(name, source, into) for name in header]
        patient_at = header.index("subject") if "subject" in header else -1
        return [header, *(self._rewrite_row(cells, ways, patient_at) for cells in rows[1:])]

    def _rewrite_row(
        self, cells: list[str], ways: list[Callable[[str, str], str]], patient_at: int
    ) -> list[str]:
        patient = cells[patient_at].strip() if 0 <= patient_at < len(cells) else ""
        self.patients.add(patient)
        made = [
            way(cell.strip(), patient) if cell.strip() else ""
            for cell, way in zip(cells, ways, strict=False)
        ]
        return made + ["more"] * (len(cells) - len(ways))

    def _choose_way(self, column: str, source: Path, into: Path) -> Callable[[str, str], str]:
        if column == "subject":
            return lambda cell, _patient: self.names.subject(cell)
        if column == "evaluator_id":
            return lambda cell, _patient: self.names.reader(cell)
        if column in _DATES:
            return lambda cell, patient: self._shift(cell, patient, scan=column == "date")
        if column in _CODES:
            return lambda cell, _patient: cell if cell.upper() in _KNOWN_CODES else "unknown"
        if column in _NUMBERS:
            return lambda cell, _patient: cell if _is_number(cell) else "not-a-number"
        if column in _FILES:
            return lambda cell, _patient: self._link(cell, source, into)
        if column == "note":
            return lambda cell, _patient: clean_words(cell)
        return self._keep_words

    def _keep_words(self, cell: str, patient: str) -> str:
        """Keep known words; a date, which names a time point of DICOM, is moved as dates are."""
        moved = self._shift(cell, patient, scan=True)
        if moved != "not-a-date":
            return moved
        return cell if is_clean(cell) else self.names.text(cell)

    def _shift(self, cell: str, patient: str, *, scan: bool) -> str:
        try:
            date = dt.date.fromisoformat(cell)
            if len(cell) != len("2025-01-01"):
                return "not-a-date"
            if scan and date > self.today and not is_pseudonym(patient):
                return "9999-12-31"
            return str(self.names.shift(date, patient))
        except (ValueError, OverflowError):
            return "not-a-date"

    def _link(self, cell: str, source: Path, into: Path) -> str:
        """Put a file beside the copied table under its number; no file if it may not be read."""
        if cell.lower() == "none-seen":
            return cell
        try:
            path = find_file(cell, source, self.root)
        except InputError as error:
            outside = "leaves" in str(error)
            return f"{'../' if outside else ''}file-{self._number(cell, 'missing')}"
        name = self._number(str(path), _find_suffix(path))
        target = into / name
        if not target.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            try:
                os.link(path, target)
            except OSError:  # another file system
                shutil.copyfile(path, target)
        return name

    def _number(self, key: str, suffix: str) -> str:
        return self._numbers.setdefault(key, f"{len(self._numbers) + 1:06}{suffix}")


def _find_suffix(path: Path) -> str:
    name = path.name.lower()
    return next((suffix for suffix in _SUFFIXES if name.endswith(suffix)), ".bin")


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True
